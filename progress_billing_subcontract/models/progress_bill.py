from odoo import api, models
from odoo.fields import Domain


class ProgressBill(models.Model):
    """A bill of a subcontract: what the subcontractor claims, and the vendor bill it becomes."""

    _inherit = 'progress.bill'

    # === DUE === #

    @api.model
    def _get_due_domain(self):
        """Subcontractors are invited; no scheduled action claims for them."""
        return super()._get_due_domain() & Domain('contract_id.contract_type', '!=', 'subcontract')

    # === INVOICES === #

    def _prepare_invoice_vals(self, taxes):
        """Header as on Odoo's own bills of the order: bank account, source."""
        vals = super()._prepare_invoice_vals(taxes)
        if not self.contract_id._is_subcontract():
            return vals
        # sudo: purchase.order - a project manager may bill without purchase rights
        orders = self.contract_id.sudo().purchase_order_ids
        if orders:
            vals['partner_bank_id'] = orders[0]._prepare_invoice()['partner_bank_id']
            vals['invoice_origin'] = ', '.join([*orders.mapped('name'), vals['invoice_origin']])
        return vals

    def _prepare_revenue_vals(self, line, net, amounts, quantity):
        vals = super()._prepare_revenue_vals(line, net, amounts, quantity)
        # sudo: purchase.order.line - just the link, for billing users without purchase rights
        purchase_line = line.contract_line_id.sudo().purchase_line_id
        if purchase_line:
            vals['purchase_line_id'] = purchase_line.id
        return vals

    def _get_document_title(self):
        if not self.contract_id._is_subcontract():
            return super()._get_document_title()
        return self.env._("Invitation to Bill") if self.state == 'planned' else self.env._("Claim")

    def _get_mail_template(self):
        """A claim is the subcontractor's, not ours: its e-mail says whose it is."""
        if self and self == self._get_claims():
            template = self.env.ref(
                'progress_billing_subcontract.mail_template_progress_claim', raise_if_not_found=False
            )
            if template:
                return template
        return super()._get_mail_template()

    # === DIALOGS AND RESULTS === #

    def action_reject_wizard(self):
        """As for customers, by the name of the claims' button: Send Back.

        :return dict: the dialog
        """
        action = super().action_reject_wizard()
        return dict(action, name=self.env._("Send Back")) if self._get_claims() else action

    def _get_bill_action(self):
        """Claims are shown in screens of their own."""
        if not self or self != self._get_claims():
            return super()._get_bill_action()
        shown = 'progress_billing_subcontract.action_progress_subcontract_bill'
        return self.env['ir.actions.act_window']._for_progress_records(shown, self)

    def get_formview_id(self, access_uid=None):
        """As Odoo's: claims have a form of their own.

        :param int access_uid: whose rights choose the view, or ``None`` for one's own
        :return int: the view, or ``False`` for the model's own
        """
        if self.contract_id._is_subcontract():
            return self.env.ref('progress_billing_subcontract.progress_subcontract_bill_view_form').id
        return super().get_formview_id(access_uid=access_uid)
