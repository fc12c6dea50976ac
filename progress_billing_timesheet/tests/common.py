from odoo import Command
from odoo.tests import new_test_user

from odoo.addons.progress_billing_sale.tests.common import ProgressSaleCommon


class ProgressTimesheetCommon(ProgressSaleCommon):
    """A fixed-fee project with an order, employees with rates, and their time entries."""

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref('hr_timesheet.group_timesheet_manager')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hour = cls.env.ref('uom.product_uom_hour')
        cls.day = cls.env.ref('uom.product_uom_day')
        cls.consulting = cls.orders.product("Consulting", uom_id=cls.hour.id, list_price=100.0)
        cls.ann, cls.bob = (cls._make_employee(name) for name in ("Ann", "Bob"))
        cls.task = cls._make_task()
        cls.timesheet_user = new_test_user(
            cls.env,
            login='hours_user',
            groups='hr_timesheet.group_hr_timesheet_user,progress_billing.group_user',
            company_id=cls.company.id,
        )

    # === FIXTURES === #

    @classmethod
    def _make_employee(cls, name, **vals):
        return cls.env['hr.employee'].create({'name': name, 'company_id': cls.company.id, 'hourly_cost': 40.0, **vals})

    @classmethod
    def _make_task(cls, project=None, **vals):
        project = project or cls.project
        return cls.env['project.task'].create({'name': "Design", 'project_id': project.id, **vals})

    @classmethod
    def _make_entry(cls, hours, employee=None, date='2026-01-15', **vals):
        task = cls.task if 'project_id' not in vals else cls.env['project.task']
        return cls.env['account.analytic.line'].create(
            {
                'name': "Work",
                'project_id': cls.project.id,
                'task_id': task.id,
                'employee_id': (employee or cls.ann).id,
                'unit_amount': hours,
                'date': date,
                **vals,
            }
        )

    @classmethod
    def _make_map(cls, employee, price, project=None, product=None, uom=None):
        """The employee's line in the project's map: what an hour (or another unit) of theirs is sold for."""
        project = project or cls.project
        line = cls._make_line(price, product, uom)
        project.write(
            {'sale_line_employee_ids': [Command.create({'employee_id': employee.id, 'sale_line_id': line.id})]}
        )
        return line

    @classmethod
    def _make_line(cls, price, product=None, uom=None, taxes=None):
        """An order line that is sold in time."""
        line = cls.orders.order([price], taxes, line_vals={'product_id': (product or cls.consulting).id}).order_line
        if uom:
            line.product_uom_id = uom
            line.price_unit = price
        return line

    # === THE SCREEN === #

    @classmethod
    def _open(cls, contract, entries=None, amount=0.0, **vals):
        """The screen for a contract, with entries ticked."""
        return cls.env['progress.bill.create'].create(
            {
                'contract_id': contract.id,
                'date': '2026-01-31',
                'time_line_ids': [Command.set(entries.ids if entries else [])],
                'wip_bill_amount': amount,
                **vals,
            }
        )

    @classmethod
    def _create_bill(cls, contract, entries, amount, **vals):
        """The bill that the screen makes."""
        wizard = cls._open(contract, entries, amount, **vals)
        wizard.action_continue()
        return wizard.bill_id

    def assertLedgerLines(self, move, account, balance):
        self.assertEqual(
            sum(move.line_ids.filtered(lambda line: line.account_id == account).mapped('balance')), balance
        )


def prepare_agreement_vals(contract, shares):
    """Values of a bill on which agreements are used, as the screen says them: rows of usage, and lines for time."""
    lines, agreements = contract.env['progress.bill.line'], contract.env['progress.agreement']
    return {
        'agreement_use_ids': [Command.create(vals) for vals in agreements._prepare_uses(shares)],
        'sourced_line_ids': [
            Command.create(lines._prepare_sourced_vals(contract, vals))
            for vals in contract._prepare_covered_time(shares)
        ],
    }


class InvoiceNumberCommon(ProgressTimesheetCommon):
    """The first invoice of the journal is posted; typed numbers follow its pattern."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.contract([50000], hourly_rate=100)
        cls.first = cls._create_bill(cls.contract, None, 100).invoice_id
        cls.first.action_post()
        cls.prefix = cls.first.sequence_prefix

    def _number(self, number):
        return f'{self.prefix}{number:05d}'
