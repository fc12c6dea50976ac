from contextlib import suppress

import psycopg2

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestRunUnits(ProgressBillingCommon):
    """Unit prices and UoM conversion of lines billed by quantity."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.unit, cls.dozen = cls.env.ref('uom.product_uom_unit'), cls.env.ref('uom.product_uom_dozen')
        cls.service = cls.env['product.product'].create(
            {'name': "Door", 'type': 'service', 'list_price': 10, 'uom_id': cls.unit.id, 'taxes_id': False}
        )

    def _line_contract(self, **vals):
        line = {
            'billing_base': 'quantity',
            'product_id': self.service.id,
            'original_quantity': 5,
            'product_uom_id': self.dozen.id,
            **vals,
        }
        contract = self.make.as_billed([0], line_vals=line, do_open=False)
        contract.line_ids.tax_ids = False
        return contract

    def test_price_of_the_unit(self):
        """The unit price is that of the line's unit: 10 a door is 120 a dozen."""
        contract = self.env['progress.contract'].create(
            {
                'project_id': self.project.id,
                'partner_id': self.customer.id,
                'line_ids': [
                    Command.create(
                        {
                            'billing_base': 'quantity',
                            'product_id': self.service.id,
                            'product_uom_id': self.dozen.id,
                            'original_quantity': 5,
                        }
                    )
                ],
            }
        )
        self.assertEqual((contract.line_ids.unit_price, contract.line_ids.revised_amount), (120, 600))

    def test_unit_on_the_invoice(self):
        """Quantity, unit and unit price are copied to the invoice, one unit too."""
        contract = self._line_contract(unit_price=120, original_amount=600)
        contract.action_open()
        for quantity in (2, 1):
            with self.subTest(quantity):
                bill = self.billing.run(contract, pending_quantity=quantity)
                self.assertRecordValues(
                    bill.invoice_id.invoice_line_ids,
                    [
                        {
                            'quantity': quantity,
                            'price_unit': 120,
                            'product_uom_id': self.dozen.id,
                            'price_subtotal': 120 * quantity,
                        }
                    ],
                )

    def test_half_units(self):
        """BIL-10: 2.5 of 5 at 33.335, rounded once; the rest clears the line."""
        contract = self._line_contract(unit_price=33.335, original_amount=166.68)
        contract.action_open()
        self.billing.run(contract, 50).invoice_id.action_post()
        self.billing.run(contract, 100).invoice_id.action_post()
        line = contract.line_ids
        self.assertEqual((line.actual_quantity, line.actual_amount), (5, 166.68))


