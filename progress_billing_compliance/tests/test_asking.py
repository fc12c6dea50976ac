from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.progress_billing.tests.queries import QueryAssertions, count_queries

from .test_compliance import ComplianceCommon


@tagged('post_install', '-at_install')
class TestAsking(QueryAssertions, ComplianceCommon):
    """What is asked of whom when a contract opens, and what stands above it and its bills (CMP-3)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.is_company = True
        cls.person = cls.env['res.partner'].create({'name': "Site Office", 'parent_id': cls.customer.id})
        cls.of_firm, cls.of_contract = cls.types.create(
            [
                {'name': "Register", 'asked_of': 'partner', 'holds': 'pay', 'policy': 'warn'},
                {'name': "Bond", 'asked_of': 'contract', 'holds': 'approve', 'policy': 'stop'},
            ]
        )
        cls.before = cls.make.pro_forma([1000], do_open=False)

    def _asked(self, *contracts):
        """Type, partner and contract of the documents of these contracts, those of their firms included."""
        documents = self.env['progress.compliance']
        for contract in contracts:
            documents |= documents._find_for(contract)
        return sorted((one.type_id.name, one.partner_id.name, one.contract_id.id) for one in documents)

    # === WHAT IS ASKED === #

    def test_firm_and_contract(self):
        """A firm's document is the firm's, whoever of it the contract is with; a contract's is that person's."""
        contract = self.make.pro_forma([1000], partner_id=self.person.id)
        self.assertEqual(
            self._asked(contract), [("Bond", "Site Office", contract.id), ("Register", "Builder's Customer", False)]
        )
        self.assertRecordValues(
            contract.compliance_ids, [{'company_id': self.company.id, 'holds': 'approve', 'policy': 'stop'}]
        )
        self.before.action_open()
        self.assertEqual(
            self._asked(contract, self.before),
            [
                ("Bond", "Builder's Customer", self.before.id),
                ("Bond", "Site Office", contract.id),
                ("Register", "Builder's Customer", False),
            ],
        )

    def test_what_is_there_stays(self):
        """A document of the type is not asked for again, whatever its status and whosever it is of the two."""
        for number, vals in enumerate(
            (
                {'contract_id': self.before.id},
                {'contract_id': self.before.id, 'is_waived': True},
                {'contract_id': self.before.id, 'valid_until': self._day(-1)},
                {'partner_id': self.person.id},
            )
        ):
            with self.subTest(number=number), self.env.cr.savepoint() as savepoint:
                document = self._document(self.of_contract, **vals)
                self.before.action_open()
                found = self.env['progress.compliance']._find_for(self.before)
                self.assertEqual(found.filtered(lambda one: one.type_id == self.of_contract), document)
                savepoint.rollback()
            self.env.invalidate_all(flush=False)

    def test_several_at_once(self):
        """One firm is asked once, two firms each, and every contract for its own."""
        stranger = self.env['res.partner'].create({'name': "Stranger", 'is_company': True})
        contracts = self.before
        for partner in (self.person, stranger, stranger):
            contracts |= self.make.pro_forma([500], do_open=False, partner_id=partner.id)
        contracts._ask_for_documents()
        firms = self.env['progress.compliance'].search([('type_id', '=', self.of_firm.id)])
        self.assertEqual(firms.partner_id, self.customer | stranger)
        self.assertEqual(len(firms), 2)
        self.assertEqual(contracts.mapped('compliance_ids.type_id'), self.of_contract)
        self.assertEqual([len(contract.compliance_ids) for contract in contracts], [1, 1, 1, 1])

    def test_each_company(self):
        """The same firm is asked by each company, and a document of one counts for nothing in the other."""
        other = self.env['res.company'].create({'name': "Elsewhere"})
        self.before.action_open()
        theirs = (
            self.env['progress.compliance']
            .sudo()
            .create(
                {'type_id': self.of_contract.id, 'partner_id': self.customer.id, 'company_id': other.id, 'number': "P"}
            )
        )
        self.assertEqual(len(self.before._get_compliance_blockers('approve')), 1)
        theirs.company_id = self.company
        self.assertEqual(self.before._get_compliance_blockers('approve'), [])
        self.of_firm.company_id = self.of_contract.company_id = other
        again = self.make.pro_forma([100], partner_id=self.env['res.partner'].create({'name': "New"}).id)
        self.assertEqual(self._asked(again), [])

    def test_waivers_are_added(self):
        """A waiver that is asked of each contract is on it, beside those that were chosen, and is no document."""
        chosen, asked, archived = self.types.create(
            [
                {'name': "Chosen", 'kind': 'conditional'},
                {'name': "Asked", 'kind': 'unconditional', 'asked_of': 'contract'},
                {'name': "Archived", 'kind': 'unconditional', 'asked_of': 'contract', 'active': False},
            ]
        )
        self.before.waiver_type_ids = chosen
        self.before.action_open()
        self.assertEqual(self.before.waiver_type_ids, chosen | asked)
        self.assertNotIn(archived, self.before.waiver_type_ids)
        self.assertEqual(self.before.compliance_ids.type_id, self.of_contract)
        self.before.waiver_type_ids -= asked
        self.before.action_ask_documents()
        self.assertEqual(self.before.waiver_type_ids, chosen | asked)

    def test_asked_later(self):
        """The button asks for what its type asks for since; who may read the contract only does not ask."""
        self.before.action_open()
        later = self.types.create({'name': "Later", 'asked_of': 'contract', 'side': 'customer'})
        self.assertRefused(
            self.before.with_user(self.reader).action_ask_documents, "not allowed to modify", error=AccessError
        )
        self.assertNotIn(later, self.before.compliance_ids.type_id)
        action = self.before.with_user(self.billing_user).action_ask_documents()
        self.assertIn(later, self.before.compliance_ids.type_id)
        self.assertEqual(action['res_model'], 'progress.compliance')
        self.assertEqual(len(action['domain'][0][2]), 3)
        self.assertEqual(len(self.before.with_user(self.reader).action_view_compliance()['domain'][0][2]), 3)
        plain = new_test_user(self.env, login='plain_asks', groups='base.group_user', company_id=self.company.id)
        with self.assertRaisesRegex(AccessError, "not allowed to access"):
            self.before.with_user(plain).action_view_compliance()

    def test_who_opens_need_not_keep_documents(self):
        """The documents are made whoever opens the contract, in the contract's company."""
        self.before.with_user(self.billing_user).action_open()
        self.assertEqual(self._asked(self.before)[0][0], "Bond")

    # === WHAT IS SHOWN === #

    def test_shown_on_the_contract(self):
        """What would stop the last step comes first, then what warns; each type once; and how many there are."""
        self.before.action_open()
        self._document(self.insurance, contract_id=self.before.id, holds='invite')
        self.env.invalidate_all()
        self.assertEqual(self.before.compliance_count, 3)
        self.assertEqual(
            self.before.compliance_text.splitlines(),
            [
                "Insurance of Builder's Customer is missing.",
                "Bond of Builder's Customer is missing.",
                "Register of Builder's Customer is missing.",
            ],
        )
        self.env['progress.compliance']._find_for(self.before).number = "P"
        self.env.invalidate_all()
        self.assertEqual((self.before.compliance_text, self.before.compliance_count), ('', 3))

    def test_shown_at_once(self):
        """What is entered is seen in the same transaction, on the contract and its bills."""
        self.before.action_open()
        bill = self.billing.run(self.before, 50)
        firm = self.env['progress.compliance']._find_for(self.before) - self.before.compliance_ids
        self.assertIn("Bond", bill.compliance_text)
        self.assertIn("Bond", self.before.compliance_text)
        self.before.compliance_ids.number = "P"
        self.assertEqual(self.before.compliance_text, "Register of Builder's Customer is missing.")
        self.assertEqual(bill.compliance_text, '', "what is missing holds up no approval")
        firm.is_waived = True
        self.env.invalidate_all()
        self.assertEqual(self.before.compliance_text, '')
        self.before.compliance_ids.unlink()
        self.assertEqual(self.before.compliance_count, 1)

    def test_shown_on_bills(self):
        """By state: what approval waits for, then what payment waits for; nothing of what is over."""
        self.before.action_open()
        plan = self.make.plan(self.before, '10%', '2026-03-01')
        bill = self.billing.run(self.before, 50)
        bond, register = "Bond of Builder's Customer is missing.", "Register of Builder's Customer is missing."
        for act, expected in (
            (lambda: None, bond),
            (bill.action_submit, bond),
            (lambda: bill.action_reject("Too much"), bond),
            (self._excuse, ''),
            (bill.action_submit, ''),
            (bill.action_approve, register),
            (bill.action_release, register),
            (lambda: bill.invoice_id.action_post(), register),
            (lambda: self.billing.pay(bill.invoice_id), ''),
        ):
            act()
            self.env.invalidate_all()
            self.assertEqual(bill.compliance_text, expected, bill.state)
        self.assertEqual(plan.compliance_text, '')
        plan.action_cancel()
        self.before.compliance_ids.is_waived = False
        self.env.invalidate_all()
        self.assertEqual(plan.compliance_text, '')

    def _excuse(self):
        self.before.compliance_ids.is_waived = True

    # === HOW MUCH IT COSTS === #

    def test_costs(self):
        """Asking for many contracts, and reading what many bills miss, takes no query more a record."""
        contracts = self.before.browse()
        for _number in range(12):
            contracts |= self.make.pro_forma([100], do_open=False)
        contracts._ask_for_documents()
        sizes = contracts[:4], contracts
        read = self.env['progress.contract'].browse
        few, many = (
            count_queries(self.env, lambda some=some: read(some.ids).mapped('compliance_text')) for some in sizes
        )
        self.assertLessEqual(many, few + 1)
        few, many = (count_queries(self.env, lambda some=some: some._ask_for_documents()) for some in sizes)
        self.assertLessEqual(many, few + 3 * (len(contracts) - 4), "one search of types a contract, and what it reads")
        self.assertEqual(len(contracts.compliance_ids), 12)
        contracts.compliance_ids.write({'attachment_ids': [Command.clear()], 'number': "P"})
        state = self.env['progress.compliance'].browse
        few, many = (
            count_queries(self.env, lambda some=some: state(some.compliance_ids.ids).mapped('state')) for some in sizes
        )
        self.assertLessEqual(many, few + 1)

    def test_queries_of_reminders(self):
        """Documents of one kind that end on one day are reminded of together."""

        def remind(number):
            documents = self.env['progress.compliance'].concat(
                *(
                    self._document(self.insurance, contract_id=contract.id, valid_until=self._day(3))
                    for contract in (self.make.pro_forma([100]) for _number in range(number))
                )
            )
            cost = count_queries(self.env, documents.browse(documents.ids)._remind)
            self.assertEqual([len(document.activity_ids) for document in documents], [1] * number)
            self.assertEqual(set(documents.mapped('reminded_on')), {self.today})
            return cost

        self.assertRowsFree(remind, most=60)
