import { _t } from "@web/core/l10n/translation";
import { browser } from "@web/core/browser/browser";
import { useService } from "@web/core/utils/hooks";
import { parseFloat } from "@web/views/fields/parsers";
import { useEffect } from "@odoo/owl";

const NUMBERS = ["float", "monetary", "integer"];

/** Columns that say how far lines are: Enter walks down them and never adds a line. */
const WALKED = [
    "completed_percent",
    "pending_amount",
    "pending_quantity",
    "stored_amount",
    "total_completed_percent",
    "quantity",
    "amount",
    "certified_amount",
];

/** Where a line is billed by quantity its amount follows: who clicks on the amount types the quantity. */
const TYPED_INSTEAD = {
    amount: "quantity",
    pending_amount: "pending_quantity",
    original_amount: "original_quantity",
};

/**
 * The numbers of a column copied from a spreadsheet, read as the user's language writes them.
 *
 * @param {string} text what was copied: one row a line, the first column counts
 * @returns {Array<number|null>} null for an empty cell
 */
export function readColumn(text) {
    const rows = text.replace(/\r/g, "").replace(/\n+$/, "").split("\n");
    return rows.map((row) => {
        const cell = row.split("\t")[0].replace("%", "").trim();
        return cell ? parseFloat(cell) : null;
    });
}

/**
 * A list that is typed into as into a spreadsheet: Enter goes down the column, Tab along the row, what cannot be
 * typed looks it, a pasted column fills the cells downwards, and columns show themselves where lines use them.
 *
 * @param {typeof import("@web/views/list/list_renderer").ListRenderer} Renderer
 */
