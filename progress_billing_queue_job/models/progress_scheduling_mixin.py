from odoo import api, models


class ProgressSchedulingMixin(models.AbstractModel):
    """The scheduled actions queue what is due, instead of billing it themselves."""

    _inherit = 'progress.scheduling.mixin'

    @api.model
    def _run_due_records(self):
        """Queue all contracts with due records, one a job; the result is kept when the last is finished.

        In place of the core's batches: there is nothing to commit here, and nothing may be committed in a job.

        :return tuple: nothing is made yet, nothing has failed
        """
        due = self.search(self._get_due_domain(), order=f'run_date NULLS FIRST, {self._due_order}')
        contracts = due if self._name == 'progress.contract' else due.contract_id
        if contracts:
            self.env['progress.run']._start(contracts, self._name)
        else:
            self._log_run(0, 0)
        return 0, 0
