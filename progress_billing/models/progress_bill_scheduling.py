from odoo import api, models
from odoo.fields import Domain


class ProgressBillScheduling(models.AbstractModel):
    """The scheduled action that bills planned records when they are due (001, SPEC §3)."""

    _name = 'progress.bill.scheduling'
    _description = "Progress Bill Scheduling"

    _due_order = 'date, id'

    @api.model
    def _cron_generate_progress_invoices(self):
        """Auto-Generate Progress Billing Invoices: bill every planned record that is due on an open contract.

        Records that were billed once are left to people (``generated_on``, RULES A2); records
        that another transaction holds are left to the next run.
        """
        self._run_due_records()

    @api.model
    def _get_due_domain(self):
        """Planned records to bill now: their date has come, or their milestone is reached (RULES 1.20, 1.26).

        :return Domain: on ``progress.bill``; glue addons widen it with their own triggers
        """
        by_date = Domain('trigger', '=', 'date') & self._get_due_date_domain('date')
        return (by_date | self._get_milestone_domain()) & Domain(
            [
                ('state', '=', 'planned'),
                ('kind', 'in', ('progress', 'down_payment')),
                ('generated_on', '=', False),
                ('contract_id.state', '=', 'open'),
                ('contract_id.final_bill_id', '=', False),
            ]
        )

    def _run_scheduled(self):
        """What the Create link does, for all of a batch at once.

        :return: the bills made
        """
        self.contract_id._lock_for_billing()
        self._generate()
        return self
