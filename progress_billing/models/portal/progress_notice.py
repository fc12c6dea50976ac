from odoo import api, fields, models

from .progress_contact import CONTACT_LAYOUT, ROLES_THAT_TALK


class ProgressNotice(models.Model):
    """An e-mail to one contact about one bill, with their own link: a row each, so that none goes out twice."""

    _name = 'progress.notice'
    _description = "Notice to a Contact"
    _order = 'id desc'
    _rec_name = 'kind'

    bill_id = fields.Many2one('progress.bill', required=True, index=True, ondelete='cascade')
    contact_id = fields.Many2one('progress.contact', required=True, index=True, ondelete='cascade')
    contract_id = fields.Many2one(related='bill_id.contract_id')
    company_id = fields.Many2one(related='bill_id.company_id', store=True, index=True)
    partner_id = fields.Many2one(related='contact_id.partner_id')
    kind = fields.Selection(
        [
            ('invited', "Invitation"),
            ('sent', "Sent"),
            ('submitted', "Submitted"),
            ('signature', "To be signed"),
            ('approved', "Approved"),
            ('rejected', "Rejected"),
            ('released', "Invoiced"),
            ('paid', "Paid"),
            ('reminder', "Reminder"),
        ],
        required=True,
    )
    occasion = fields.Char(required=True, help="What there is one notice of: a revision, a day.")

    _unique_occasion = models.Constraint(
        'UNIQUE(bill_id, contact_id, kind, occasion)', "This contact has this notice already."
    )

    def _send(self):
        """Hand the e-mails to the queue: one each, in the language of whoever gets it, all of a kind in one go."""
        for (xmlid, kind), notices in self.grouped(lambda notice: (notice._get_template_xmlid(), notice.kind)).items():
            template = self.env.ref(xmlid, raise_if_not_found=False)
            if not template:
                continue
            # sudo: mail.template - the e-mail of an answer is sent whoever gave it
            mails = template.sudo().send_mail_batch(notices.ids, email_layout_xmlid=CONTACT_LAYOUT)
            if kind == 'sent':
                notices._attach_documents(mails)

    def _attach_documents(self, mails):
        """Put the PDF of each notice's bill on its e-mail, which is still in the queue: one file a bill.

        :param mails: ``mail.mail`` of these notices
        """
        files = {file.res_id: file for file in self.bill_id._make_mail_attachments()}
        notices = {notice.id: notice for notice in self}
        for bill, own in mails.grouped(lambda mail: notices[mail.res_id].bill_id).items():
            own.attachment_ids = [fields.Command.link(files[bill.id].id)]

    def _get_template_xmlid(self):
        """The e-mail template of this notice. Extend by ``super()``.

        :return str: an XML id; one that does not exist sends nothing
        """
        self.ensure_one()
        return f'progress_billing.mail_template_progress_notice_{self.kind}'

    def _get_url(self):
        """The contact's own link to the bill, for templates."""
        self.ensure_one()
        return self.contact_id._get_portal_url(self.bill_id)

    def _get_certified_rows(self):
        """The lines of which less is certified, or that were rejected, for templates.

        :return list: dicts with ``name``, ``claimed``, ``certified`` and ``note``, as texts
        """
        self.ensure_one()
        contract = self.contract_id
        return [
            {
                'name': line.contract_line_id.display_name,
                'claimed': contract._show_amount(line.amount),
                'certified': contract._show_amount(line.certified_amount),
                'note': line.review_note or '',
            }
            for line in self.bill_id.line_ids
        ]

    @api.model
    def _announce(self, bills, kind, occasion, roles=ROLES_THAT_TALK):
        """Write to the contacts of these bills who see them, who have an address, and who have no such notice yet.

        :param str kind: see the field
        :param occasion: function of a bill: what there is one notice of
        :param roles: of contacts who get it
        :return: the notices sent
        """
        vals_list = []
        for bill in bills:
            vals_list += [
                {'bill_id': bill.id, 'contact_id': contact.id, 'kind': kind, 'occasion': occasion(bill)}
                for contact in bill._get_recipients(kind, roles)
                if bill._is_on_portal(contact)
            ]
        if not vals_list:
            return self.browse()
        known = {
            (notice.bill_id.id, notice.contact_id.id, notice.occasion)
            for notice in self.search([('bill_id', 'in', bills.ids), ('kind', '=', kind)])
        }
        notices = self.create(
            [vals for vals in vals_list if (vals['bill_id'], vals['contact_id'], vals['occasion']) not in known]
        )
        notices._send()
        return notices
