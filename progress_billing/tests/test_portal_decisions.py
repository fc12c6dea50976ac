from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged

from ..models.base.progress_actor import Actor
from .test_portal_statement import PageCommon


class ClaimCommon(PageCommon):
    """A claim of 3,000 and 6,000, 10 % held back, that waits for Anna."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make.pro_forma([10000, 20000], retainage_percent=10)
        cls.contact = cls._add_contact(cls.contract, cls.anna)
        cls.actor = Actor(cls.anna, cls.env['res.users'])
        cls.bill = cls.billing.run(cls.contract, 30)
        cls.first, cls.second = cls.bill.line_ids
        cls.bill.action_submit()

    def _take(self, kind, contact=None, **given):
        given.setdefault('version', self.bill._get_version())
        self.bill.sudo()._take_answer(kind, self.actor, contact or self.contact, given, '192.0.2.7')


@tagged('post_install', '-at_install')
class TestPortalDecisions(ClaimCommon):
    """What contacts decide: by whom, in which state, with what result (PAG-4, PAG-5, PAG-6)."""

    def test_who_may_what(self):
        """Approvers answer; invoice contacts dispute as well; readers do neither."""
        invoice, reader = (
            self._add_contact(self.contract, partner, role)
            for partner, role in ((self.ada, 'invoice'), (self.bert, 'reader'))
        )
        for contact, kinds in (
            (invoice, ('approve', 'certify', 'reject')),
            (reader, ('approve', 'certify', 'reject', 'dispute', 'withdraw')),
            (self.env['progress.contact'], ('approve', 'certify', 'reject', 'dispute', 'withdraw')),
        ):
            for kind in kinds:
                with self.subTest(role=contact.role, kind=kind):
                    self.assertRefused(
                        lambda kind=kind, contact=contact: self.bill.sudo()._take_answer(
                            kind, self.actor, contact, {'version': self.bill._get_version(), 'reason': "No"}
                        ),
                        "You read this page; others answer for the customer.",
                        error=AccessError,
                    )
        self.assertEqual((self.bill.state, self.bill.is_disputed), ('submitted', False))
        self.assertFalse(self.bill.answer_ids)
        self._take('dispute', invoice, reason="No")
        self.assertTrue(self.bill.is_disputed)

    def test_what_is_kept(self):
        """Each answer: kind, figures before it, words, person, address; and what it did to the bill."""
        for kind, given, state, label in (
            ('approve', {}, 'approved', "Approved"),
            ('certify', {f'line_{self.first.id}': '2,500.00'}, 'approved', "Approved less than claimed"),
            ('reject', {'reason': "Roof"}, 'rejected', "Rejected"),
            ('dispute', {'reason': "Roof"}, 'submitted', "Disputed"),
        ):
            with self.subTest(kind), self.cr.savepoint() as savepoint:
                figures = self.bill._get_fingerprint()
                self._take(kind, **given)
                answer = self.bill.answer_ids
                self.assertRecordValues(
                    answer,
                    [
                        {
                            'kind': kind,
                            'fingerprint': figures,
                            'note': given.get('reason', False),
                            'partner_id': self.anna.id,
                            'contact_id': self.contact.id,
                            'contract_id': self.contract.id,
                            'user_id': False,
                            'address': '192.0.2.7',
                            'revision': 0,
                        }
                    ],
                )
                self.assertEqual((self.bill.state, answer._get_label()), (state, label))
                savepoint.rollback()
                self.env.invalidate_all()

    def test_only_while_it_waits(self):
        """An answer comes before the office's; a dispute may come later, until the bill is given up."""
        for act in (self.bill.action_approve, self.bill.action_release):
            act()
            for kind in ('approve', 'certify', 'reject'):
                with self.subTest(state=self.bill.state, kind=kind):
                    self.assertRefused(lambda kind=kind: self._take(kind, reason="No"), "Nothing was changed: ")
            self._take('dispute', reason="Later")
            self._take('withdraw')
        self.assertEqual(self.bill.answer_ids.mapped('kind'), ['withdraw', 'dispute', 'withdraw', 'dispute'])

    def test_meanwhile(self):
        """Who comes second hears who answered what, and when; after a new revision that is history."""
        version = self.bill._get_version()
        self._take('reject', reason="Roof")
        sentence = "Nothing was changed: Anna has answered already, on "
        message = self.assertRefused(lambda: self._take('approve', version=version), sentence, ": Rejected.")
        self.assertIn(f"The status of {self.bill.display_name} is “Rejected”.", message)
        self.bill.action_submit()
        self._take('approve')
        self.billing.to_ledger(self.bill)
        self.bill.action_correct()
        self.assertRefused(
            lambda: self._take('approve', version=version), "has been changed since you opened this page"
        )

    def test_rejected_by_line(self):
        """Reasons by line make the reason of all where none is given; a line without one stays as it is."""
        first, second = self.bill.line_ids.contract_line_id.mapped('display_name')
        for given, reason, states in (
            ({'reason': "Late"}, "Late", ['open', 'open']),
            (
                {f'note_{self.second.id}': " Tiles "},
                f"{second}: Tiles",
                ['open', 'rejected'],
            ),
            ({'reason': "Late", f'note_{self.first.id}': "Walls"}, "Late", ['rejected', 'open']),
            (
                {f'note_{self.first.id}': "Walls", f'note_{self.second.id}': "Tiles"},
                f"{first}: Walls\n{second}: Tiles",
                ['rejected', 'rejected'],
            ),
        ):
            with self.subTest(given):
                self._take('reject', **given)
                self.assertEqual((self.bill.state, self.bill.reject_reason), ('rejected', reason))
                self.assertEqual(self.bill.line_ids.mapped('review_state'), states)
                self.bill.action_submit()
                self.assertEqual(self.bill.line_ids.mapped('review_state'), ['open', 'open'])
                self.assertEqual(self.bill.line_ids.mapped('review_note'), [False, False])
        self.assertRefused(lambda: self._take('reject', reason=' '), "Say why, so that the bill can be revised.")

    def test_lines_of_an_approval(self):
        """Approving approves every line, whatever was said of it before; approving again changes nothing."""
        self._take('reject', **{f'note_{self.first.id}': "Walls"})
        self.bill.action_submit()
        self.bill.action_approve()
        self.assertEqual(self.bill.line_ids.mapped('review_state'), ['approved', 'approved'])
        approved = self.bill.approved_on
        self.bill.action_approve()
        self.assertEqual(self.bill.approved_on, approved)

    def test_words_of_an_approval(self):
        """What is said with an approval is in the history, in the speaker's name."""
        self._take('approve', reason="Fine work")
        message = self.bill.message_ids.filtered(lambda message: "Approved: Fine work" in message.body)
        self.assertEqual(message.author_id, self.anna)

    # === CERTIFYING === #

    def test_certified(self):
        """Less on a line, less in sum, both, or nothing less: what the invoice will say.

        9,000 claimed less 900 held is 8,100 due; 500 less on the first line are 7,650.
        """
        line = f'line_{self.first.id}'
        for given, certified, due in (
            ({}, [3000, 6000], 8100),
            ({line: '3,000.00'}, [3000, 6000], 8100),
            ({line: '2,500'}, [2500, 6000], 7650),
            ({line: '0'}, [0, 6000], 5400),
            ({'certified_sum': '8,000'}, [3000, 6000], 8000),
            ({'certified_sum': '8,100.00'}, [3000, 6000], 8100),
            ({line: '2,500', 'certified_sum': '7,000'}, [2500, 6000], 7000),
            ({line: '  ', 'certified_sum': ' '}, [3000, 6000], 8100),
        ):
            with self.subTest(given), self.cr.savepoint() as savepoint:
                self._take('certify', **given)
                self.assertEqual(self.bill.line_ids.mapped('certified_amount'), certified)
                self.assertEqual(self.bill.certified_amount, due)
                self.assertEqual(self.bill.state, 'approved')
                savepoint.rollback()
                self.env.invalidate_all()

    def test_certified_too_much(self):
        """More than was claimed, less than nothing, and what is no amount: refused, nothing certified."""
        line = f'line_{self.first.id}'
        for given, words in (
            ({line: '3,000.01'}, "the certified amount lies between nothing and the claim"),
            ({line: '-1'}, "is no amount. Write it like 1,234.50."),
            ({line: '12.345'}, "is no amount. Write it like 1,234.50."),
            ({line: 'abc'}, f"{self.first.contract_line_id.display_name}: “abc” is no amount."),
            ({line: 'x' * 60}, f"“{'x' * 40}” is no amount"),
            ({'certified_sum': '8,100.01'}, "the certified amount lies between nothing and the payment due of"),
            ({'certified_sum': 'nan'}, "The sum: “nan” is no amount."),
        ):
            with self.subTest(given):
                self.assertRefused(lambda given=given: self._take('certify', **given), words)
        self.assertEqual(self.bill.line_ids.mapped('certified_amount'), [3000, 6000])
        self.assertEqual((self.bill.state, self.bill.sum_certified), ('submitted', False))

    def test_certifiable_lines(self):
        """Only claims of work: not what gives back, nor a line of retainage alone."""
        contract = self.make.pro_forma([1000, 500, -100])
        bill = self.billing.draw(contract, 50, 0, 50)
        self.assertEqual(bill._get_certifiable_lines().contract_line_id, contract.line_ids[:1])

    def test_preview(self):
        """What would be due is shown to the cent, and nothing stays of it."""
        line = f'line_{self.first.id}'
        shown = self.bill.sudo()._preview_certificate(self.actor, {line: '2,500'})
        self.assertEqual(
            {key: text.replace('\xa0', '') for key, text in shown.items()},
            {'difference': '$500.00', 'due': '$7,650.00', 'less': '$450.00'},
        )
        self.assertEqual(self.bill.line_ids.mapped('certified_amount'), [3000, 6000])
        self.assertEqual((self.bill.state, self.bill.current_payment_due), ('submitted', 8100))
        shown = self.bill.sudo()._preview_certificate(self.actor, {})
        self.assertEqual(shown['difference'].replace('\xa0', ''), '$0.00')
        self.assertRefused(lambda: self.bill.sudo()._preview_certificate(self.actor, {line: 'x'}), "is no amount")

    def test_notation(self):
        """Amounts are read and shown in the notation of the reader's language and the decimals of the currency."""
        self.env['res.lang']._activate_lang('de_DE')
        german, english = self.bill.with_context(lang='de_DE'), self.bill.with_context(lang='en_US')
        for bill, text, amount in (
            (english, '1,234.50', 1234.5),
            (english, '1234.5', 1234.5),
            (german, '1.234,50', 1234.5),
            (german, '1234,5', 1234.5),
        ):
            self.assertEqual(float(bill._read_typed_amount(text, "X")), amount)
        self.assertRefused(lambda: german._read_typed_amount('12.34', "X"), "1.234,50")
        self.assertEqual(
            (english._show_typed_amount(1234.5), german._show_typed_amount(1234.5)), ('1,234.50', '1.234,50')
        )
        yen = self.setup_other_currency('JPY', rates=[('2020-01-01', 100.0)])
        bill = self.billing.run(self.make.pro_forma([1000], currency_id=yen.id), 50)
        self.assertEqual(bill.with_context(lang='en_US')._show_typed_amount(1234), '1,234')
        self.assertRefused(lambda: bill.with_context(lang='en_US')._read_typed_amount('1.5', "X"), "is no amount")

    # === DISPUTES === #

    def test_disputable(self):
        """What was handed in can be disputed, whatever became of it; planned, rejected and cancelled bills cannot."""
        contract = self.make.pro_forma([1000])
        bill = self.make.plan(contract, '50%')
        for act, possible in (
            (lambda: None, False),
            (bill.action_create, True),
            (bill.action_submit, True),
            (lambda: bill.action_reject("Roof"), False),
            (bill.action_submit, True),
            (bill.action_approve, True),
            (bill.action_release, True),
        ):
            act()
            with self.subTest(bill.state):
                if possible:
                    bill.action_dispute(" Not so ")
                    self.assertRecordValues(
                        bill,
                        [
                            {
                                'is_disputed': True,
                                'dispute_reason': "Not so",
                                'disputed_by_partner_id': self.env.user.partner_id.id,
                            }
                        ],
                    )
                    self.assertTrue(bill.disputed_on)
                    bill.action_withdraw_dispute()
                else:
                    self.assertRefused(
                        lambda: bill.action_dispute("Not so"),
                        f"{bill.display_name} cannot be disputed: its status is “{bill._get_state_label()}”.",
                    )
                self.assertRecordValues(
                    bill,
                    [
                        {
                            'is_disputed': False,
                            'dispute_reason': False,
                            'disputed_on': False,
                            'disputed_by_partner_id': False,
                        }
                    ],
                )

    def test_dispute_on_the_invoice(self):
        """The invoice says why; the history says who, and that it is over; withdrawing nothing says nothing."""
        self.bill.action_approve()
        self.billing.to_ledger(self.bill)
        self._take('dispute', reason="Tiles")
        self.assertEqual(self.bill.invoice_id.progress_dispute_reason, "Tiles")
        message = self.bill.message_ids.filtered(lambda message: "Disputed: Tiles" in message.body)
        self.assertEqual(message.author_id, self.anna)
        self.bill.action_withdraw_dispute()
        self.assertFalse(self.bill.invoice_id.progress_dispute_reason)
        over = self.bill.message_ids.filtered(lambda message: "The dispute is withdrawn." in message.body)
        self.assertEqual(len(over), 1)
        self.bill.action_withdraw_dispute()
        again = self.bill.message_ids.filtered(lambda message: "The dispute is withdrawn." in message.body)
        self.assertEqual(again, over)

    def test_half_of_several_disputes(self):
        """One bill that cannot be disputed leaves the others undisputed; readers dispute nothing."""
        planned = self.make.plan(self.contract, '10%')
        self.assertRefused((self.bill | planned).action_dispute, "Say what is disputed, so that it can be cleared up.")
        self.assertRefused(lambda: (self.bill | planned).action_dispute("No"), "cannot be disputed")
        self.assertFalse(self.bill.is_disputed)
        for name in ('action_dispute', 'action_withdraw_dispute'):
            act = getattr(self.bill.with_user(self.reader), name)
            self.assertRefused(act, "not allowed to modify", error=AccessError)


