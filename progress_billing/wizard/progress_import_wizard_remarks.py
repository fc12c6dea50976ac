from odoo import models
from odoo.tools import formatLang

from ..tools import schedule_rows


class ProgressImportWizardRemarks(models.TransientModel):
    """What the import says of a row: why it is left out, and what is to be looked at."""

    _name = 'progress.import.wizard'
    _inherit = 'progress.import.wizard'

    def _get_remarks(self, entry):
        """Why a row is left out, and what is to be looked at, in the user's language."""
        reasons = self._get_reasons()
        if entry.reason:
            yield reasons[entry.reason]
        for code, detail in entry.remarks:
            if code == schedule_rows.UNLIKE_TOTAL and entry.kind != schedule_rows.SKIPPED:
                continue
            yield self._get_remark(code, detail)

    def _get_reasons(self):
        return {
            schedule_rows.TOTAL: self.env._("A total."),
            schedule_rows.SUM_ABOVE: self.env._("The sum of the lines above."),
            schedule_rows.TAX: self.env._("A tax: the contract's amounts are untaxed."),
            schedule_rows.CLAIM: self.env._("Part of a claim, not of the contract."),
            schedule_rows.TITLE: self.env._("Above the headings."),
            schedule_rows.HEADING: self.env._("The headings."),
            schedule_rows.TEXT_BELOW: self.env._("Text below the last line."),
            schedule_rows.NO_TEXT: self.env._("An amount without a description."),
            schedule_rows.NOTHING: self.env._("Nothing in the columns that are read."),
            schedule_rows.HIDDEN: self.env._("Hidden in the file."),
        }

    def _get_remark(self, code, detail):
        if code in schedule_rows.PROBLEMS:
            return self._get_problem(code, detail)
        if code in (schedule_rows.LEFT_OUT, schedule_rows.READ_AS_ZERO):
            texts = {
                schedule_rows.LEFT_OUT: self.env._("“%s” is left out: not a number that fits its column.", detail),
                schedule_rows.READ_AS_ZERO: self.env._("“%s” is read as 0.", detail),
            }
            return texts[code]
        if code in (schedule_rows.DUPLICATE, schedule_rows.BELOW_TOTAL):
            texts = {
                schedule_rows.DUPLICATE: self.env._("Row %s has the same item number.", detail),
                schedule_rows.BELOW_TOTAL: self.env._("Below the total of row %s: is it part of the contract?", detail),
            }
            return texts[code]
        if code == schedule_rows.WAS_HIDDEN:
            return self.env._("Hidden in the file, but counted in its total.")
        shown = formatLang(self.env, float(detail), currency_obj=self.currency_id)
        texts = {
            schedule_rows.UNLIKE_PRICE: self.env._("Quantity times unit price is %s.", shown),
            schedule_rows.LIKE_TOTAL: self.env._("Says total, but the lines above come to %s: a line?", shown),
            schedule_rows.PARENT_SUM: self.env._("Its lines come to its %s: a section.", shown),
            schedule_rows.UNLIKE_TOTAL: self.env._("The lines above come to %s.", shown),
        }
        return texts[code]

    def _get_problem(self, code, detail):
        texts = {
            schedule_rows.NOT_A_NUMBER: self.env._("“%s” is not a number: type the amount.", detail),
            schedule_rows.AMBIGUOUS: self.env._("“%s” can be read in two ways: type the amount.", detail),
            schedule_rows.TOO_LARGE: self.env._("“%s” is too large: type the amount.", detail),
            schedule_rows.TOO_WIDE: self.env._(
                "More cells than there are headings: an amount may have fallen into two. Type the amount."
            ),
            schedule_rows.UNCALCULATED: self.env._(
                "A formula without its result: open the file in a spreadsheet program and save it, or type the amount."
            ),
        }
        return texts[code]
