from decimal import Decimal

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import ProgressBillingCommon


@tagged('post_install', '-at_install')
class TestRetainageTable(ProgressBillingCommon):
    """Retainage, case by case: rates, steps, releases, settings and what is shown (RET-1 to RET-23)."""

    # === RATES === #

    def test_set_rates(self):
        """For lines added from now on, or for all; the rate on stored materials stays unless it is given."""
        contract = self.make.as_billed([1000, 500], retainage_percent=10, stored_retainage_percent=4)
        action = contract.action_set_retainage(8)
        self.assertEqual((action['res_model'], action['res_id']), ('progress.contract', contract.id))
        self.assertEqual((contract.retainage_percent, contract.stored_retainage_percent), (8, 4))
        self.assertEqual(contract.line_ids.mapped('retainage_percent'), [10, 10])
        contract.action_set_retainage(6, all_lines=True)
        self.assertEqual(contract.line_ids.mapped('retainage_percent'), [6, 6])
        self.assertEqual(contract.line_ids.mapped('stored_retainage_percent'), [4, 4])
        contract.action_set_retainage(6, 0, all_lines=True)
        self.assertEqual(contract.line_ids.mapped('stored_retainage_percent'), [0, 0])
        self.make.extra(contract, 100, name="New")
        self.assertEqual(contract.line_ids[-1].retainage_percent, 6)

    def test_sections_have_no_rates(self):
        """Titles hold nothing back."""
        contract = self.make.contract(
            [],
            do_open=False,
            retainage_percent=10,
            line_ids=[Command.create({'display_type': 'line_section', 'name': "X"})],
        )
        self.assertEqual(contract.line_ids.retainage_percent, 0)

    def test_bounds(self):
        """0 and 100 are rates, beyond them is none, on contract, line and bill line; named by field and record."""
        contract = self.make.pro_forma([1000])
        bill = self.billing.run(contract, 50)
        for record in (contract, contract.line_ids, bill.line_ids):
            for name, label in (
                ('retainage_percent', "Retainage (%)"),
                ('stored_retainage_percent', "Retainage on Stored (%)"),
            ):
                with self.subTest(model=record._name, name=name):
                    for percent in (100, 0):
                        record[name] = percent
                    for percent in (-0.01, 100.01):
                        self.assertRefused(
                            lambda record=record, name=name, percent=percent: record.write({name: percent}),
                            f"{label} of {record.display_name} would be {percent}. It must be between 0 and 100.",
                            error=ValidationError,
                        )

    def test_has_retainage(self):
        """Rates of contract or line, steps, and what a bill holds are retainage; a cap alone is none."""
        self.assertFalse(self.make.contract([1000])._has_retainage())
        self.assertFalse(self.make.contract([1000], retainage_cap_percent=5)._has_retainage())
        for vals in (
            {'retainage_percent': 10},
            {'stored_retainage_percent': 10},
            {'retainage_step_ids': [Command.create({'completed_percent': 50, 'retainage_percent': 5})]},
            {'line_vals': {'retainage_percent': 10}},
            {'line_vals': {'stored_retainage_percent': 10}},
        ):
            with self.subTest(vals):
                self.assertTrue(self.make.contract([1000], **vals)._has_retainage())
        contract = self.make.as_billed([1000], retainage_percent=10)
        bill = self.billing.draw(contract, 50)
        contract.action_set_retainage(0, 0, all_lines=True)
        self.assertTrue(contract._has_retainage(), "something is held")
        self.billing.credit(bill.invoice_id)
        self.assertFalse(contract._has_retainage())

    # === STEPS AND CAP === #

    def test_steps_refused(self):
        """A step begins above 0 and at most at 100 %, with a rate between 0 and 100; one for each beginning."""
        contract = self.make.contract([1000])
        for start, rate in ((0, 5), (-1, 5), (100.01, 5), (50, -0.01), (50, 100.01)):
            with self.subTest(start=start, rate=rate):
                self.assertRefused(
                    lambda start=start, rate=rate: contract.write(
                        {
                            'retainage_step_ids': [
                                Command.create({'completed_percent': start, 'retainage_percent': rate})
                            ]
                        }
                    ),
                    f"A retainage step of {contract.display_name} starts above 0 % and at most at 100 % complete",
                    error=ValidationError,
                )
        contract.retainage_step_ids = [
            Command.create({'completed_percent': start, 'retainage_percent': rate})
            for start, rate in ((100, 0), (0.0001, 100), (50, 5))
        ]
        self.assertEqual(contract.retainage_step_ids.sorted().mapped('completed_percent'), [0.0001, 50, 100])
        self.assertEqual(contract.copy().retainage_step_ids.sorted().mapped('completed_percent'), [0.0001, 50, 100])

    def test_step_in_force(self):
        """Which rate holds at a share of completion: of the whole balance a step's, else the contract's own."""
        contract = self.make.contract([1000], retainage_percent=10)
        self.assertEqual(contract._get_retainage_step(80), 10)
        contract.retainage_step_ids = [
            Command.create({'completed_percent': 75, 'retainage_percent': 2}),
            Command.create({'completed_percent': 50, 'retainage_percent': 5}),
        ]
        for percent, rate in ((0, 10), (49.9999, 10), (50, 5), (74.9999, 5), (75, 2), (100, 2)):
            self.assertEqual(contract._get_retainage_step(percent), rate, percent)
        contract.retainage_step_mode = 'after'
        self.assertEqual(contract._get_retainage_step(80), 10)

    def test_cap_refused(self):
        contract = self.make.contract([1000])
        for percent in (-0.01, 100.01):
            self.assertRefused(
                lambda percent=percent: contract.write({'retainage_cap_percent': percent}),
                f"The retainage cap of {contract.display_name} must be between 0 and 100 %.",
                error=ValidationError,
            )
        for percent in (0, 100):
            contract.retainage_cap_percent = percent

    # === RELEASES === #

    def test_released_in_proportion(self):
        """An amount goes over the lines by what they hold, to the cent; nothing and all are what they say."""
        for amount, shares in (
            (0.01, [0.01, 0, 0]),
            (100, [50, 33.33, 16.67]),
            (300, [150, 100, 50]),
            (None, [150, 100, 50]),
        ):
            with self.subTest(amount):
                contract = self.make.as_billed([3000, 2000, 1000], retainage_percent=10)
                self.billing.draw(contract, 50, 50, 50)
                release = self.billing.release(contract, amount)
                by_line = {line.contract_line_id: -line.retainage_amount for line in release.line_ids}
                self.assertEqual([round(by_line.get(line, 0), 2) for line in contract.line_ids], shares)
                self.assertEqual(release.invoice_id.amount_total, amount or 300)
                self.assertEqual(release.title, "Release of retainage")
                self.assertEqual((release.kind, release.amount), ('retainage', 0))

    def test_release_refused(self):
        """Nothing, less than that, more than is held, and no number: named, and nothing is made."""
        contract = self.make.as_billed([3000], retainage_percent=10)
        self.assertRefused(contract.action_release_retainage, f"No retainage is held on {contract.display_name}.")
        self.billing.draw(contract, 50)
        for amount, words in (
            (0, "cannot be released on"),
            (-1, "cannot be released on"),
            (150.01, "$\xa0150.00 is held. Release more than 0 and at most that."),
            (0.004, "$\xa00.00 cannot be released"),
        ):
            with self.subTest(amount):
                self.assertRefused(lambda amount=amount: contract.action_release_retainage(amount), words)
        self.assertEqual(len(contract.bill_ids), 1)
        self.billing.release(contract, 150)

    def test_release_by_line_refused(self):
        """Line by line: more than it holds or less than nothing by the line's name; all zeros ask for an amount."""
        contract = self.make.as_billed([3000, 1000], retainage_percent=10)
        self.billing.draw(contract, 50, 0)
        first, second = contract.line_ids
        for shares, words in (
            ({first: Decimal('150.01')}, f"{first.display_name} holds $\xa0150.00: $\xa0150.01 cannot be released."),
            ({second: Decimal(1)}, f"{second.display_name} holds $\xa00.00: $\xa01.00 cannot be released."),
            ({first: Decimal(-1)}, f"{first.display_name} holds $\xa0150.00: $\xa0-1.00 cannot be released."),
            ({first: Decimal(0)}, f"Enter what is to be released on {contract.display_name}."),
            ({}, f"Enter what is to be released on {contract.display_name}."),
        ):
            with self.subTest(words):
                self.assertRefused(lambda shares=shares: contract._prepare_release_bills(by_line=shares), words)

    def test_when_released(self):
        """Open and closed contracts release; draft and cancelled ones do not, nor under a draft final."""
        contract = self.make.as_billed([1000], retainage_percent=10)
        self.billing.draw(contract, 50)
        self.billing.final(contract, post=False)
        self.assertRefused(contract.action_release_retainage, "Its final invoice is a draft: post or delete it first.")
        contract.final_bill_id.invoice_id.action_post()
        self.billing.release(contract)
        self.assertEqual(contract.retainage_balance, 0)
        draft = self.make.as_billed([1000], retainage_percent=10, do_open=False)
        self.assertRefused(draft.action_release_retainage, draft.display_name)

    def test_released_figures(self):
        """A bill that gives back more than it withholds releases; one that shifts between lines does not."""
        contract = self.make.pro_forma([1000, 1000], retainage_percent=10)
        self.billing.to_ledger(self.billing.draw(contract, 50, 50))
        bill = self.billing.draw(contract, 60, 60)
        self.assertEqual(
            (bill.retainage_amount, bill.releases_retainage, bill.released_retainage_amount), (20, False, 0)
        )
        bill.line_ids[0].retainage_amount = -30
        self.assertEqual(
            (bill.retainage_amount, bill.releases_retainage, bill.released_retainage_amount), (-20, True, 20)
        )
        bill.line_ids[0].retainage_amount = -10
        self.assertEqual(
            (bill.retainage_amount, bill.releases_retainage, bill.released_retainage_amount), (0, False, 0)
        )

    def test_given_back_at_most(self):
        """At most what is held: before the bill, and by all other bills where later ones gave back."""
        give_back = self.env['progress.bill']._get_give_back
        for held, others, expected in (
            (100, None, 100),
            (100, 100, 100),
            (100, 150, 100),
            (100, 40, 40),
            (100, -40, 0),
            (-100, -40, -40),
            (-100, -150, -100),
            (-100, 40, 0),
            (100, 0, 0),
        ):
            others = others if others is None else Decimal(others)
            self.assertEqual(give_back(Decimal(held), others), expected, (held, others))

    def test_release_on_a_deduction(self):
        """A deduction holds less than nothing; its release is mirrored."""
        contract = self.make.as_billed([1000, -200], retainage_percent=10)
        self.billing.draw(contract, 50, 50)
        self.assertEqual(contract.line_ids.mapped('retainage_balance'), [50, -10])
        self.assertEqual(contract.retainage_balance, 40)
        self.billing.release(contract)
        self.assertEqual(contract.line_ids.mapped('retainage_balance'), [0, 0])

    # === ON THE INVOICE === #

    def test_words_on_the_invoice(self):
        """Withheld, released, not certified, due now: each line says which, in the customer's language."""
        contract = self.make.pro_forma([10000], retainage_percent=10)
        bill = self.billing.run(contract, 30)
        bill.certified_amount = 2000
        self.billing.to_ledger(bill)
        items = bill.invoice_id.invoice_line_ids
        self.assertEqual(
            [
                (item.name, item.price_subtotal)
                for item in items
                if item.progress_line_type in ('retainage', 'holdback')
            ],
            [("Retainage withheld", -300), ("Held back: not certified", -700)],
        )
        self.assertFalse(any(item.analytic_distribution for item in items if item.progress_line_type == 'retainage'))
        later = self.billing.run(contract, 40)
        self.billing.to_ledger(later)
        items = later.invoice_id.invoice_line_ids
        self.assertIn(("Held back before, due now", 700), [(item.name, item.price_subtotal) for item in items])
        release = self.billing.release(contract, 100)
        self.assertEqual(release.invoice_id.invoice_line_ids.mapped('name'), ["Retainage released"])

    def test_title_above_retainage(self):
        """Where the work has titles, what is held back has one too; else it needs none."""
        section = Command.create({'display_type': 'line_section', 'name': "Shell", 'sequence': 0})
        for lines, titles in (([section], ["Shell", "Retainage"]), ([], [])):
            contract = self.make.as_billed([1000], retainage_percent=10)
            contract.line_ids = lines
            bill = self.billing.run(contract, 50)
            shown = bill.invoice_id.invoice_line_ids.filtered(lambda item: item.display_type == 'line_section')
            self.assertEqual(shown.mapped('name'), titles)

    # === SETTINGS === #

    def test_pair_of_settings(self):
        """Base with tax and tax at the release go not together, whichever comes second."""
        sentence = (
            "Retainage of the amount with tax means that the tax is due at once: "
            f"{self.company.name} cannot have it follow the release."
        )
        self.company.progress_retainage_base = 'taxed'
        self.assertRefused(
            lambda: self.company.write({'progress_retainage_tax': 'release'}), sentence, error=ValidationError
        )
        self.company.write({'progress_retainage_base': 'untaxed', 'progress_retainage_tax': 'release'})
        contract = self.make.contract([1000])
        self.assertRefused(lambda: contract.write({'retainage_base': 'taxed'}), sentence, error=ValidationError)
        self.company.progress_retainage_tax = 'now'
        contract.retainage_base = 'taxed'
        self.assertRefused(
            lambda: self.company.write({'progress_retainage_tax': 'release'}), sentence, error=ValidationError
        )
        contract.retainage_base = 'untaxed'
        self.company.progress_retainage_tax = 'release'

    def test_base(self):
        """10 % of 1,000 + 15 %: 100 of the untaxed amount, 115 of the amount with tax; the contract's word counts."""
        for company, own, held in (
            ('untaxed', False, 100),
            ('taxed', False, 115),
            ('untaxed', 'taxed', 115),
            ('taxed', 'untaxed', 100),
        ):
            with self.subTest(company=company, contract=own):
                self.company.progress_retainage_base = company
                contract = self.make.as_billed([1000], self.tax_15, retainage_percent=10, retainage_base=own)
                self.assertEqual(self.billing.run(contract, 100).retainage_amount, held)
        untaxed = self.make.as_billed([1000], retainage_percent=10, retainage_base='taxed')
        self.assertEqual(self.billing.run(untaxed, 100).retainage_amount, 100)

    def test_accounts(self):
        """Only an active current asset that is reconciled holds retainage; of contract and company the contract's."""
        own = self.retainage_account.copy({'code': '121987', 'name': "Own"})
        plain = self.retainage_account.copy({'code': '121988', 'name': "Plain", 'reconcile': False})
        contract = self.make.as_billed([1000], retainage_percent=10)
        self.assertEqual(contract._find_retainage_account(), self.retainage_account)
        contract.retainage_account_id = own
        self.assertEqual(contract._find_retainage_account(), own)
        for account in (plain, self.receivable_account, self.deposit_account, self.income_account):
            with self.subTest(account.name):
                self.assertRefused(
                    lambda account=account: contract.write({'retainage_account_id': account.id}),
                    f"{account.display_name} cannot hold retainage: it must be an active account of type",
                    error=ValidationError,
                )
        self.billing.draw(contract, 50)
        contract.write({'retainage_account_id': False})
        self.assertEqual(contract._find_retainage_account(), own, "where it is booked")

    def test_no_account(self):
        """Without an account a contract with retainage does not open; without retainage it does."""
        self.company.progress_retainage_account_id = False
        sentence = (
            "No retainage account is set: choose it on the contract, or in the Progress Billing settings of "
            f"{self.company.display_name}."
        )
        held = self.make.contract([1000], retainage_percent=10, do_open=False)
        self.assertRefused(held.action_open, sentence)
        self.make.contract([1000])
        held.retainage_account_id = self.retainage_account
        held.action_open()
        self.assertEqual(held.state, 'open')

    def test_account_of_a_new_company(self):
        """Each company has one beside the chart's; a branch takes its parent's; none is made twice."""
        self.company.progress_retainage_account_id = False
        self.company._set_up_progress_retainage_account()
        account = self.company.progress_retainage_account_id
        self.assertRecordValues(
            account,
            [{'name': "Retainage Receivable (Progress Billing)", 'account_type': 'asset_current', 'reconcile': True}],
        )
        self.company._set_up_progress_retainage_account()
        self.assertEqual(self.company.progress_retainage_account_id, account)
        branch = self.env['res.company'].create({'name': "Branch", 'parent_id': self.company.id})
        branch.progress_retainage_account_id = False
        branch._set_up_progress_retainage_account()
        self.assertEqual(branch.progress_retainage_account_id, account)

    # === STORED MATERIALS === #

    def test_stored_refused(self):
        """Less than nothing, and on lines by quantity or titles: refused by name, nothing entered."""
        contract = self.make.as_billed([1000])
        units = self.make.by_quantity(10, 20)
        for line, amount, words in (
            (contract.line_ids, -0.01, f"Materials stored on {contract.line_ids.display_name} cannot be negative."),
            (
                units.line_ids,
                5,
                f"{units.line_ids.display_name} takes no stored materials: it is no line billed by amount.",
            ),
        ):
            with self.subTest(words):
                self.assertRefused(lambda line=line, amount=amount: line.write({'stored_amount': amount}), words)
                self.assertEqual((line.stored_amount, line.pending_amount), (0, 0))
        units.line_ids.stored_amount = 0

    def test_stored_is_restated(self):
        """Pending follows what is stored now, not the sum of what was ever entered."""
        contract = self.make.as_billed([1000])
        line = contract.line_ids
        for stored, pending in ((100, 100), (100, 100), (300, 300), (50, 50), (0, 0)):
            line.stored_amount = stored
            self.assertEqual(line.pending_amount, pending, stored)
        line.stored_amount = 33.335
        self.assertEqual((line.stored_amount, line.pending_amount), (33.34, 33.34))
        line.write({'stored_amount': 200, 'completed_percent': 10})
        self.assertEqual((line.pending_amount, line.completed_percent), (300, 10))

    def test_work_and_materials_that_cancel_out(self):
        """RET-16: 100 stored before are built in now: nothing is pending, and the line is on the bill all the same."""
        contract = self.make.as_billed([1000, 500], retainage_percent=10, stored_retainage_percent=5)
        line = contract.line_ids[0]
        line.stored_amount = 100
        self.billing.draw(contract)
        line.write({'stored_amount': 0, 'completed_percent': 10})
        self.assertEqual((line.pending_amount, line._is_on_run()), (0, True))
        self.assertFalse(contract.line_ids[1]._is_on_run())
        bill = self.billing.draw(contract)
        self.assertRecordValues(
            bill.line_ids,
            [{'amount': 100, 'stored_amount': 0, 'previous_stored_amount': 100, 'invoiced_amount': 0}],
        )
        self.assertEqual((line.actual_amount, line.billed_stored_amount, line.retainage_balance), (100, 0, 10))
        self.assertEqual(bill.invoice_id.amount_total_in_currency_signed, -5, "5 more are held back")

    def test_stored_on_bills(self):
        """Only work bills say what is stored, and only below nothing is it refused; a release takes neither."""
        contract = self.make.pro_forma([1000], retainage_percent=10)
        contract.line_ids.stored_amount = 100
        bill = self.billing.run(contract, 10)
        self.assertRecordValues(bill.line_ids, [{'amount': 100, 'stored_amount': 100, 'previous_stored_amount': 0}])
        self.assertRefused(
            lambda: bill.line_ids.write({'stored_amount': -1}),
            "cannot be negative, nor stand on a line billed by quantity.",
            error=ValidationError,
        )
        self.billing.to_ledger(bill)
        self.assertEqual(contract.line_ids.billed_stored_amount, 100)
        release = self.billing.release(contract, 5, post=False)
        for vals in ({'amount': 1}, {'stored_amount': 1}):
            self.assertRefused(
                lambda vals=vals: release.line_ids.write(vals),
                f"{release.display_name} releases retainage: it takes no work. Bill that on a bill of its own.",
                error=UserError,
            )
        self.assertEqual(contract.line_ids.billed_stored_amount, 100)

    def test_dialogs(self):
        """The dialogs know their contract and its rates."""
        contract = self.make.as_billed([1000], retainage_percent=10, stored_retainage_percent=5)
        action = contract.action_release_retainage_wizard()
        self.assertEqual(
            (action['res_model'], action['context']), ('progress.release.wizard', {'default_contract_id': contract.id})
        )
        action = contract.action_retainage_wizard()
        self.assertEqual(action['res_model'], 'progress.retainage.wizard')
        self.assertEqual(
            action['context'],
            {
                'default_contract_id': contract.id,
                'default_retainage_percent': 10,
                'default_stored_retainage_percent': 5,
            },
        )
