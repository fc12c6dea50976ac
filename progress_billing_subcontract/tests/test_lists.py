from odoo.tests import tagged

from odoo.addons.progress_billing.tests.queries import ShownLists

from .common import SubcontractCommon


@tagged('post_install', '-at_install')
class TestSubcontractLists(ShownLists, SubcontractCommon):
    """A page of three times the subcontracts, claims, payments and statuses takes the same queries."""

    addon = 'progress_billing_subcontract'
    rows = 9

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        subcontracts = [cls._subcontract([1000, 500], cls.input_tax, period_policy='month') for _one in range(cls.rows)]
        claims = cls.env['progress.bill'].concat(*(cls._claim(one, 100, 50) for one in subcontracts))
        claims.invoice_id.action_post()
        register = cls.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=claims.invoice_id.ids
        )
        register.create({'group_payment': False})._create_payments()
        for one in subcontracts:
            cls._claim(one, 50, 25)  # is expected to be paid

    def test_every_list(self):
        self.assertShownListsFlat()

    def test_a_line_on_a_telephone(self):
        """How far it is nobody enters: what was claimed of it says so."""
        form = self.env.ref('progress_billing_subcontract.progress_subcontract_view_form').arch
        self.assertIn('progress_subcontract_line_view_kanban', form)
        view = self.env.ref('progress_billing_subcontract.progress_subcontract_line_view_kanban')
        arch = self.env['progress.contract.line'].get_view(view.id, 'kanban')['arch']
        self.assertIn('billed_percent', arch)
        self.assertNotIn('completed_percent', arch)
