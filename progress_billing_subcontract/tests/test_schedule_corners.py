from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.progress_billing.models.base.progress_actor import Actor

from .claim_common import ClaimCommon


@tagged('post_install', '-at_install')
class TestScheduleCorners(ClaimCommon):
    """The subcontractor's schedule at its edges: what can be divided, by whom, in which state, and what comes of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract.is_vendor_schedule = True
        cls.first, cls.second = cls.contract.line_ids
        cls.parts = cls.env['progress.vendor.schedule.line']

    def _propose(self, *parts, line=None, contact=None, submit=True, version=None, **given):
        """Send the form of the page for one line: texts of item, description and amount of each part."""
        line = line or self.first
        given = {'version': version or self.contract.sudo()._get_schedule_version(), **given}
        for number, texts in enumerate(parts):
            for name, text in zip(('item', 'name', 'amount'), texts, strict=True):
                given[f'{name}_{line.id}_{number}'] = text
        contact = (contact or self.contact).sudo()
        self.contract.sudo()._take_schedule(Actor(contact.partner_id), contact, given, submit=submit)

    def _part(self, amount, line=None, **vals):
        line = line or self.first
        return self.parts.create(
            {
                'contract_id': line.contract_id.id,
                'contract_line_id': line.id,
                'name': "Part",
                'amount': amount,
                **vals,
            }
        )

    # === THE FORM === #

    def test_what_the_form_keeps(self):
        """Item numbers cut to thirty, descriptions as they are or the line's own, rows without a word left out."""
        self._propose(
            ('A.1', "Walls", '40000'),
            ('', '', '20,000.00'),
            ('A.3', '', ''),
            ('x' * 40, "Nothing yet", '0'),
            submit=False,
        )
        self.assertRecordValues(
            self.contract.vendor_schedule_ids,
            [
                {'sequence': 1, 'item_number': 'A.1', 'name': "Walls", 'amount': 40000},
                {'sequence': 2, 'item_number': False, 'name': "Works 1", 'amount': 20000},
                {'sequence': 3, 'item_number': 'x' * 30, 'name': "Nothing yet", 'amount': 0},
            ],
        )
        self.assertRecordValues(
            self.env['progress.answer'].search([('contract_id', '=', self.contract.id)]),
            [{'kind': 'schedule', 'partner_id': self.mason.id, 'contact_id': self.contact.id, 'user_id': False}],
        )

    def test_rows_in_their_order(self):
        """Ten rows and more stay in the order of the page, not in that of the alphabet."""
        self._propose(*[('', f"Part {number}", '5000') for number in range(12)])
        self.assertEqual(self.contract.vendor_schedule_ids.mapped('name'), [f"Part {number}" for number in range(12)])

    def test_a_form_replaces_the_one_before(self):
        self._propose(('', "Walls", '60000'), submit=False)
        self._propose(('', "Chimney", '40000'), line=self.second, submit=False)
        self.assertRecordValues(
            self.contract.vendor_schedule_ids, [{'name': "Chimney", 'contract_line_id': self.second.id}]
        )

    def test_lines_that_are_not_theirs(self):
        """A form that names lines of other subcontracts proposes nothing for them."""
        other = self._subcontract([500])
        other.is_vendor_schedule = True
        self._propose(('', "Stolen", '500'), line=other.line_ids, submit=False)
        self.assertFalse(other.vendor_schedule_ids | self.contract.vendor_schedule_ids)

    def test_what_is_no_amount(self):
        """Named by the description, or the line where there is none; what was proposed before stays."""
        self._propose(('', "Walls", '60000'), submit=False)
        for name, amount, words in (("Chimney", 'much', ["Chimney", "is no number"]), ('', '1,2', ["Works 1"])):
            with self.subTest(amount=amount):
                self.assertRefused(lambda name=name, amount=amount: self._propose(('', name, amount)), *words)
                self.assertEqual(self.contract.vendor_schedule_ids.name, "Walls")

    def test_rounded_as_the_currency(self):
        self._propose(('', "Walls", '59999.994'), ('', "Rest", '0.006'))
        self.assertEqual(self.contract.vendor_schedule_ids.mapped('amount'), [59999.99, 0.01])
        self.assertEqual(self.contract.vendor_schedule_state, 'submitted')

    def test_a_negative_part(self):
        """A deduction is a part too, as long as the sum is the line's."""
        self._propose(('', "Walls", '61000'), ('', "Material from us", '-1000'))
        self.contract.action_accept_schedule()
        self.assertEqual(self.contract.line_ids.sorted('sequence').mapped('revised_amount'), [61000, -1000, 40000])

    def test_by_whom(self):
        reader = self._add_invoice_contact(
            self.contract, self.env['res.partner'].create({'name': "Ria", 'email': 'ria@example.com'}), 'reader'
        )
        self.assertRefused(
            lambda: self._propose(('', "Walls", '60000'), contact=reader), "others claim", error=AccessError
        )
        for user in (self.standard_user, self.sub_reader):
            with self.subTest(user=user.login):
                self.assertRefused(
                    lambda user=user: self.parts.with_user(user).create(
                        {'contract_id': self.contract.id, 'contract_line_id': self.first.id, 'name': "X", 'amount': 1}
                    ),
                    regex="not allowed|Only administrators",
                    error=AccessError,
                )
        part = self._part(60000)
        self.assertRefused(
            lambda: part.with_user(self.standard_user).write({'amount': 1}),
            regex="not allowed|Only administrators",
            error=AccessError,
        )

    def test_changed_meanwhile(self):
        """Each word of the proposal counts: the version is another with another name, amount or state."""
        seen = set()
        part = self._part(60000)
        for vals in ({}, {'name': "Other"}, {'amount': 59000}, {'amount': 60000}):
            part.write(vals)
            seen.add(self.contract._get_schedule_version())
        self.assertEqual(len(seen), 3, "The same again is the same.")
        version = self.contract._get_schedule_version()
        self.contract.action_submit_schedule()
        self.assertNotEqual(self.contract._get_schedule_version(), version)
        self.assertRefused(
            lambda: self._propose(('', "Late", '60000'), version=version), "Nothing was changed", "Read it again"
        )

    # === STATES === #

    def test_what_each_state_takes(self):
        """Proposed and handed in while draft or sent back; accepted from each but accepted; sent back under review."""
        self._part(60000)
        takes = {
            'draft': {'write', 'submit', 'accept'},
            'submitted': {'accept', 'reject'},
            'rejected': {'write', 'submit', 'accept'},
            'accepted': set(),
        }
        acts = {
            'write': lambda: self.contract.vendor_schedule_ids.write({'name': "Walls"}),
            'submit': self.contract.action_submit_schedule,
            'accept': self.contract.action_accept_schedule,
            'reject': lambda: self.contract.action_reject_schedule("More"),
        }
        for state, expected in takes.items():
            self.contract._write_protected({'vendor_schedule_state': state})
            found = set()
            for name, act in acts.items():
                with self.env.cr.savepoint() as savepoint:
                    try:
                        act()
                        found.add(name)
                    except UserError as error:
                        self.assertIn("cannot change: its status is", str(error))
                    savepoint.rollback()
                self.env.invalidate_all(flush=False)
            with self.subTest(state=state):
                self.assertEqual(found, expected)

    def test_switched_off(self):
        """Without the switch there is nothing to hand in, accept, send back or add; nothing is in the way either."""
        self._part(50000)
        self.contract.is_vendor_schedule = False
        self.assertFalse(self.contract.vendor_schedule_rest)
        self.assertEqual(self.contract._get_invitation_blockers(), [])
        for act in (
            self.contract.action_submit_schedule,
            self.contract.action_accept_schedule,
            lambda: self.contract.action_reject_schedule("More"),
            lambda: self._part(1),
        ):
            self.assertRefused(act, "has no schedule by its subcontractor", "switch it on first")

    def test_handed_in_by_the_office(self):
        """All that is in the way of each is said; nothing of a batch is handed in then."""
        other = self._subcontract([500])
        other.is_vendor_schedule = True
        both = self.contract | other
        self.assertRefused(both.action_submit_schedule, "propose at least one line", self.contract.display_name)
        self._part(50000)
        self._part(39000, self.second)
        message = self.assertRefused(both.action_submit_schedule, "Works 1", "50,000.00", "60,000.00")
        self.assertIn("Works 2", message)
        self.contract.vendor_schedule_ids[0].amount = 60000
        self.contract.vendor_schedule_ids[1].amount = 40000
        self.assertRefused(both.action_submit_schedule, "propose at least one line", other.display_name)
        self.assertEqual(both.mapped('vendor_schedule_state'), ['draft', 'draft'])
        self._part(500, other.line_ids)
        action = both.action_submit_schedule()
        self.assertEqual(both.mapped('vendor_schedule_state'), ['submitted', 'submitted'])
        self.assertEqual(action['domain'], [('id', 'in', both.ids)])

    def test_sent_back_with_a_reason(self):
        """By the dialog for several; the reason stays until they are handed in again, and is in the history."""
        other = self._subcontract([500])
        other.is_vendor_schedule = True
        both = self.contract | other
        self._part(60000)
        self._part(500, other.line_ids)
        both.action_submit_schedule()
        for reason in (False, '', '  \n'):
            self.assertRefused(lambda reason=reason: both.action_reject_schedule(reason), "Say why")
        action = both.action_reject_schedule_wizard()
        self.assertEqual(action['context'], {'default_contract_ids': both.ids})
        wizard = self.env['progress.schedule.reject.wizard'].with_context(**action['context'])
        wizard = wizard.create({'reason': "More detail"})
        self.assertEqual(wizard.action_confirm(), {'type': 'ir.actions.act_window_close'})
        self.assertRecordValues(
            both, [{'vendor_schedule_state': 'rejected', 'vendor_schedule_note': "More detail"}] * 2
        )
        for contract in both:
            self.assertIn("More detail", str(contract.message_ids.mapped('body')))
        both.action_submit_schedule()
        self.assertEqual(both.mapped('vendor_schedule_note'), [False, False])

    def test_invited_once_accepted(self):
        """Whoever waits for a schedule is named; the others of the choice are not invited without them."""
        other = self._subcontract([500])
        self._add_invoice_contact(other, self.mason)
        both = self.contract | other
        message = self.assertRefused(both.action_invite, "accept the subcontractor's schedule of values first")
        self.assertIn(self.contract.display_name, message)
        self.assertNotIn(other.display_name, message)
        self.assertFalse(both.bill_ids)
        self._part(60000)
        self.contract.action_accept_schedule()
        both.action_invite()
        self.assertEqual(len(both.bill_ids), 2)

    # === WHAT CAN BE DIVIDED === #

    def test_divisible(self):
        """A line with a bill that stands or a change order is not; a declined or cancelled claim is no bill."""
        bill = self.env['progress.bill'].create({'contract_id': self.contract.id, 'date': '2026-03-20'})
        self.assertTrue(self.first._is_divisible(), "Nobody has claimed yet.")
        bill.action_accept()
        self.assertFalse(self.contract._get_divisible_lines(), "All lines are on the draft.")
        bill.line_ids[0].amount = 5
        bill.action_submit()
        self.assertFalse(self.first._is_divisible())
        self.assertEqual(self.contract._get_divisible_lines(), self.second)
        self._part(60000)
        self.assertRefused(self.contract.action_accept_schedule, "cannot be divided any more", "Works 1")
        self.assertEqual(len(self.contract.line_ids), 2)
        bill.action_cancel()
        self.assertTrue(self.first._is_divisible())
        self.make.change(self.contract, {'contract_line_id': self.second.id, 'amount': 1}, approve=False)
        self.assertEqual(self.contract._get_divisible_lines(), self.first)
        self.contract.action_accept_schedule()
        self.assertEqual(self.first.name, "Part")

    def test_nothing_to_accept(self):
        self.assertRefused(self.contract.action_accept_schedule, "nothing is proposed", self.contract.display_name)
        self._part(1)
        self.assertRefused(self.contract.action_accept_schedule, "1.00", "60,000.00")

    def test_lines_of_their_own(self):
        """A part is of a line of its subcontract that is worth something: not of a section, not of another's."""
        section = self.env['progress.contract.line'].create(
            {'contract_id': self.contract.id, 'name': "Ground floor", 'display_type': 'line_section'}
        )
        other = self._subcontract([500])
        for line in (section, other.line_ids):
            with self.subTest(line=line.name):
                self.assertRefused(
                    lambda line=line: self._part(1, line, contract_id=self.contract.id),
                    "is no line of",
                    "that can be divided",
                )
        part = self._part(60000)
        self.assertRefused(lambda: part.write({'contract_line_id': self.second.id}), "cannot be set", error=AccessError)

    # === WHAT COMES OF IT === #

    def test_what_the_parts_inherit(self):
        """Taxes, accounts, rates, order line and owner's line are the line's; the first part is the line itself."""
        owner = self.make.pro_forma([80000])
        account = self.expense_account.copy({'code': 'SUBX3'})
        self.first.write(
            {
                'owner_line_id': owner.line_ids.id,
                'account_id': account.id,
                'item_number': '7',
                'stored_retainage_percent': 4,
            }
        )
        self._propose(('', "Walls", '40000'), ('7.2', "Chimney", '15000'), ('', "Roof", '5000'))
        self.contract.action_accept_schedule()
        walls, chimney, roof, last = self.contract.line_ids.sorted('sequence')
        self.assertEqual((walls, last), (self.first, self.second))
        same = {
            'account_id': account.id,
            'tax_ids': self.input_tax.ids,
            'retainage_percent': 10,
            'stored_retainage_percent': 4,
            'owner_line_id': owner.line_ids.id,
            'purchase_line_id': self.contract.purchase_order_ids.order_line[0].id,
            'billing_base': self.first.billing_base,
        }
        self.assertRecordValues(
            walls | chimney | roof,
            [
                {**same, 'name': "Walls", 'item_number': '7', 'revised_amount': 40000, 'sequence': 1},
                {**same, 'name': "Chimney", 'item_number': '7.2', 'revised_amount': 15000, 'sequence': 2},
                {**same, 'name': "Roof", 'item_number': '7', 'revised_amount': 5000, 'sequence': 3},
            ],
        )
        self.assertEqual((last.sequence, last.revised_amount), (4, 40000))
        self.assertEqual(self.contract.revised_amount, 100000)

    def test_ledger_of_the_parts(self):
        """Claims of parts go to the ledger and the order as the line would: to the cent, to the end."""
        self._propose(('', "Walls", '40000.01'), ('', "Chimney", '19999.99'))
        self.contract.action_accept_schedule()
        self.env.invalidate_all()
        order = self.contract.purchase_order_ids
        move = self._claim(self.contract, 30000.01, 10000, post=True).invoice_id
        self.assertLedger(move, expense=40000.01, input_tax=4000, payable_retainage=-4000, payable=-40000.01)
        self.assertEqual(order.order_line[0].progress_billed_amount, 40000.01)
        self.assertEqual(order.order_line[0].progress_status, 'to invoice')
        self._claim(self.contract, 10000, 9999.99, post=True)
        self.assertEqual(order.order_line[0].progress_status, 'invoiced')
        self.assertOrder(order, 1, 'to invoice')
