import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { CharField, charField } from "@web/views/fields/char/char_field";
import { formatMonetary } from "@web/views/fields/formatters";

/**
 * The title of a bill in a list. Under that of a bill which asks for no work of the schedule of values, such as a down
 * payment, stands what it asks for: its other columns are empty.
 */
export class BillTitleField extends CharField {
    static template = "progress_billing.BillTitleField";

    get netDue() {
        const { amount_due, asks_for, bucket, currency_id } = this.props.record.data;
        if (!bucket || !amount_due || !asks_for || asks_for === "work") {
            return "";
        }
        return _t("%s net due", formatMonetary(amount_due, { currencyId: currency_id?.id }));
    }
}

const NEEDED = { amount_due: "monetary", asks_for: "selection", bucket: "selection" };

registry.category("fields").add("progress_bill_title", {
    ...charField,
    component: BillTitleField,
    fieldDependencies: Object.entries(NEEDED).map(([name, type]) => ({ name, type })),
});
