from odoo import api, fields, models


class ResCompany(models.Model):
    """What every company says to the scheduled runs: its own day, and how the last one went."""

    _name = 'res.company'
    _inherit = 'res.company'

    progress_last_run = fields.Datetime(string="Last Automatic Billing", readonly=True)
    progress_last_run_result = fields.Char(string="Result of the Last Automatic Billing", readonly=True)

    def _get_progress_today(self):
        """Today's date where the company is, as a planned date is meant there (PLN-3).

        :return date: the date in the time zone of the company's contact
        """
        self.ensure_one()
        zone = self.partner_id.tz or self.env.user.tz or 'UTC'
        here = self if str(self.env.tz) == zone else self.with_context(tz=zone)
        return fields.Date.context_today(here)

    @api.model
    def _keep_run_result(self, name, result):
        """Keep when a scheduled run went, and how, on every company that is at work (PLN-12).

        :param str name: the field that says when; that of the result is called after it
        :param str result: a sentence
        """
        # sudo: res.company - the job's user need not be an administrator to keep its result
        companies = self.sudo().search([('active', '=', True)])
        companies.write({name: fields.Datetime.now(), f'{name}_result': result})
