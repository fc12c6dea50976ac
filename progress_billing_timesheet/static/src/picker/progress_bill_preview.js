import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { Component } from "@odoo/owl";

/** What the bill will look like. */
export class ProgressBillPreview extends Component {
    static template = "progress_billing_timesheet.BillPreview";
    static props = { ...standardFieldProps };

    get rows() {
        return this.props.record.data[this.props.name] || [];
    }
}

registry.category("fields").add("progress_bill_preview", {
    component: ProgressBillPreview,
    supportedTypes: ["json"],
});
