import {
    SectionAndNoteFieldOne2Many,
    SectionAndNoteListRenderer,
    sectionAndNoteFieldOne2Many,
} from "@account/components/section_and_note_fields_backend/section_and_note_fields_backend";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { parseFloat } from "@web/views/fields/parsers";
import { useEffect } from "@odoo/owl";

const NUMBERS = ["float", "monetary", "integer"];

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

/** A schedule of values: a column pasted from a spreadsheet fills the column from the cell at hand downwards. */
export class ProgressLinesListRenderer extends SectionAndNoteListRenderer {
    setup() {
        super.setup();
        this.notification = useService("notification");
        useEffect(
            (el) => {
                const onPaste = (ev) => this.onPasteColumn(ev);
                el?.addEventListener("paste", onPaste, true);
                return () => el?.removeEventListener("paste", onPaste, true);
            },
            () => [this.rootRef.el]
        );
    }

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
        const targets = list.records.slice(start).filter((record) => !this.isSectionOrNote(record));
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
}

export class ProgressLinesField extends SectionAndNoteFieldOne2Many {
    static components = { ...SectionAndNoteFieldOne2Many.components, ListRenderer: ProgressLinesListRenderer };
}

export const progressLinesField = { ...sectionAndNoteFieldOne2Many, component: ProgressLinesField };

registry.category("fields").add("progress_lines_one2many", progressLinesField);
