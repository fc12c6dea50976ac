from odoo import fields, models
from odoo.exceptions import UserError


class ProgressEditMixin(models.AbstractModel):
    """Two people at one record: what somebody else changed meanwhile is not overwritten without a word.

    A form that shows ``edit_count`` and ``edit_seen`` sends the edits it had seen when it was loaded along with every
    change (``static/src/edits``); where the record has been edited since, the write is refused. Callers that send
    nothing are not asked.
    """

    _name = 'progress.edit.mixin'
    _description = "Edited by Several"

    edit_count = fields.Integer(readonly=True, copy=False, aggregator=None, guarded=True)
    edit_seen = fields.Integer(
        store=False, help="One more than the edits a form has seen; 0 where nobody asks for a check."
    )

    def _check_edits_seen(self, vals):
        """Refuse what is typed over somebody else's values.

        :param dict vals: of a ``write``; lists that change many records at once are not asked
        :raises UserError: where the record was edited since its form was loaded
        """
        seen = vals.get('edit_seen')
        if seen and len(self) == 1 and seen != self.edit_count + 1:
            raise UserError(
                self.env._(
                    "%s was changed by somebody else since you opened it. Reload the page to see the new values, then "
                    "enter yours again.",
                    self.display_name,
                )
            )

    def _count_edit(self):
        self._write_together({record: {'edit_count': record.edit_count + 1} for record in self})
