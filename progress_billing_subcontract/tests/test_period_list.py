import xmlrpc.client

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.progress_billing.tests.queries import count_queries

from .claim_common import ClaimCommon

XMLRPC_INTEGERS = 2**31


@tagged('post_install', '-at_install')
class TestPeriodList(ClaimCommon):
    """The list of a period: a row for each claim, and one for each open subcontract without."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.april = cls.env['progress.billing.period'].create(
            {
                'project_id': cls.project.id,
                'date_start': '2026-04-01',
                'date_end': '2026-04-30',
                'date_due': '2026-05-05',
            }
        )
        cls.other = cls._subcontract([5000], cls.input_tax)
        cls.rows = cls.env['progress.subcontract.status']

    def _rows(self, *domain):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.rows.search([('project_id', '=', self.project.id), *domain])

    def _row(self, contract=None, period=None):
        domain = [('contract_id', '=', (contract or self.contract).id), ('period_id', '=', (period or self.period).id)]
        return self._rows(*domain)

    # === IDS === #

    def test_ids_travel(self):
        """However many contracts there are, ids of rows without a claim fit what XML-RPC carries, and stay apart."""
        self.env.cr.execute("SELECT last_value FROM progress_contract_id_seq")
        setval = "SELECT setval('progress_contract_id_seq', %s)"
        self.addCleanup(self.env.cr.execute, setval, self.env.cr.fetchone())  # a rollback leaves sequences alone
        self.env.cr.execute(setval, [99999])
        late = self._subcontract([100]) | self._subcontract([200])
        self._accepted()
        rows = self._rows()
        self.assertEqual(len(set(rows.ids)), 8, "Four subcontracts in two periods.")
        self.assertLess(max(rows.ids), XMLRPC_INTEGERS)
        self.assertGreater(min(rows.ids), 0, "An id stands in addresses.")
        self.assertEqual(xmlrpc.client.loads(xmlrpc.client.dumps((rows.ids,)))[0][0], rows.ids)
        self.assertGreater(min(late.ids), 99999)

    def test_a_row_is_found_by_its_id(self):
        """What a list sends back is the row it showed: read, opened, and there in the next transaction."""
        self._accepted()
        for row in self._rows():
            with self.subTest(contract=row.contract_id.name, period=row.period_id.name):
                again = self.rows.browse(row.id)
                self.assertEqual(again.exists(), row)
                self.assertEqual(
                    again.web_read({'contract_id': {}, 'period_id': {}, 'claim_status': {}}),
                    [
                        {
                            'id': row.id,
                            'contract_id': row.contract_id.id,
                            'period_id': row.period_id.id,
                            'claim_status': row.claim_status,
                        }
                    ],
                )
                expected = row.bill_id or row.contract_id
                action = again.action_open_claim()
                self.assertEqual((action['res_model'], action['res_id']), (expected._name, expected.id))

    def test_ids_stay(self):
        """A claim of one subcontract, a further period, and another subcontract leave the other rows their ids."""
        before = {(row.contract_id, row.period_id): row.id for row in self._rows()}
        self._accepted()
        self.april.copy({'date_start': '2026-05-01', 'date_end': '2026-05-31', 'name': "May"})
        self._subcontract([100])
        after = {(row.contract_id, row.period_id): row.id for row in self._rows()}
        self.assertNotEqual(after.pop((self.contract, self.period)), before.pop((self.contract, self.period)))
        self.assertEqual({key: after[key] for key in before}, before)

    # === ROWS === #

    def test_which_rows(self):
        """Of an open subcontract one a period; of a closed one its claims; of a draft, a cancelled one, none."""
        self._claim(self.contract, 100, post=True, period_id=self.period.id)
        for state, expected in (
            ('open', {self.period, self.april}),
            ('closed', {self.period}),
            ('draft', set()),
            ('cancelled', set()),
        ):
            with self.subTest(state=state):
                self.contract._write_protected({'state': state})
                found = {row.period_id for row in self._rows(('contract_id', '=', self.contract.id))}
                self.assertEqual(found, expected)

    def test_no_row_for(self):
        """A customer's contract, a subcontract without a project, a period of another project, opening amounts."""
        self.make.pro_forma([100])
        elsewhere = self.make.project(name="Elsewhere")
        self.period.copy({'project_id': elsewhere.id})
        self.other.project_id = False
        self.env['progress.bill']._create_protected(
            [{'contract_id': self.contract.id, 'kind': 'opening', 'date': '2026-03-01', 'period_id': self.period.id}]
        )
        rows = self._rows()
        self.assertEqual(rows.contract_id, self.contract)
        self.assertEqual(rows.mapped('claim_status'), ['not_invited', 'not_invited'])
        self.assertFalse(rows.bill_id)
        self.assertFalse(self.rows.search([('project_id', '=', elsewhere.id)]))

    def test_two_claims_of_a_period(self):
        """Work and retainage are claimed apart: a row each, none without a claim beside them."""
        self._claim(self.contract, 10000, post=True, date='2026-02-15')
        work, release = self._invite(), self._invite(invitation_type='retainage')
        self.assertEqual(self._row().bill_id, work | release)
        work._write_protected({'review_state': 'cancelled'})
        self.assertEqual(self._row().bill_id, release)
        release._write_protected({'review_state': 'cancelled'})
        self.assertRecordValues(self._row(), [{'bill_id': False, 'claim_status': 'not_invited'}])

    def test_a_row_says(self):
        """Who, whose, in which currency and period; of a claim what was claimed, certified and is due."""
        self.contract.user_id = self.sub_manager
        bill = self._accepted()
        self._answer(bill, 'submit', vendor_reference='R-5', **self._work(bill, '10000', '5000'))
        same = {
            'contract_id': self.contract.id,
            'partner_id': self.vendor.id,
            'company_id': self.company.id,
            'user_id': self.sub_manager.id,
            'currency_id': self.contract.currency_id.id,
        }
        march = {
            **same,
            'period_id': self.period.id,
            'period_state': 'open',
            'date_start': self.period.date_start,
            'date_due': self.period.date_due,
            'bill_id': bill.id,
            'vendor_reference': 'R-5',
            'claimed_amount': 15000,
            'certified_amount': 0,
            'claim_status': 'under_review',
        }
        self.assertRecordValues(self._row(), [march])
        self.assertRecordValues(
            self._row(period=self.april),
            [{**same, 'period_id': self.april.id, 'bill_id': False, 'claimed_amount': 0, 'vendor_reference': False}],
        )
        bill.line_ids[0].certified_amount = 9000
        bill.action_approve()
        noted = {'certified_amount': 14000, 'amount_due': 12600, 'claim_status': 'approved_as_noted'}
        self.assertRecordValues(self._row(), [{**march, **noted}])
        bill.invoice_id.action_post()
        self.assertRecordValues(self._row(), [{**march, **noted, 'claim_status': 'billed'}])

    def test_latest_period_first(self):
        self.assertEqual(
            [(row.period_id, row.contract_id) for row in self._rows()],
            [
                (self.april, self.other),
                (self.april, self.contract),
                (self.period, self.other),
                (self.period, self.contract),
            ],
            "The latest subcontract first in each.",
        )

    # === BLOCKERS === #

    def test_blockers_of_those_who_wait(self):
        """They are said until the invitation is answered, and while the period is open."""
        self.assertEqual(self._row(self.other).blockers, "Add an invoice contact.")
        contact = self._add_invoice_contact(self.other, self.mason)
        bill = self._invite(self.other)
        contact.unlink()
        self.assertRecordValues(
            self._row(self.other), [{'claim_status': 'invited', 'blockers': "Add an invoice contact."}]
        )
        self.period.action_close()
        self.assertRecordValues(self._row(self.other), [{'period_state': 'closed', 'blockers': False}])
        self.period.action_reopen()
        bill.action_accept()
        self.assertRecordValues(self._row(self.other), [{'claim_status': 'draft', 'blockers': False}])

    def test_blockers_are_the_subcontracts(self):
        """A reader of subcontracts is told them too: what is in the way is no secret of the contacts."""
        row = self._row(self.other).with_user(self.sub_reader)
        self.assertEqual(row.blockers, "Add an invoice contact.")

    # === ACTIONS === #

    def test_invite_from_the_list(self):
        """Rows of several periods are one subcontract each in the dialog."""
        rows = self._rows()
        action = rows.action_invite()
        self.assertEqual(sorted(action['context']['default_contract_ids']), sorted((self.contract | self.other).ids))
        self.assertEqual(action['target'], 'new')
        wizard = self.env['progress.invite.wizard'].with_context(**action['context']).create({})
        self.assertEqual(wizard.contract_ids, self.contract | self.other)
        self.assertEqual(wizard.invitation_type, 'all')
        wizard.action_confirm()
        self.assertEqual(self._row().claim_status, 'invited')
        self.assertEqual(self._row(self.other).claim_status, 'not_invited', "Nobody can be reached.")

    def test_remind_from_the_list(self):
        """Those who wait are reminded, once a day each; the others chosen are left alone."""
        self._add_invoice_contact(self.other, self.mason)
        waiting, done = self._invite(), self._accepted(self.other)
        done.line_ids.amount = 10
        done.action_submit()
        action = self._rows().action_remind()
        self.assertIn("Mia Mason", action['params']['message'])
        self.assertEqual(sorted(waiting.notice_ids.mapped('kind')), ['invited', 'reminder'])
        self.assertNotIn('reminder', done.notice_ids.mapped('kind'))

    def test_open_the_claim_or_the_subcontract(self):
        bill = self._invite()
        claims = self.env.ref('progress_billing_subcontract.action_progress_subcontract_bill')
        contracts = self.env.ref('progress_billing_subcontract.action_progress_subcontract')
        for row, action, record in (
            (self._row(), claims, bill),
            (self._row(self.other), contracts, self.other),
        ):
            with self.subTest(record=record.display_name):
                found = row.action_open_claim()
                self.assertEqual((found['id'], found['res_id'], found['view_mode']), (action.id, record.id, 'form'))
                self.assertEqual([kind for _view, kind in found['views']], ['form'])

    def test_who_sees_rows(self):
        """Readers of subcontracts; nobody of the customer's side, nobody from outside, of their companies alone."""
        self.assertEqual(len(self._rows().with_user(self.sub_reader).search([('id', 'in', self._rows().ids)])), 4)
        for user in (self.billing_user, self._make_user('list_portal', 'base.group_portal')):
            with self.subTest(user=user.login):
                self.assertRefused(
                    lambda user=user: self.rows.with_user(user).search([]),
                    regex="not allowed|access",
                    error=AccessError,
                )
        elsewhere = self.env['res.company'].create({'name': "Elsewhere"})
        stranger = self._make_user('list_stranger', 'progress_billing.group_subcontract_manager')
        stranger.write({'company_ids': [(6, 0, elsewhere.ids)], 'company_id': elsewhere.id})
        self.assertFalse(self.rows.with_user(stranger).with_company(elsewhere).search([]))

    def test_nobody_writes_rows(self):
        row = self._row()
        for act in (lambda: row.write({'claim_status': 'paid'}), row.unlink, lambda: self.rows.create({})):
            self.assertRefused(act, regex="not allowed|access", error=AccessError)

    def test_queries(self):
        """Rows and their blockers take as many queries for twelve subcontracts as for two."""

        def read():
            rows = self.rows.search([('project_id', '=', self.project.id), ('period_id', '=', self.period.id)])
            rows.read(['contract_id', 'claim_status', 'amount_due', 'vendor_reference', 'blockers'])

        read()
        few = count_queries(self.env, read)
        self.env['progress.contract'].concat(*(self._subcontract([100]) for _number in range(10)))
        many = count_queries(self.env, read)
        self.assertLessEqual(many, few + 2)