export const progressSheet = (Renderer) =>
    class extends Renderer {
        setup() {
            super.setup();
            this.notification = useService("notification");
            this.tabColumn = null;
            this.clicked = false;
            useEffect(
                (el) => {
                    const onPaste = (ev) => this.onPasteColumn(ev);
                    el?.addEventListener("paste", onPaste, true);
                    return () => el?.removeEventListener("paste", onPaste, true);
                },
                () => [this.rootRef.el]
            );
        }

        // === COLUMNS THAT ARE USED === //

        get hiddenColumnsKey() {
            return `progress_hidden,${this.keyOptionalFields}`;
        }

        /** Columns this user has hidden although lines use them. */
        get hiddenColumns() {
            return (browser.localStorage.getItem(this.hiddenColumnsKey) || "").split(",").filter(Boolean);
        }

        /** Whether a line holds what the column is for: all values of ``options="{'used': {'billing_base': 'quantity'}}"``. */
        isUsed(column) {
            const used = Object.entries(column.options?.used || {});
            const holds = ({ data }) => used.every(([name, value]) => (value === true ? data[name] : data[name] === value));
            return used.length > 0 && this.props.list.records.some(holds);
        }

        computeOptionalActiveFields() {
            const active = super.computeOptionalActiveFields();
            const hidden = this.hiddenColumns;
            this.shownByUse = this.allColumns
                .filter((column) => column.optional && !active[column.name])
                .filter((column) => !hidden.includes(column.name) && this.isUsed(column))
                .map((column) => column.name);
            for (const name of this.shownByUse) {
                active[name] = true;
            }
            return active;
        }

        async toggleOptionalField(name) {
            const hidden = this.hiddenColumns.filter((other) => other !== name);
            if (this.shownByUse.includes(name)) {
                hidden.push(name);
            }
            browser.localStorage.setItem(this.hiddenColumnsKey, hidden);
            return super.toggleOptionalField(name);
        }

        /** What shows itself here does not become this user's choice for every contract. */
        saveOptionalActiveFields() {
            const shown = this.shownByUse.filter((name) => this.optionalActiveFields[name]);
            for (const name of shown) {
                this.optionalActiveFields[name] = false;
            }
            super.saveOptionalActiveFields(...arguments);
            for (const name of shown) {
                this.optionalActiveFields[name] = true;
            }
        }

        // === WHAT CANNOT BE TYPED === //

        isHeading(record) {
            return Boolean(record.data.display_type);
        }

        /** Whether a cell is closed on this line, in a column that others type into. */
        isClosedCell(column, record) {
            return (
                this.props.editable &&
                column.type === "field" &&
                column.readonly &&
                !["1", "True", "true"].includes(column.readonly) &&
                NUMBERS.includes(this.fields[column.name].type) &&
                !this.isHeading(record) &&
                !this.evalInvisible(column.invisible, record) &&
                this.isCellReadonly(column, record)
            );
        }

        getCellClass(column, record) {
            const classNames = super.getCellClass(column, record);
            return this.isClosedCell(column, record) ? `${classNames} o_progress_closed_cell` : classNames;
        }

        async onCellClicked(record, column) {
            this.tabColumn = null;
            this.clicked = true;
            return super.onCellClicked(...arguments);
        }

        /** A click on a number that cannot be typed does not put the cursor into another one. */
        focusCell(column) {
            const clicked = this.clicked;
            this.clicked = false;
            if (
                clicked &&
                column?.type === "field" &&
                NUMBERS.includes(this.fields[column.name].type) &&
                this.isCellReadonly(column, this.editedRecord)
            ) {
                const name = TYPED_INSTEAD[column.name];
                const instead = this.columns.find((candidate) => candidate.name === name);
                if (instead && !this.isCellReadonly(instead, this.editedRecord)) {
                    super.focusCell(instead);
                }
                return;
            }
            super.focusCell(...arguments);
        }

        // === KEYS === //

        onCellKeydownEditMode(hotkey, cell, group, record) {
            this.clicked = false;
            if (group || !record || (record.selected && this.props.list.model.multiEdit)) {
                return super.onCellKeydownEditMode(...arguments);
            }
            const column = this.columns.find((candidate) => candidate.name === cell.getAttribute("name"));
            if (["enter", "shift+enter"].includes(hotkey) && column) {
                const walked = this.tabColumn || column;
                this.tabColumn = null;
                return this.walkColumn(walked, cell, record, hotkey === "enter" ? 1 : -1);
            }
            if (hotkey === "tab") {
                this.tabColumn = this.tabColumn || column || null;
                if (!this.findNextFocusableOnRow(cell.parentElement, cell)) {
                    return this.walkRows(...arguments);
                }
            }
            return super.onCellKeydownEditMode(...arguments);
        }

        /** Enter: the same column of the next line that can be typed into. */
        walkColumn(column, cell, record, step) {
            const { records } = this.props.list;
            let index = records.indexOf(record) + step;
            while (records[index] && !this.canWalkTo(column, records[index])) {
                index += step;
            }
            if (records[index]) {
                this.enterCell(records[index], column);
            } else if (step > 0 && record.isNew && !WALKED.includes(column.name) && !this.isBlank(record)) {
                this.editNextRecord(record, null);
            } else {
                this.props.list.leaveEditMode();
                this.focus(cell);
            }
            return true;
        }

        /** Tab at the end of a row: the next line's first cell; no line is added after one that was there before. */
        walkRows(hotkey, cell, group, record) {
            this.tabColumn = null;
            const { list } = this.props;
            const next = list.records.slice(list.records.indexOf(record) + 1).find((other) => !this.isHeading(other));
            if (next) {
                this.enterCell(next, null);
                return true;
            }
            if (record.isNew && !this.isBlank(record)) {
                return super.onCellKeydownEditMode(hotkey, cell, group, record);
            }
            list.leaveEditMode();
            return false;
        }

        isBlank(record) {
            return record.isNew && !record.dirty && !this.lastIsDirty;
        }

        canWalkTo(column, record) {
            return (
                !this.isHeading(record) &&
                !this.isCellReadonly(column, record) &&
                !this.evalInvisible(column.invisible, record)
            );
        }

        async enterCell(record, column) {
            const { list } = this.props;
            if (await list.leaveEditMode({ validate: true })) {
                await list.enterEditMode(record);
                this.cellToFocus = { column: column || this.columns[0], record, forward: true };
            }
        }

        // === PASTE === //

        async onPasteColumn(ev) {
            const text = ev.clipboardData?.getData("text/plain") || "";
            const name = ev.target.closest("td.o_data_cell")?.getAttribute("name");
            const rowId = ev.target.closest("tr.o_data_row")?.dataset.id;
            const column = this.columns.find((candidate) => candidate.name === name);
            if (!text.trim().includes("\n") || !column || !NUMBERS.includes(this.props.list.fields[name]?.type)) {
                return;
            }
            ev.preventDefault();
            ev.stopPropagation();
            let values;
            try {
                values = readColumn(text);
            } catch {
                this.notification.add(_t("What you pasted holds a cell that is not a number. Nothing was changed."), {
                    type: "danger",
                });
                return;
            }
            await this.fillColumn(column, rowId, values);
        }

        async fillColumn(column, rowId, values) {
            const { list } = this.props;
            const start = list.records.findIndex((record) => record.id === rowId);
            const targets = list.records.slice(start).filter((record) => !this.isHeading(record));
            await list.leaveEditMode({ canAbandon: false });
            let filled = 0;
            for (const [index, record] of targets.entries()) {
                if (index >= values.length) {
                    break;
                }
                if (values[index] === null || this.isCellReadonly(column, record)) {
                    continue;
                }
                await record.update({ [column.name]: values[index] });
                filled++;
            }
            const left = values.length - targets.length;
            this.notification.add(
                left > 0
                    ? _t("%(filled)s lines filled in; %(left)s values were left over.", { filled, left })
                    : _t("%s lines filled in.", filled),
                { type: left > 0 ? "warning" : "success" }
            );
        }
    };
