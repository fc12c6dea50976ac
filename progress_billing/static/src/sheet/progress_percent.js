import { _t } from "@web/core/l10n/translation";
import { patch } from "@web/core/utils/patch";
import { FloatField } from "@web/views/fields/float/float_field";
import { MonetaryField } from "@web/views/fields/monetary/monetary_field";
import { parseFloat } from "@web/views/fields/parsers";

const PERCENT = /(^|_)percent$/;
const SIGN = /\s*%\s*$/;

/** People type a percentage with its sign; a widget of its own would take the sums of sections from the lists. */
patch(FloatField.prototype, {
    parse(value) {
        const { name, record } = this.props;
        if (record.resModel.startsWith("progress.") && PERCENT.test(name)) {
            return super.parse(value.replace(SIGN, ""));
        }
        return super.parse(value);
    },
});

/** 30 % is no 30 dollars: it goes to the percentage beside the amount, which follows it; without one it is refused. */
patch(MonetaryField.prototype, {
    get inputOptions() {
        const options = super.inputOptions;
        const parse = (value) => (this.isShare(value) ? this.enterShare(value) : options.parse(value));
        return { ...options, parse };
    },

    isShare(value) {
        return this.props.record.resModel.startsWith("progress.") && SIGN.test(value);
    },

    enterShare(value) {
        const { name, record } = this.props;
        if (!("percent" in record.activeFields)) {
            const message = _t("“%s” is a percentage: type an amount.", value);
            this.env.services.notification.add(message, { type: "danger" });
            throw new Error(message);
        }
        record.update({ percent: parseFloat(value.replace(SIGN, "")) });
        return record.data[name];
    },
});
