from odoo import models
from odoo.tools import formatLang

from odoo.addons.progress_billing.tools import money


class ProgressContractAgreement(models.Model):
    """What agreements cover, as lines of a bill beside the schedule (AGR-3)."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    def _prepare_covered_time(self, shares):
        """Negative lines for the time that agreements cover: on the accounts and with the taxes of the fee.

        The fee itself stays as it is, and counts in full as billed.

        :param list shares: see ``progress.agreement._allocate``
        :return list: see ``progress.bill.line._prepare_sourced_vals``
        """
        self.ensure_one()
        result, groups = [], self._get_fee_groups()
        # sudo: progress.agreement - its name is on the bill, whoever makes it
        agreements = self.env['progress.agreement'].sudo()
        for use in agreements._prepare_uses(share for share in shares if share['kind'] == 'time'):
            name = self._get_covered_label(agreements.browse(use['agreement_id']), use['hours'])
            amount = money.to_decimal(use['amount'])
            parts = money.spread(amount, list(groups.values()), self.currency_id.rounding)
            for (account, taxes, distribution), part in zip(groups, parts, strict=True):
                if part:
                    result.append(
                        {
                            'source': 'agreement',
                            'name': name,
                            'amount': -float(part),
                            'account_id': account.id,
                            'tax_ids': taxes.ids,
                            'analytic_distribution': dict(distribution) or False,
                        }
                    )
        return result

    def _get_fee_groups(self):
        """What the fee is booked on, and what of it: what is left, by account, taxes and analytic distribution."""
        lines = self._get_billable_lines()
        scheduled = {line: max(line._get_amount_left(), 0.0) for line in lines}
        if not any(scheduled.values()):
            scheduled = {line: max(line.revised_amount, 0.0) for line in lines}
        groups = {}
        for line, amount in scheduled.items():
            distribution = tuple(sorted((line.analytic_distribution or {}).items()))
            key = (line._get_result_account(), line.tax_ids, distribution)
            groups[key] = groups.get(key, money.ZERO) + money.to_decimal(amount)
        return {key: weight for key, weight in groups.items() if weight > 0}

    def _get_covered_label(self, agreement, hours):
        """Text of the time that an agreement covers, in the customer's language."""
        env = self.with_context(lang=self.partner_id.lang or self.env.lang).env
        return env._(
            "Covered by %(agreement)s: %(hours)s hours",
            agreement=agreement.name,
            hours=formatLang(env, hours, digits=2),
        )
