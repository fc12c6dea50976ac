from odoo.tests import tagged

from odoo.addons.progress_billing.tests.queries import ShownLists

from .test_compliance import ComplianceCommon


@tagged('post_install', '-at_install')
class TestComplianceLists(ShownLists, ComplianceCommon):
    """A page of three times the documents, their types and backups takes the same queries."""

    addon = 'progress_billing_compliance'
    rows = 9

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for number in range(cls.rows):
            cls._document(cls.types.create({'name': f"Type {number}"}), valid_until=cls._day(number))
            bill = cls.billing.bill(cls.make.pro_forma([1000]), '10%', post=False)
            bill.action_compile_backups()

    def test_every_list(self):
        self.assertShownListsFlat()