@tagged('post_install', '-at_install')
class TestActionsMenu(ClaimCommon):
    """Changes of status of many at once: the entries of the Actions menu on a list of claims."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._subcontract([5000], cls.input_tax)
        cls._add_invoice_contact(cls.other, cls.mason)
        cls.bills = cls._invite() | cls._invite(cls.other)

    def _choose(self, name, records, user=None):
        action = self.env.ref(f'progress_billing_subcontract.action_server_claims_{name}')
        action = action.with_context(active_model='progress.bill', active_ids=records.ids, active_id=records[:1].id)
        return action.with_user(user or self.env.user).run()

    def test_accept_and_submit(self):
        """Accepted, entered and handed in for both in the subcontractors' names, by a Standard user."""
        action = self._choose('accept', self.bills, self.standard_user)
        self.assertEqual(action['domain'], [('id', 'in', self.bills.ids)])
        self.assertEqual(self.bills.mapped('claim_status'), ['draft', 'draft'])
        for bill in self.bills:
            bill.line_ids[0].amount = 100
        self._choose('submit', self.bills, self.standard_user)
        self.assertRecordValues(self.bills, [{'claim_status': 'under_review', 'is_on_behalf': True, 'amount': 100}] * 2)

    def test_one_that_cannot_keeps_the_others(self):
        """All or none: an answered claim among them, and the other stays an invitation."""
        self.bills[0].action_decline("No")
        self.assertRefused(
            lambda: self._choose('accept', self.bills), self.bills[0].display_name, "waits for an answer"
        )
        self.assertEqual(self.bills.mapped('claim_status'), ['declined', 'invited'])
        self.bills[1].action_accept()
        self.assertRefused(lambda: self._choose('submit', self.bills[1]), "Nothing is claimed on")

    def test_vendor_bills_and_cancel(self):
        """What waited for a step of the office is billed from the list; what is under review is cancelled."""
        steps = self.env['progress.approval.step'].create(
            [
                {'contract_id': contract.id, 'name': "Head of projects", 'user_id': self.env.user.id}
                for contract in (self.contract, self.other)
            ]
        )
        self.assertTrue(steps)
        self.bills.action_accept()
        for bill in self.bills:
            bill.line_ids[0].amount = 100
        self.bills.action_submit()
        self._choose('cancel', self.bills[1])
        self.assertRecordValues(self.bills[1], [{'state': 'cancelled', 'claim_status': False}])
        self.bills[0].action_approve()
        self.assertFalse(self.bills[0].invoice_id)
        self.bills[0].action_approve_step()
        self._choose('release', self.bills[0])
        self.assertLedger(self.bills[0].invoice_id, expense=100, input_tax=10, payable_retainage=-10, payable=-100)

    def test_who_is_offered_what(self):
        """On lists of claims alone, to whoever may: Standard accepts and submits, administrators bill and cancel."""
        names = {
            name: self.env.ref(f'progress_billing_subcontract.action_server_claims_{name}')
            for name in ('accept', 'submit', 'release', 'cancel')
        }
        for user, expected in (
            (self.sub_reader, set()),
            (self.standard_user, {'accept', 'submit'}),
            (self.sub_manager, set(names)),
            (self.billing_user, set()),
        ):
            with self.subTest(user=user.login):
                bindings = self.env['ir.actions.actions'].with_user(user).get_bindings('progress.bill')
                offered = {action['id'] for action in bindings.get('action', ())}
                found = {name for name, action in names.items() if action.id in offered}
                self.assertEqual(found, expected)
        self.assertEqual({action.binding_view_types for action in names.values()}, {'list'})

    def test_chosen_by_its_id_alone(self):
        """Who is not offered an entry gets no further by running it."""
        for name, user in (
            ('accept', self.sub_reader),
            ('submit', self.sub_reader),
            ('release', self.standard_user),
            ('cancel', self.standard_user),
        ):
            with self.subTest(name=name):
                self.assertRefused(
                    lambda name=name, user=user: self._choose(name, self.bills, user),
                    regex="access|not allowed|Only administrators",
                    error=AccessError,
                )
                self.assertEqual(self.bills.mapped('claim_status'), ['invited', 'invited'])

    def test_set_up_many_orders(self):
        """The entry of the order's list: each order becomes a subcontract, for administrators of subcontracts."""
        orders = self._make_purchase([100]) | self._make_purchase([200])
        action = self.env.ref('progress_billing_subcontract.action_set_up_progress_billing')
        action = action.with_context(active_model='purchase.order', active_ids=orders.ids, active_id=orders[0].id)
        buyer = self._make_user('menu_buyer', 'purchase.group_purchase_manager')
        self.assertRefused(lambda: action.with_user(buyer).run(), regex="access|not allowed", error=AccessError)
        self.assertFalse(orders.progress_contract_id)
        shown = action.run()
        self.assertEqual(shown['domain'], [('id', 'in', orders.progress_contract_id.ids)])
        self.assertEqual(orders.progress_contract_id.mapped('revised_amount'), [100, 200])


@tagged('post_install', '-at_install')
class TestPeriodDay(ClaimCommon):
    """What a period means for its claims, day by day."""

    def test_the_status_of_a_month_after(self):
        """In April the list shows both months; the claim of March is billed there, April waits."""
        bill = self._accepted()
        self._answer(bill, 'submit', **self._work(bill, '1000'))
        bill.action_approve()
        bill.invoice_id.action_post()
        self.period.action_close()
        april = self.period.copy({'date_start': '2026-04-01', 'date_end': '2026-04-30', 'date_due': '2026-05-05'})
        with freeze_time('2026-04-02'):
            self._invite()
            self.env.flush_all()
            rows = self.env['progress.subcontract.status'].search([('contract_id', '=', self.contract.id)])
            self.assertEqual(
                [(row.period_id, row.claim_status) for row in rows], [(april, 'invited'), (self.period, 'billed')]
            )
