import { _t } from "@web/core/l10n/translation";
import { getCurrency } from "@web/core/currency";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { KeepLast } from "@web/core/utils/concurrency";
import { useDebounced } from "@web/core/utils/timing";
import { formatFloat, formatFloatTime, formatMonetary } from "@web/views/fields/formatters";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";

const MODEL = "progress.bill.create";
const PAGE = 80;

/**
 * Hours, expenses and products to tick. The server keeps what is ticked and gives pages and groups: a form never
 * carries the ids of thousands of entries.
 */
export class ProgressEntryPicker extends Component {
    static template = "progress_billing_timesheet.EntryPicker";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.state = useState({
            tab: "time",
            groupBy: "employee_id",
            shown: "all",
            search: "",
            groups: [],
            rows: {},
            orderLines: [],
            loading: true,
        });
        this.tabs = [
            ["time", _t("Time")],
            ["expense", _t("Expenses")],
            ["product", _t("Products")],
        ];
        this.groupings = [
            ["employee_id", _t("Employee")],
            ["task_id", _t("Task")],
            ["date:month", _t("Month")],
            ["project_id", _t("Project")],
            ["", _t("No groups")],
        ];
        this.filters = [
            ["all", _t("All")],
            ["ticked", _t("Ticked")],
            ["open", _t("Not ticked")],
            ["no_rate", _t("Without a rate")],
            ["non_billable", _t("Non-billable")],
        ];
        this.searchLater = useDebounced(() => this.reload(), 300);
        onWillStart(() => this.reload());
        onWillUpdateProps((next) => this.onNextRecord(next));
    }

    get id() {
        return this.props.record.resId;
    }

    get currencyId() {
        return this.props.record.data.currency_id?.id;
    }

    /** The date decides which entries there are, Update Rates what they are worth. */
    onNextRecord(next) {
        const data = next.record.data;
        const stamp = `${data.date}|${data.total_hours}|${data.total_time_amount}`;
        if (this.stamp && this.stamp !== stamp && !next.record.dirty) {
            this.reload();
        }
        this.stamp = stamp;
    }

    // --- reading ---

    get query() {
        const { groupBy, search, shown } = this.state;
        return { group_by: groupBy || false, search, shown };
    }

    async reload() {
        if (!this.id) {
            return;
        }
        this.state.loading = true;
        if (this.state.tab === "time") {
            const groups = await this.keepLast.add(this.call("read_entry_groups", this.query));
            const open = Object.keys(this.state.rows).filter((name) => groups.some((group) => this.name(group) === name));
            const unfold = groups.length === 1 ? [this.name(groups[0])] : open;
            const rows = {};
            await Promise.all(
                groups
                    .filter((group) => unfold.includes(this.name(group)))
                    .map(async (group) => {
                        const count = Math.max(PAGE, this.state.rows[this.name(group)]?.length || 0);
                        rows[this.name(group)] = await this.readRows(group, 0, count);
                    })
            );
            Object.assign(this.state, { groups, rows, loading: false });
        } else {
            const lines = await this.keepLast.add(this.call("read_order_lines", { kind: this.state.tab }));
            Object.assign(this.state, { orderLines: lines, loading: false });
        }
    }

    readRows(group, offset, limit = PAGE) {
        return this.call("read_entries", { ...this.query, key: group.key, offset, limit });
    }

    call(method, kwargs) {
        return this.orm.call(MODEL, method, [[this.id]], kwargs);
    }

    name(group) {
        return String(group.key);
    }

    async toggle(group) {
        const name = this.name(group);
        if (this.state.rows[name]) {
            delete this.state.rows[name];
        } else {
            this.state.rows[name] = await this.readRows(group, 0);
        }
    }

    async more(group) {
        const rows = this.state.rows[this.name(group)];
        rows.push(...(await this.readRows(group, rows.length)));
    }

    // --- ticking ---

    async tick(kwargs, method = "tick_entries") {
        const record = this.props.record;
        if (record.dirty && !(await record.save({ reload: false }))) {
            return this.reload();
        }
        await this.call(method, kwargs);
        await Promise.all([record.load(), this.reload()]);
    }

    tickRow(row, ticked) {
        return this.tick({ ticked, ids: [row.id] });
    }

    tickGroup(group, ticked) {
        return this.tick({ ...this.query, ticked, key: group.key });
    }

    tickAll(ticked) {
        const { search, shown } = this.state;
        return this.tick({ ticked, search, shown });
    }

    tickLine(line, ticked) {
        return this.tick({ kind: this.state.tab, ticked, ids: [line.id] }, "tick_order_lines");
    }

    tickLines(ticked) {
        const ids = this.state.orderLines.map((line) => line.id);
        return this.tick({ kind: this.state.tab, ticked, ids }, "tick_order_lines");
    }

    // --- choosing what is shown ---

    choose(name, value) {
        this.state[name] = value;
        if (name !== "search") {
            this.state.rows = {};
        }
        return name === "search" ? this.searchLater() : this.reload();
    }

    // --- sums ---

    get all() {
        const sums = { count: 0, hours: 0, value: 0, billable: 0, ticked: 0 };
        for (const group of this.state.groups) {
            for (const name in sums) {
                sums[name] += group[name];
            }
        }
        return sums;
    }

    isTicked(group) {
        return group.billable > 0 && group.ticked >= group.billable;
    }

    isPartly(group) {
        return group.ticked > 0 && group.ticked < group.billable;
    }

    get linesTicked() {
        return this.state.orderLines.length > 0 && this.state.orderLines.every((line) => line.ticked);
    }

    hours(value) {
        return formatFloatTime(value);
    }

    money(value) {
        return formatMonetary(value, { currencyId: this.currencyId });
    }

    number(value) {
        return formatFloat(value, { digits: [16, getCurrency(this.currencyId)?.digits?.[1] ?? 2] });
    }
}

registry.category("view_widgets").add("progress_entry_picker", {
    component: ProgressEntryPicker,
    fieldDependencies: [
        { name: "date", type: "date" },
        { name: "currency_id", type: "many2one" },
        { name: "total_hours", type: "float" },
        { name: "total_time_amount", type: "monetary" },
    ],
});
