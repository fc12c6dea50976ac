import { FloatField } from "@web/views/fields/float/float_field";
import { patch } from "@web/core/utils/patch";

const PERCENT = /(^|_)percent$/;

/** People type a percentage with its sign; a widget of its own would take the sums of sections from the lists. */
patch(FloatField.prototype, {
    parse(value) {
        const { name, record } = this.props;
        if (record.resModel.startsWith("progress.") && PERCENT.test(name)) {
            return super.parse(value.replace(/\s*%\s*$/, ""));
        }
        return super.parse(value);
    },
});
