import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { Component, onMounted, useState } from "@odoo/owl";

/** A long billing run in steps: a bar shows how far it is, and it can be stopped between two of them. */
export class ProgressRunAction extends Component {
    static template = "progress_billing.RunAction";
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        const { contract_ids: ids } = this.props.action.params;
        this.state = useState({ done: 0, total: ids.length, billIds: [], skipped: [], stopped: false, finished: false });
        onMounted(() => this.run());
    }

    get percent() {
        return Math.round((100 * this.state.done) / (this.state.total || 1));
    }

    async run() {
        const { contract_ids: ids, date, step } = this.props.action.params;
        while (this.state.done < ids.length && !this.state.stopped) {
            const part = ids.slice(this.state.done, this.state.done + step);
            const result = await this.orm.call("progress.contract", "run_billing_step", [part, date]);
            this.state.billIds.push(...result.bill_ids);
            this.state.skipped.push(...result.skipped);
            this.state.done += part.length;
        }
        this.state.finished = true;
    }

    stop() {
        this.state.stopped = true;
    }

    show() {
        this.action.doAction({
            type: "ir.actions.act_window",
            name: _t("Bills Made"),
            res_model: "progress.bill",
            views: [
                [false, "list"],
                [false, "form"],
            ],
            domain: [["id", "in", [...this.state.billIds]]],
        });
    }

    close() {
        this.action.doAction({ type: "ir.actions.act_window_close" });
    }
}

registry.category("actions").add("progress_billing.run", ProgressRunAction);
