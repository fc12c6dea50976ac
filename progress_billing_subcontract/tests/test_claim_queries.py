from odoo import Command
from odoo.tests import tagged

from odoo.addons.progress_billing.tests.queries import QueryAssertions, count_queries

from .claim_common import ClaimCommon


@tagged('post_install', '-at_install')
class TestClaimQueries(QueryAssertions, ClaimCommon):
    """Many subcontracts invited, handed in and reviewed at once: what one more of them costs."""

    def _subcontracts(self, number):
        contracts = self.env['progress.contract'].concat(
            *(self._subcontract([1000, 500], self.input_tax, retainage_percent=5) for _number in range(number))
        )
        for contract in contracts:
            self._add_invoice_contact(contract, self.mason)
        contracts.user_id = self.env.user
        return contracts.browse(contracts.ids)

    def test_invited_and_reviewed(self):
        def prepare(number):
            contracts = self._subcontracts(number)
            yield contracts.action_invite
            bills = self.env['progress.bill'].search([('contract_id', 'in', contracts.ids)])
            yield bills.action_remind
            yield lambda: bills.action_decline("Holidays")
            bills.action_invite()
            yield bills.action_accept
            bills.line_ids.write({'amount': 100})
            yield bills.action_submit
            yield lambda: bills.action_reject("Bad")
            self.assertEqual([len(bill.activity_ids) for bill in bills], [0] * number)
            bills.action_submit()
            self.assertEqual([bill.activity_ids.user_id for bill in bills], [self.env.user] * number)
            for bill in bills:
                text = ''.join(bill.message_ids.mapped('body'))
                for words in ("Invited to bill", "Declined: Holidays", "in the name of", "Rejected: Bad"):
                    self.assertIn(words, text)

        self.assertEach(prepare, invite=3, remind=0, decline=0, accept=1, submit=0, reject=0)

    def test_created_with_numbers(self):
        """Numbers of many claims are compared with those that are taken in one go."""

        def prepare(number):
            contracts = self._subcontracts(number)
            vals_list = [
                {'contract_id': contract.id, 'date': '2026-03-20', 'vendor_reference': f'R-{contract.id}'}
                for contract in contracts
            ]
            yield lambda: self.env['progress.bill'].create(vals_list)
            bills = contracts.bill_ids
            self.assertEqual(bills.mapped('vendor_reference'), [f'R-{contract.id}' for contract in bills.contract_id])

        self.assertEach(prepare, create=1)

    def test_lines_of_an_order(self):
        """What the lines are worth is asked of the tax engine once, not of the whole order for each of them."""
        contract = self._subcontract([100] * 6, self.input_tax)
        lines, engine = contract.purchase_order_ids.order_line, type(self.env['progress.tax.engine'])
        asked = []
        get_worths = engine._get_worths

        def count(engine, base_lines, *args, **kwargs):
            asked.append(len(base_lines))
            return get_worths(engine, base_lines, *args, **kwargs)

        self.patch(engine, '_get_worths', count)
        quantities = lines._prepare_qty_invoiced()
        self.assertEqual(len(quantities), 6)
        self.assertEqual(asked, [6])

    def test_lines_entered(self):
        """The page of a claim: work, materials stored, a rate and a release for each line, all of them at once."""

        def enter(number):
            contract = self._subcontract([1000] * number, self.input_tax, retainage_percent=10)
            contract.is_retainage_open = True
            self._add_invoice_contact(contract, self.mason)
            self._claim(contract, *[100] * number, post=True, date='2026-02-15')
            bill = self._accepted(contract)
            given = {}
            for place, line in enumerate(bill.line_ids):
                given |= {
                    f'work_{line.id}': str(20 + place),
                    f'unit_{line.id}': 'percent',
                    f'stored_{line.id}': str(5 + place),
                    f'rate_{line.id}': '8',
                    f'release_{line.id}': str(1 + place / 10),
                }
            spent = count_queries(self.env, lambda: self._answer(bill, 'claim', **given))
            last = bill.line_ids[-1]
            self.assertRecordValues(
                last,
                [
                    {
                        'amount': (20 + number - 1) * 10 - 100 - (5 + number - 1),
                        'stored_amount': 5 + number - 1,
                        'retainage_percent': 8,
                        'release_amount': 1 + (number - 1) / 10,
                        'edit_count': 2,
                    }
                ],
            )
            return spent

        self.assertRowsFree(enter, most=400)

    def test_lines_reviewed(self):
        """Each line certified for an amount of its own."""

        def review(number):
            contract = self._subcontract([100] * number, self.input_tax)
            self._add_invoice_contact(contract, self.mason)
            bill = self._accepted(contract)
            bill.line_ids.write({'amount': 30})
            bill.action_submit()
            wizard = self.env['progress.review.wizard'].browse(bill.action_review()['res_id'])
            wizard.line_ids = [
                Command.update(line.id, {'certified_amount': 10 + place / 10})
                for place, line in enumerate(wizard.line_ids)
            ]
            return count_queries(self.env, wizard.action_approve)

        self.assertRowsFree(review, most=400)
