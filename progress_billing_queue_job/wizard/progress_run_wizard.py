from odoo import models


class ProgressRunWizard(models.TransientModel):
    """A long run goes to the workers instead of the user's page."""

    _inherit = 'progress.run.wizard'

    def _get_long_run_action(self):
        """Queue the run, one contract a job: no page has to stay open, so the core's is not asked for.

        :return dict: the action that shows the run
        """
        return self.env['progress.run']._start(self.contract_ids, date=self.date)._get_form_action()
