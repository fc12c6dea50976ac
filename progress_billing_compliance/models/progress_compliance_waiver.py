import hashlib
import re

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date, formatLang

from odoo.addons.progress_billing.models.base.progress_actor import Actor

from .progress_compliance_type import WAIVERS


class ProgressWaiver(models.Model):
    """A waiver of a bill: words with the bill's figures, that whoever is paid signs once."""

    _name = 'progress.compliance'
    _inherit = 'progress.compliance'

    bill_id = fields.Many2one('progress.bill', index='btree_not_null', ondelete='cascade', guarded=True, readonly=True)
    currency_id = fields.Many2one(related='contract_id.currency_id')
    waiver_amount = fields.Monetary(
        string="Amount",
        compute='_compute_waiver',
        help="Conditional: what the bill asks for, untaxed. Unconditional: what was paid before, tax included. "
        "Once signed, as it was signed.",
    )
    through_date = fields.Date(string="Work Through", compute='_compute_waiver')
    waiver_text = fields.Text(string="Words", compute='_compute_waiver_text')
    signed_amount = fields.Monetary(guarded=True, readonly=True, copy=False)
    signed_through = fields.Date(guarded=True, readonly=True, copy=False)
    signed_text = fields.Text(guarded=True, readonly=True, copy=False)
    signed_by = fields.Char(guarded=True, readonly=True, copy=False)
    signed_by_partner_id = fields.Many2one('res.partner', string="Signed by Contact", guarded=True, copy=False)
    signed_on = fields.Datetime(guarded=True, readonly=True, copy=False, tracking=True)
    signed_fingerprint = fields.Char(guarded=True, readonly=True, copy=False, help="SHA-256 of the words signed.")

    _one_of_a_kind = models.Constraint('UNIQUE(bill_id, type_id)', "This waiver is asked for with the bill already.")

    @api.depends(
        'bill_id.certified_amount',
        'bill_id.signed_on',
        'bill_id.date',
        'bill_id.contract_id.bill_ids.paid_amount',
        'kind',
        'type_id.signer',
        'signed_amount',
        'signed_on',
        'signed_through',
    )
    def _compute_waiver(self):
        for waiver in self:
            if waiver._is_signed() or not waiver.bill_id:
                waiver.waiver_amount, waiver.through_date = waiver.signed_amount, waiver.signed_through
                continue
            waiver.waiver_amount = waiver._get_waiver_amount()
            waiver.through_date = waiver.bill_id.date or waiver.company_id._get_progress_today()

    def _is_signed(self):
        """Whether it is signed for what the bill asks now: a new revision, or another amount, is signed anew."""
        self.ensure_one()
        if not self.signed_on or (self.type_id.signer == 'contact' and not self.bill_id.signed_on):
            return False
        amounts = self.signed_amount, self.bill_id.certified_amount
        return self.kind != 'conditional' or not self.currency_id.compare_amounts(*amounts)

    def _get_waiver_amount(self):
        """What the waiver is for: this payment, or what was paid on the bills before it."""
        bill = self.bill_id
        if self.kind == 'conditional':
            return bill.certified_amount
        before = bill.contract_id.bill_ids.filtered(lambda other: other._get_order_key() < bill._get_order_key())
        return self.currency_id.round(sum(before.mapped('paid_amount')))

    @api.depends('waiver_amount', 'through_date', 'type_id.text', 'signed_text')
    @api.depends_context('lang')
    def _compute_waiver_text(self):
        for waiver in self:
            waiver.waiver_text = waiver.signed_text if waiver._is_signed() else waiver._fill_in_text()

    def _fill_in_text(self):
        """The words of the type, with the bill's figures."""
        self.ensure_one()
        text = self.type_id.text or ''
        company, partner = self.company_id.name, self.partner_id.display_name
        is_ours = self.type_id.signer == 'office'
        values = {
            'payer': partner if is_ours else company,
            'payee': company if is_ours else partner,
            'contract': self.contract_id.display_name,
            'bill': self.bill_id.name or self.bill_id.display_name,
            'amount': formatLang(self.env, self.waiver_amount, currency_obj=self.currency_id),
            'date': format_date(self.env, self.through_date) if self.through_date else '',
        }
        return re.sub(r'\{(\w+)\}', lambda found: values.get(found[1], found[0]) or '', text)

    @api.depends('bill_id.certified_amount', 'bill_id.signed_on', 'signed_on', 'signed_amount', 'type_id.signer')
    def _compute_state(self):
        """A waiver that is signed is valid, for the amount that it was signed for."""
        return super()._compute_state()

    def _is_received(self):
        return bool(self._is_signed() or self.attachment_ids) if self.bill_id else super()._is_received()

    def _tell(self):
        if not self.bill_id:
            return super()._tell()
        return self.env._(
            "%(document)s for %(bill)s is not signed.", document=self.type_id.name, bill=self.bill_id.name
        )

    def copy_data(self, default=None):
        """A document is copied without saying that it has no bill, which nobody may say; a waiver is not."""
        vals_list = super().copy_data(default)
        return [{name: value for name, value in vals.items() if name != 'bill_id' or value} for vals in vals_list]

    def write(self, vals):
        """A waiver stays what was asked for, and of whom: what was signed as one is not made another one."""
        waivers = self.filtered('bill_id')
        for name in ('type_id', 'partner_id'):
            if name in vals and waivers._differs(name, vals[name]):
                waivers._raise_protected(name)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed(self):
        for waiver in self.filtered('signed_on'):
            raise UserError(self.env._("%s is signed: it stays with its bill.", waiver.display_name))

    # === SIGNING === #

    def action_sign(self):
        """Sign these waivers as the office, which is paid.

        :return dict: closes a dialog
        :raises UserError: for a waiver that is signed, or that a contact signs
        """
        self.check_access('write')
        if not self.contract_id._has_side_level('manager') and not self.env.su:
            raise AccessError(self.env._("Only Progress Billing administrators sign waivers for the company."))
        for waiver in self:
            if waiver.kind not in WAIVERS or not waiver.bill_id or waiver.type_id.signer != 'office':
                raise UserError(self.env._("%s is not signed by the office.", waiver.display_name))
            if waiver._is_signed():
                raise UserError(
                    self.env._(
                        "Nothing was changed: %(document)s was signed already, by %(who)s.",
                        document=waiver.display_name,
                        who=waiver.signed_by,
                    )
                )
        self._sign(Actor.of(self.env.user), self.env.user.name)
        return {'type': 'ir.actions.act_window_close'}

    def _sign(self, actor, name):
        """Sign these waivers, on their words as they stand.

        :param Actor actor: who signs
        :param str name: as it was typed
        """
        for waiver in self:
            text = waiver.waiver_text or ''
            waiver._track_set_author(actor.partner)
            waiver._write_protected(
                {
                    'signed_amount': waiver.waiver_amount,
                    'signed_through': waiver.through_date,
                    'signed_text': text,
                    'signed_by': name,
                    'signed_by_partner_id': actor.partner.id,
                    'signed_on': fields.Datetime.now(),
                    'signed_fingerprint': hashlib.sha256(text.encode()).hexdigest(),
                }
            )

    def _get_waiver_pdfs(self):
        """These waivers as documents.

        :return list: the bytes of a PDF each
        """
        report = self.env.ref('progress_billing_compliance.action_report_progress_waiver')
        # sudo: ir.actions.report - a document of a bill
        streams = report.sudo()._render_qweb_pdf_prepare_streams(report, {}, self.ids)
        return [streams[waiver.id]['stream'].getvalue() for waiver in self]
