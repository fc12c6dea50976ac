from odoo.tests import tagged

from odoo.addons.progress_billing.tests.queries import ShownLists

from .test_agreement import AgreementCommon


@tagged('post_install', '-at_install')
class TestTimesheetLists(ShownLists, AgreementCommon):
    """A page of three times the entries, order lines, agreements and bills of hours takes the same queries."""

    addon = 'progress_billing_timesheet'
    rows = 9

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for number in range(cls.rows):
            cls._make_line(100)
            bill = cls._create_bill(cls.contract, cls._make_entry(2), 200, date=f'2026-01-{number + 16}')
            agreement = cls._agree(hours=10, name=f"Support {number}")
            cls.env['progress.agreement.use']._create_protected(
                [{'agreement_id': agreement.id, 'bill_id': bill.id, 'kind': 'time', 'hours': 1, 'amount': 100}]
            )

    def test_every_list(self):
        self.assertShownListsFlat()
