from odoo import models
from odoo.exceptions import UserError


class ProgressContractRestricted(models.Model):
    """What a down payment of a contract may be kept for (DEP-24)."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    def _read_restricted_to(self, value):
        """What a down payment is kept for, as callers send it.

        :param value: a text like ``progress.contract.line,7``, or nothing
        :return: the same text, or false
        :raises UserError: for what is no record of this contract
        """
        self.ensure_one()
        if not value:
            return False
        models_of_records = dict(self.env['progress.bill']._fields['restricted_to']._description_selection(self.env))
        name, _comma, number = str(value).partition(',')
        if name in models_of_records and number.isdecimal() and number.isascii():
            # sudo: any model - whether it is of this contract; nothing of it is told
            record = self.env[name].sudo().browse(int(number)).exists()
            if record and self._is_record_to_bill(record):
                return f'{name},{record.id}'
        raise UserError(
            self.env._(
                "“%(value)s” is nothing that a down payment of %(contract)s can be kept for: choose one of its "
                "%(kinds)s.",
                value=str(value)[:80],
                contract=self.display_name,
                kinds=', '.join(models_of_records.values()),
            )
        )

    def _is_record_to_bill(self, record):
        """Whether a record is billed on bills of this contract. Extend by ``super()`` for other models.

        :param record: of a model that a down payment may be kept for
        """
        self.ensure_one()
        return record._name == 'progress.contract.line' and record in self._get_billable_lines()
