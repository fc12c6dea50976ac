from odoo import api, fields, models

TRIES = 10
ALIVE = ('wait_dependencies', 'pending', 'enqueued', 'started')  # states of jobs that still run, or will


class ProgressRunPart(models.Model):
    """One contract of a run, billed by a job of its own.

    A job is a transaction: what it bills and the state of the part are kept together or not at all.
    """

    _name = 'progress.run.part'
    _description = "Contract of a Billing Run"
    _inherit = ['progress.guard.mixin']
    _rec_name = 'contract_id'
    _order = 'id'
    _parent_field = 'run_id'

    run_id = fields.Many2one('progress.run', required=True, readonly=True, guarded=True, index=True, ondelete='cascade')
    contract_id = fields.Many2one(
        'progress.contract', required=True, readonly=True, guarded=True, index=True, ondelete='cascade'
    )
    company_id = fields.Many2one(related='contract_id.company_id')
    state = fields.Selection(
        [('queued', "Queued"), ('done', "Done"), ('failed', "Failed")],
        string="Status",
        required=True,
        default='queued',
        readonly=True,
        guarded=True,
        index=True,
    )
    reason = fields.Text(readonly=True, guarded=True)
    bill_count = fields.Integer(string="Bills Made", readonly=True, guarded=True)
    job_uuid = fields.Char(readonly=True, guarded=True, copy=False)

    @api.model
    def _get_waiting_contracts(self, contracts, kind):
        """Those of these contracts that wait in a run of this kind already."""
        # sudo: progress.run.part - runs of other users count too
        waiting = self.sudo().search(
            [('contract_id', 'in', contracts.ids), ('state', '=', 'queued'), ('run_id.kind', '=', kind)]
        )
        return contracts & waiting.contract_id.with_env(self.env)

    def _queue(self):
        """One job a contract. A contract whose job of this kind waits already gets no second one."""
        uuids = {
            part.id: part.with_delay(
                description=self.env._("Bill %s", part.contract_id.display_name),
                identity_key=f'progress_billing.{part.run_id.kind}-{part.contract_id.id}',
                max_retries=TRIES,
            )
            ._perform()
            .uuid
            for part in self
        }
        # sudo: progress.run.part - which job bills it
        self.sudo()._write_together({part: {'job_uuid': uuids[part.id]} for part in self})

    def _perform(self):
        """The job of one contract.

        :return str: what came of it
        """
        self.ensure_one()
        if self.state == 'done':  # the queue may call again what was done
            return self.env._("It was billed before.")
        made, reasons = self.run_id._bill(self.contract_id)
        vals = {'state': 'failed' if reasons else 'done', 'reason': '\n'.join(reasons), 'bill_count': made}
        self.sudo()._write_protected(vals)  # sudo: progress.run.part - the result of its own job
        return '\n'.join([self.env._("Bills made: %s", made), *reasons])

    def _on_job_failed(self, exc_message=None, **_vals):
        """The queue gives up: tell the reason. Called by the queue in a transaction of its own."""
        # sudo: progress.run.part - the result of its own job
        self.sudo()._write_protected({'state': 'failed', 'reason': exc_message})

    def _get_alive(self):
        """Those whose job still runs, or will."""
        # sudo: queue.job - the states of our own jobs
        jobs = self.env['queue.job'].sudo().search([('uuid', 'in', self.mapped('job_uuid')), ('state', 'in', ALIVE)])
        return self.filtered(lambda part: part.job_uuid in jobs.mapped('uuid'))

    def _give_up(self):
        """Their jobs were cancelled or deleted, or billed them for another run."""
        self._write_protected(
            {'state': 'failed', 'reason': self.env._("Its job was cancelled, or was made for another run.")}
        )