@tagged('post_install', '-at_install')
class TestRunProbes(ProgressBillingCommon):
    """Callers, users and odd contracts at the doors of the run and the pro forma."""

    def test_project_manager_edits_in_the_form(self):
        """A billing user edits a pro forma in the form, lines by amount and by quantity, both ways."""
        by_amount, by_quantity = self.make.pro_forma([1000]), self.make.by_quantity(10, 20, use_pro_forma=True)
        for contract, name, values in (
            (by_amount, 'amount', (600, 300)),
            (by_quantity, 'quantity', (6, 3)),
            (by_amount, 'total_completed_percent', (60, 30)),
            (by_quantity, 'total_completed_percent', (60, 30)),
        ):
            bill = contract.bill_ids or self.billing.run(contract, 50)
            for value in values:
                with self.subTest(base=contract.line_ids.billing_base, name=name, value=value):
                    with Form(bill.with_user(self.billing_user)) as form, form.line_ids.edit(0) as line:
                        setattr(line, name, value)
                    self.assertAlmostEqual(bill.line_ids[name], value)
                    self.assertEqual(bill.line_ids.certified_amount, bill.line_ids.amount)

    def test_certified_in_one_call(self):
        """RET-20: a billing user certifies nothing by sending it along with the claim, or on a new line."""
        contract = self.make.pro_forma([1000, 500])
        contract.line_ids[0].completed_percent = 50
        bill = self.billing.run(contract).with_user(self.billing_user)
        line = bill.line_ids
        for values in (
            [Command.update(line.id, {'amount': 400, 'certified_amount': 300})],
            [Command.create({'contract_line_id': contract.line_ids[1].id, 'amount': 100, 'certified_amount': 50})],
        ):
            with (
                self.subTest(values),
                self.assertRaisesRegex(AccessError, "Only Progress Billing administrators approve, reject or certify"),
                self.env.cr.savepoint(),
            ):
                bill.write({'line_ids': values})

    def test_plan_again_after_cancel(self):
        """PRG-4: a cancelled run bill taken back into the plan and created again leaves no pending to bill twice."""
        contract = self.make.pro_forma([1000])
        line = contract.line_ids
        bill = self.billing.run(contract, 50)
        bill.action_cancel()
        bill.action_plan_again()
        self.assertBuckets(line, 500, 0, 0, 50)
        bill.action_create()
        self.assertBuckets(line, 0, 500, 0, 50)
        with self.assertRaisesRegex(UserError, "Nothing is pending"):
            contract.action_run_billing()

    def test_release_on_a_cancelled_contract(self):
        """A pro forma of a cancelled contract is not released, as its contract is not cancelled."""
        contract = self.make.pro_forma([1000])
        bill = self.billing.run(contract, 50)
        with self.assertRaisesRegex(UserError, "cannot be cancelled while these stand"):
            contract.action_cancel()
        self.assertEqual((contract.state, bill.state), ('open', 'draft'))

    def test_progress_of_a_closed_contract(self):
        """Nothing earlier changes under a final: pending of a closed contract cannot be entered and run."""
        contract = self.make.as_billed([1000])
        self.billing.final(contract)
        with self.assertRaisesRegex(UserError, "takes no progress any more"):
            contract.line_ids.pending_amount = -100
            contract.action_run_billing()

    def test_progress_of_a_section(self):
        """A section has no progress: what is written there counts nowhere."""
        contract = self.make.as_billed([1000])
        section = self.env['progress.contract.line'].create(
            {'contract_id': contract.id, 'display_type': 'line_section', 'name': "S"}
        )
        with suppress(UserError), self.env.cr.savepoint():
            section.write({'pending_amount': 100})
        self.env.invalidate_all()
        self.assertEqual((section.pending_amount, contract.pending_amount), (0, 0))

    def test_pending_given_at_creation(self):
        """PRG-1: an import creates lines with progress; percent and amounts agree."""
        contract = self.make.as_billed([1000, 500], line_vals={'completed_percent': 40})
        self.assertEqual(contract.line_ids.mapped('pending_amount'), [400, 200])
        contract = self.make.as_billed([1000], line_vals={'pending_amount': 123.45})
        self.assertBuckets(contract.line_ids, 123.45, 0, 0, 12.345)

    def test_pasted_column(self):
        """A pasted column of percentages arrives as one write of the contract."""
        contract = self.make.as_billed([1000, 500, 333])
        contract.with_user(self.billing_user).write(
            {
                'line_ids': [
                    Command.update(line.id, {'completed_percent': percent})
                    for line, percent in zip(contract.line_ids, (10, 20.5, 33.3333), strict=True)
                ]
            }
        )
        self.assertEqual(contract.line_ids.mapped('pending_amount'), [100, 102.5, 111])
        with self.assertRaisesRegex(UserError, "is not a number"), self.env.cr.savepoint():
            contract.write({'line_ids': [Command.update(contract.line_ids[0].id, {'completed_percent': 'NaN'})]})

    def test_lowered_line(self):
        """What is pending above a lowered line is refused by the run, and named; the rest of many is billed."""
        good, low = self.make.as_billed([1000]), self.make.as_billed([1000])
        (good + low).line_ids.write({'completed_percent': 50})
        low.line_ids.original_amount = 400
        with self.assertRaisesRegex(UserError, "Line 1"), self.env.cr.savepoint():
            low.action_run_billing()
        with self.subTest("skipped"):
            (good + low).action_run_billing()
            self.assertEqual((len(good.bill_ids), len(low.bill_ids)), (1, 0))

    def test_skipped_are_in_the_result(self):
        """PRG-8: the result names what was skipped, also to a caller without a web client."""
        good, empty = self.make.as_billed([1000]), self.make.as_billed([1000])
        good.line_ids.completed_percent = 50
        action = (good + empty).action_run_billing()
        self.assertIn(empty.name, str(action))

    def test_last_billing_date_of_every_door(self):
        """PRG-10: last_billing_date is the day of the last bill, made by the run or by Create on the contract."""
        contract = self.make.as_billed([1000])
        contract.action_create_bill('percent', {'percent': 10, 'date': '2026-01-15'})
        self.assertEqual(str(contract.last_billing_date), '2026-01-15')

    def test_last_billing_date_goes_forward(self):
        """PRG-10: a run dated earlier than the last does not turn the clock back."""
        contract = self.make.as_billed([1000])
        for percent, day in ((10, '2026-03-15'), (20, '2026-01-15')):
            contract.line_ids.completed_percent = percent
            contract.action_run_billing(date=day)
        self.assertEqual(str(contract.last_billing_date), '2026-03-15')

    def test_deposit_line_for_another_customer(self):
        """DEP-12: a task given to another customer after opening: a deposit contract is not billed, and says why."""
        other = self.env['res.partner'].create({'name': "Other"})
        task = self.env['project.task'].create({'name': "T", 'project_id': self.project.id})
        contract = self.make.contract([1000], line_vals={'task_id': task.id})
        contract.line_ids.completed_percent = 50
        task.partner_id = other
        self.assertEqual(contract.line_ids.partner_id, other)
        with self.assertRaisesRegex(UserError, "Other|others|Line 1"):
            contract.action_run_billing()

    def test_run_wizard_of_others(self):
        """Rights: a reader opens no run, and sees no wizard of somebody else."""
        contract = self.make.as_billed([1000])
        contract.line_ids.completed_percent = 50
        wizard = self.env['progress.run.wizard'].create({'contract_ids': [Command.set(contract.ids)]})
        for user in (self.reader, self.billing_user):
            with (
                self.subTest(user.login),
                self.assertRaisesRegex(AccessError, "top-secret records|You are not allowed to access"),
                self.env.cr.savepoint(),
            ):
                wizard.with_user(user).action_run()

    def test_rule_rights(self):
        """SEC-1: rules are set up by managers; a rule in use cannot take its lines along."""
        with self.assertRaisesRegex(AccessError, "You are not allowed to create"), self.env.cr.savepoint():
            self.env['progress.billing.rule'].with_user(self.billing_user).create({'name': "X"})
        rule = self.env['progress.billing.rule'].create({'name': "X"})
        contract = self.make.as_billed([1000], billing_rule_id=rule.id)
        with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint(), mute_logger('odoo.sql_db'):
            rule.unlink()  # reaches the user as a message of Odoo's
        self.assertEqual(contract.line_ids.billing_rule_id, rule)

    def test_branch_rule_of_another_company(self):
        """Wrong company: a rule of another company is refused on contract, line and task."""
        other = self.env['res.company'].create({'name': "Other company"})
        rule = self.env['progress.billing.rule'].create({'name': "Theirs", 'company_id': other.id})
        contract = self.make.as_billed([1000])
        task = self.env['project.task'].create({'name': "T", 'project_id': self.project.id})
        for record in (contract, contract.line_ids, task):
            with (
                self.subTest(record._name),
                self.assertRaisesRegex(UserError, "is a billing rule of|company inconsistencies"),
                self.env.cr.savepoint(),
            ):
                record.billing_rule_id = rule
                self.env.flush_all()
