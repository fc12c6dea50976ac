import { Record } from "@web/model/relational_model/record";
import { patch } from "@web/core/utils/patch";

/**
 * Say with every change of a record which state of it the user was looking at: the server refuses what is typed over
 * somebody else's value (see progress.edit.mixin).
 */
patch(Record.prototype, {
    _getChanges() {
        const changes = super._getChanges(...arguments);
        if (this.resId && "edit_seen" in this.activeFields && Object.keys(changes).length) {
            changes.edit_seen = this._values.edit_count + 1;
        }
        return changes;
    },
});