@tagged('post_install', '-at_install')
class TestApprovalSteps(ClaimCommon):
    """Who in the office approves, in which order, above which amount (PAG-10)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = cls._employee('boss')

    @classmethod
    def _employee(cls, login, **vals):
        groups = vals.pop('groups', 'progress_billing.group_readonly')
        return new_test_user(cls.env, login=f'step_{login}', groups=groups, company_id=cls.company.id, **vals)

    def _step(self, **vals):
        vals = {'contract_id': self.contract.id, 'name': "Boss", 'user_id': self.boss.id, **vals}
        return self.env['progress.approval.step'].create(vals)

    def test_above(self):
        """A bill of exactly the amount skips the step; 0 is for all; what counts is the claim before retainage."""
        for above, needed in ((0, True), (8999.99, True), (9000, False), (9000.01, False)):
            with self.subTest(above):
                step = self._step(above_amount=above)
                self.assertEqual(bool(self.bill._get_approval_steps()), needed)
                step.unlink()

    def test_credit_counts_by_its_size(self):
        """A bill that gives back is approved by its amount as well."""
        self.bill.action_approve()
        self.billing.to_ledger(self.bill)
        bill = self.billing.draw(self.contract, 10, 10)
        self.assertEqual(bill.amount, -6000)
        self._step(above_amount=5999)
        self.assertTrue(bill._get_approval_steps())

    def test_order(self):
        """By sequence, then as entered."""
        last, first, second = self._step(sequence=20), self._step(sequence=5), self._step(sequence=5)
        self.assertEqual(self.bill._get_approval_steps(), first + second + last)

    def test_which_bills(self):
        """Claims that wait in the office: not planned, rejected, invoiced or cancelled ones, nor opening amounts."""
        self._step()
        self.assertTrue(self.bill._get_approval_steps())
        self.bill.action_approve()
        self.assertTrue(self.bill._get_approval_steps())
        self.bill.action_reject("Roof")
        self.assertFalse(self.bill._get_approval_steps())
        self.assertFalse(self.bill.approval_status)
        self.bill.action_cancel()
        self.assertFalse(self.bill._get_approval_steps())
        self.assertFalse(self.make.plan(self.contract, '10%')._get_approval_steps())

    def test_progress(self):
        """How far the approval is, whose turn it is, and in which words."""
        second = self._employee('second')
        one, two = self._step(name="Site", sequence=1), self._step(name="Board", sequence=2, user_id=second.id)
        for user, percent, mine, words in (
            (None, 0, [True, False], f"0 of 2 steps approved; Site waits for {self.boss.name}"),
            (self.boss, 50, [False, True], f"1 of 2 steps approved; Board waits for {second.name}"),
            (second, 100, [False, False], "2 of 2 steps approved"),
        ):
            if user:
                self.bill.with_user(user).action_approve_step()
            with self.subTest(percent):
                self.assertEqual((self.bill.approval_percent, self.bill.approval_status), (percent, words))
                self.assertEqual([self.bill.with_user(who).is_my_approval for who in (self.boss, second)], mine)
        self.assertRecordValues(
            self.bill.approval_ids,
            [{'step_id': one.id, 'user_id': self.boss.id}, {'step_id': two.id, 'user_id': second.id}],
        )
        self.assertTrue(self.bill.message_ids.filtered(lambda message: "Board: approved." in message.body))
        self.assertRefused(
            self.bill.with_user(second).action_approve_step, f"{self.bill.display_name} waits for no approval."
        )

    def test_changed_figures_wait_again(self):
        """What was read of the approval is not kept where a figure of a line changes that is not billed with it."""
        contract = self.make.pro_forma([1000])
        bill = self.billing.run(contract, 50)
        self._step(contract_id=contract.id)
        bill.with_user(self.boss).action_approve_step()
        self.assertEqual(bill.approval_percent, 100)
        bill.line_ids.retainage_amount = 5
        self.assertEqual(bill.approval_percent, 0)

    def test_turns(self):
        """Who is not asked hears whose turn it is, and nothing is approved."""
        self._step()
        for user in (self.billing_user, self.env.user):
            self.assertRefused(
                self.bill.with_user(user).action_approve_step,
                f"{self.bill.display_name}: it is not your turn. 0 of 1 steps approved; Boss waits for step_boss",
                error=AccessError,
            )
        self.assertFalse(self.bill.approval_ids)

    def test_by_group(self):
        """Anybody of the group approves, by way of a group that implies it too; the person named does as well."""
        group = self.env['res.groups'].create({'name': "Board"})
        above = self.env['res.groups'].create({'name': "Chair", 'implied_ids': [Command.set(group.ids)]})
        step = self._step(user_id=False, group_id=group.id)
        chair = self._employee('chair')
        chair.group_ids += above
        self.assertEqual(
            [step._may_approve(user) for user in (chair, self.boss, self.env['res.users'])], [True, False, False]
        )
        step.user_id = self.boss
        self.assertEqual([step._may_approve(user) for user in (chair, self.boss)], [True, True])
        self.assertIn(
            "waits for Board" if not step.user_id else f"waits for {self.boss.name}", self.bill.approval_status
        )

    def test_who_is_asked(self):
        """Employees of the company in the group, ten at most; archived ones, customers and other companies' not."""
        group = self.env['res.groups'].create({'name': "Board"})
        elsewhere = self.env['res.company'].create({'name': "Other Builders"})
        staff = self.env['res.users'].concat(*(self._employee(str(number)) for number in range(11)))
        gone = self._employee('gone')
        far = new_test_user(self.env, login='step_far', groups='base.group_user', company_id=elsewhere.id)
        (staff | gone | far).group_ids += group
        gone.active = False
        step = self._step(user_id=False, group_id=group.id)
        asked = step._get_approvers()
        self.assertEqual(len(asked), 10)
        self.assertFalse(asked & (gone | far | self.boss))
        step.user_id = self.boss
        self.assertIn(self.boss, step._get_approvers())

    def test_activities(self):
        """The next step is in its approver's activities, once, and nobody else's."""
        self._step(name="Site", sequence=1)
        second = self._employee('second')
        self._step(name="Board", sequence=2, user_id=second.id)
        bill = self.billing.run(self.contract, 40)
        found = [(activity.user_id, activity.summary) for activity in bill.activity_ids]
        self.assertEqual(found, [(self.boss, "Site")])
        bill._remind_approvers()
        self.assertEqual(len(bill.activity_ids), 1)
        other = bill.activity_schedule('mail.mail_activity_data_todo', user_id=self.boss.id, summary="Site")
        bill.with_user(self.boss).action_approve_step()
        self.assertEqual(
            {(activity.user_id, activity.summary) for activity in bill.activity_ids - other}, {(second, "Board")}
        )
        self.assertTrue(other.exists(), "activities of people are theirs")
        bill.action_cancel()
        self.assertEqual(bill.activity_ids, other)

    def test_refused(self):
        """Nobody named, an amount below nothing, and people who cannot approve here."""
        elsewhere = self.env['res.company'].create({'name': "Other Builders"})
        far = new_test_user(self.env, login='step_far', groups='base.group_user', company_id=elsewhere.id)
        customer = new_test_user(
            self.env, login='step_customer', groups='base.group_portal', company_id=self.company.id
        )
        for vals, words in (
            ({'above_amount': -0.01}, "“Above” of Boss cannot be negative."),
            (
                {'user_id': far.id},
                f"{far.name} cannot approve Boss: choose an employee who works in {self.company.name}.",
            ),
            ({'user_id': customer.id}, f"{customer.name} cannot approve Boss: choose an employee"),
        ):
            with self.subTest(words):
                self.assertRefused(lambda vals=vals: self._step(**vals), words, error=ValidationError)
        self.assertFalse(self.contract.approval_step_ids)

    def test_needs_pro_formas(self):
        """Steps without pro formas are refused, whichever comes first."""
        self._step()
        sentence = "steps of approval need pro formas, for an invoice made at once waits for nobody."
        self.assertRefused(lambda: self.contract.write({'use_pro_forma': False}), sentence, error=ValidationError)
        plain = self.make.as_billed([100])
        self.assertRefused(
            lambda: self._step(contract_id=plain.id), f"{plain.display_name}: {sentence}", error=ValidationError
        )
        self.contract.approval_step_ids.unlink()
        self.contract.use_pro_forma = False

    def test_release_is_held(self):
        """No invoice before the last step; approved figures that change are approved again."""
        self._step()
        self.bill.action_approve()
        self.assertRefused(
            self.bill.action_release,
            f"{self.bill.display_name} is not approved yet: 0 of 1 steps approved; Boss waits for {self.boss.name}.",
        )
        self.bill.with_user(self.boss).action_approve_step()
        self.bill.action_reject("Roof")
        self.first.amount = 2900
        self.bill.action_submit()
        self.bill.action_approve()
        self.assertEqual(self.bill.approval_percent, 0)
        self.assertRefused(self.bill.action_release, "is not approved yet")
        self.bill.action_reject("Roof")
        self.first.amount = 3000
        self.bill.action_submit()
        self.assertEqual(self.bill.approval_percent, 100, "on the same figures as before")
