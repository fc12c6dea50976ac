from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .test_compliance import ComplianceCommon

STEPS = ('invite', 'approve', 'pay')


@tagged('post_install', '-at_install')
class TestComplianceCorners(ComplianceCommon):
    """What is asked of whom, what it holds up, and what is said: by table."""

    def test_every_hold_and_state(self):
        """What a document holds up, and whether it stops or warns, by its state: each step after it too."""
        contract = self.make.pro_forma([1000])
        document = self._document(self.insurance, contract_id=contract.id)
        states = {
            'missing': ({}, "is missing"),
            'expired': ({'valid_until': self._day(-1)}, "expired on"),
            'future': ({'number': "P", 'valid_from': self._day(1)}, "is not valid before"),
            'expiring': ({'valid_until': self._day(0)}, ''),
            'valid': ({'number': "P"}, ''),
            'waived': ({'is_waived': True}, ''),
        }
        empty = {'number': False, 'valid_from': False, 'valid_until': False, 'is_waived': False}
        for state, (vals, words) in states.items():
            for number, holds in enumerate(STEPS):
                for policy in ('stop', 'warn'):
                    with self.subTest(state=state, holds=holds, policy=policy):
                        document.write({**empty, **vals, 'holds': holds, 'policy': policy})
                        self.assertEqual(document.state, state)
                        for place, step in enumerate(STEPS):
                            found = {
                                'stop': contract._get_compliance_blockers(step),
                                'warn': contract._get_compliance_warnings(step),
                            }
                            held = bool(words) and place >= number
                            self.assertEqual(len(found[policy]), int(held), step)
                            self.assertFalse(found['warn' if policy == 'stop' else 'stop'])
                            if held:
                                self.assertIn(words, found[policy][0])

    def test_one_sentence_a_type(self):
        """Of several documents of a type the missing one says least: the last that was there is named."""
        contract = self.make.pro_forma([1000])
        self._document(self.insurance, contract_id=contract.id)
        self._document(self.insurance, contract_id=contract.id, valid_until=self._day(-10))
        [sentence] = contract._get_compliance_blockers('approve')
        self.assertIn("expired on", sentence)
        self._document(self.insurance, contract_id=contract.id, is_waived=True)
        self.assertEqual(contract._get_compliance_blockers('approve'), [])

    def test_types_for_a_contract(self):
        """By side and company, those that are asked for by themselves; archived ones are not."""
        contract = self.make.pro_forma([1000])
        other = self.env['res.company'].create({'name': "Elsewhere"})
        base = {'holds': 'pay', 'policy': 'stop'}
        for name, vals, asked in (
            ('all', {'asked_of': 'contract'}, True),
            ('customer', {'asked_of': 'contract', 'side': 'customer'}, True),
            ('vendor', {'asked_of': 'contract', 'side': 'vendor'}, False),
            ('ours', {'asked_of': 'partner', 'company_id': self.company.id}, True),
            ('theirs', {'asked_of': 'partner', 'company_id': other.id}, False),
            ('nobody', {'asked_of': 'none'}, False),
            ('archived', {'asked_of': 'contract', 'active': False}, False),
        ):
            with self.subTest(name=name):
                kind = self.types.create({'name': name, **base, **vals})
                self.assertEqual(kind in self.types._get_for(contract), asked)

    def test_asked_once(self):
        """What is there stays; a firm is asked once for all its contracts, each contract for its own."""
        self.insurance.asked_of, self.licence.asked_of = 'partner', 'contract'
        contracts = self.make.pro_forma([1000]) | self.make.pro_forma([500])
        documents = self.env['progress.compliance'].search([('partner_id', '=', self.customer.id)])
        self.assertEqual(len(documents), 3)
        action = contracts.action_ask_documents()
        self.assertEqual(documents.search([('partner_id', '=', self.customer.id)]), documents)
        self.assertEqual(set(action['domain'][0][2]), set(documents.ids))
        self.assertEqual(action['context'], {})
        one = contracts[0].action_view_compliance()
        self.assertEqual(
            one['context'], {'default_contract_id': contracts[0].id, 'default_partner_id': self.customer.id}
        )

    def test_text_on_the_bill(self):
        """The bill says what its next step waits for: approval, then payment, and nothing when it is over."""
        contract = self.make.pro_forma([1000])
        bill = self.billing.run(contract, 50)
        self._document(self.insurance, contract_id=contract.id, holds='approve')
        self._document(self.licence, contract_id=contract.id, holds='pay')
        self.assertRegex(bill.compliance_text, r'^Insurance of .* is missing\.$')
        contract.compliance_ids.filtered(lambda document: document.type_id == self.insurance).number = "P"
        bill.action_submit()
        bill.action_approve()
        self.env.invalidate_all()
        self.assertRegex(bill.compliance_text, r'^Licence of .* is missing\.$')
        bill.action_cancel()
        self.env.invalidate_all()
        self.assertFalse(bill.compliance_text)

    def test_excuses_by_side(self):
        """A Standard user of the customers' side enters documents; that they are not needed its administrators say."""
        contract = self.make.pro_forma([1000])
        document = self._document(self.insurance, contract_id=contract.id)
        vendors = new_test_user(
            self.env,
            login='vendors_admin',
            groups='progress_billing.group_user,progress_billing.group_subcontract_manager',
            company_id=self.company.id,
        )
        for user in (self.billing_user, vendors):
            with self.subTest(user=user.login):
                self.assertRefused(
                    lambda user=user: document.with_user(user).write({'is_waived': True}),
                    "only administrators say that a document is not needed",
                    error=AccessError,
                )
        document.with_user(self.billing_user).write({'number': "P-1", 'policy': 'stop', 'is_waived': False})
        self.assertEqual(document.state, 'valid')

    def test_excused_by_another_type(self):
        """A type that stops less excuses as well; one that stops the same is corrected by whoever enters documents."""
        document = self._document(self.insurance, contract_id=self.make.pro_forma([1000]).id)
        mine = document.with_user(self.billing_user)
        self.assertRefused(
            lambda: mine.write({'type_id': self.licence.id}), "only administrators say", error=AccessError
        )
        same = self.insurance.copy({'name': "Liability"})
        mine.write({'type_id': same.id})
        self.assertRecordValues(document, [{'type_id': same.id, 'policy': 'stop', 'holds': 'approve'}])
        document.write({'type_id': self.licence.id})
        self.assertRecordValues(document, [{'policy': 'warn', 'holds': 'pay'}])

    def test_names(self):
        document = self._document(self.insurance, number="P-1")
        self.assertEqual(document.display_name, f"Insurance P-1 ({self.customer.display_name})")
        document.number = False
        self.assertEqual(document.display_name, f"Insurance ({self.customer.display_name})")

    def test_who_is_told(self):
        """The contract's responsible person; of a firm's document whoever entered it."""
        contract = self.make.pro_forma([1000], user_id=self.accountant.id)
        mine = self._document(self.insurance, contract_id=contract.id)
        theirs = self._document(self.licence)
        self.assertEqual((mine._get_responsible(), theirs._get_responsible()), (self.accountant, theirs.create_uid))
        contract.user_id.sudo().active = False
        self.assertEqual(mine._get_responsible(), self.env.user)
