from odoo import models
from odoo.tools import SQL


class ResCurrency(models.Model):
    """The rates that figures in SQL are converted by."""

    _name = 'res.currency'
    _inherit = 'res.currency'

    def _get_progress_rate_sql(self, currency, company, day):
        """The rate of a currency on a day, as ``_get_rates`` finds it: the last one, else the first to come, else 1.

        Whoever selects by it says so in ``_depends``: the rates, and the company's ``parent_path``.

        :param SQL currency: its id
        :param SQL company: ``parent_path`` of the company, whose root has the rates
        :param SQL day: which day
        :return SQL: a number; divided by the rate of the company's currency it converts by ``amount / rate``
        """
        rate = """SELECT rate.rate FROM res_currency_rate rate
                   WHERE rate.currency_id = %(currency)s AND %(past)s
                     AND (rate.company_id IS NULL OR rate.company_id = split_part(%(company)s, '/', 1)::int)
                ORDER BY rate.company_id, rate.name %(order)s LIMIT 1"""
        wanted = {'currency': currency, 'company': company}
        return SQL(
            'COALESCE((%s), (%s), 1)::numeric',
            SQL(rate, past=SQL('rate.name <= %s', day), order=SQL('DESC'), **wanted),
            SQL(rate, past=SQL('TRUE'), order=SQL('ASC'), **wanted),
        )
