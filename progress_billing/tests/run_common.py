from .common import ProgressBillingCommon


class RunCommon(ProgressBillingCommon):
    """Helpers to enter progress, run billing, and read the figures of schedule lines."""

    @classmethod
    def _as_billed(cls, amounts, taxes=None, **vals):
        return cls._make_contract(amounts, taxes, **{'revenue_recognition': 'as_billed', **vals})

    @classmethod
    def _pro_forma(cls, amounts, taxes=None, **vals):
        return cls._as_billed(amounts, taxes, **{'use_pro_forma': True, **vals})

    @classmethod
    def _quantity_contract(cls, quantity, price, taxes=None, **vals):
        """A contract with one line billed by quantity."""
        line = {'billing_base': 'quantity', 'original_quantity': quantity, 'unit_price': price}
        return cls._as_billed([0], taxes, line_vals={**line, 'original_amount': quantity * price}, **vals)

    @classmethod
    def _run(cls, contract, percent=None, **vals):
        """Enter Completed (%) on every line, or the given values, and run; returns the new bills."""
        before = contract.bill_ids
        if percent is not None:
            vals['completed_percent'] = percent
        if vals:
            contract.line_ids.write(vals)
        contract.action_run_billing()
        return contract.bill_ids - before

    def assertBuckets(self, line, pending, draft, actual, percent=None, msg=None):
        """Pending, draft and actual amount of a schedule line, and its Completed (%)."""
        figures = (line.pending_amount, line.draft_amount, line.actual_amount)
        self.assertEqual(tuple(round(figure, 4) for figure in figures), (pending, draft, actual), msg)
        if percent is not None:
            self.assertAlmostEqual(line.completed_percent, percent, 6, msg)

    @classmethod
    def _pay(cls, move, amount=None):
        values = {'payment_date': move.invoice_date, **({'amount': amount} if amount else {})}
        wizard = cls.env['account.payment.register'].with_context(active_model='account.move', active_ids=move.ids)
        return wizard.create(values)._create_payments()
