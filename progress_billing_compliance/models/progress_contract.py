from odoo import api, fields, models

from .progress_compliance_type import WAIVERS


class ProgressContractCompliance(models.Model):
    """What documents hold up on a contract."""

    _name = 'progress.contract'
    _inherit = 'progress.contract'

    compliance_ids = fields.One2many(
        'progress.compliance', 'contract_id', string="Documents", copy=False, domain=[('bill_id', '=', False)]
    )
    waiver_type_ids = fields.Many2many(
        'progress.compliance.type',
        'progress_contract_waiver_type_rel',
        string="Waivers",
        domain=[('kind', 'in', WAIVERS)],
        help="Asked for with each bill, and signed together with it.",
    )
    compliance_count = fields.Integer(compute='_compute_compliance', string="Number of Documents")
    compliance_text = fields.Text(compute='_compute_compliance', string="Documents Missing")

    @api.depends('partner_id', 'compliance_ids.state')
    def _compute_compliance(self):
        for contract in self:
            documents = self.env['progress.compliance']._find_for(contract)
            contract.compliance_count = len(documents)
            contract.compliance_text = '\n'.join(
                documents._get_sentences('pay', 'stop') + documents._get_sentences('pay', 'warn')
            )

    # === BUSINESS === #

    def _get_compliance_blockers(self, step):
        """Documents that stop a step on this contract. Extend by ``super()``.

        :param str step: ``invite``, ``approve`` or ``pay``
        :return list: sentences that say what is missing
        """
        self.ensure_one()
        return self.env['progress.compliance']._find_for(self)._get_sentences(step, 'stop')

    def _get_compliance_warnings(self, step):
        """Documents that are missing for a step on this contract, and do not stop it.

        :param str step: ``invite``, ``approve`` or ``pay``
        :return list: sentences that say what is missing
        """
        self.ensure_one()
        return self.env['progress.compliance']._find_for(self)._get_sentences(step, 'warn')

    # === ASKING === #

    def _on_opened(self):
        super()._on_opened()
        self._ask_for_documents()

    def action_ask_documents(self):
        """Ask for the documents that the settings want of these contracts and their partners; what is there stays.

        :return dict: the action that shows the documents
        :raises AccessError: for users who may not change the contracts
        """
        self.check_access('write')
        self._ask_for_documents()
        return self.action_view_compliance()

    def _ask_for_documents(self):
        """A missing document for each type that is asked for; waivers come with the bills."""
        documents = self.env['progress.compliance'].sudo()  # sudo: progress.compliance - whoever opens a contract
        vals_list, asked = [], set()
        for contract in self:
            types = self.env['progress.compliance.type']._get_for(contract)
            waivers = types.filtered(lambda kind: kind.kind in WAIVERS)
            if waivers - contract.waiver_type_ids:
                contract.waiver_type_ids |= waivers
            for kind in types - waivers - documents._find_for(contract).type_id:
                firm = contract.partner_id.commercial_partner_id
                of_partner = kind.asked_of == 'partner'
                key = (kind, firm, contract.company_id) if of_partner else (kind, contract)
                if key not in asked:
                    asked.add(key)
                    vals_list.append(contract._prepare_compliance_vals(kind, firm if of_partner else None))
        documents.create(vals_list)

    def _prepare_compliance_vals(self, kind, firm=None):
        """A document that is asked for.

        :param kind: ``progress.compliance.type``
        :param firm: the partner it is asked of for all their contracts; else it is this contract's
        :return dict: values
        """
        return {
            'type_id': kind.id,
            'company_id': self.company_id.id,
            'partner_id': (firm or self.partner_id).id,
            'contract_id': False if firm else self.id,
        }

    def action_view_compliance(self):
        """Show the documents of these contracts and their partners.

        :return dict: an action on ``progress.compliance``
        :raises AccessError: for users who may not read the contracts
        """
        self.check_access('read')
        action = self.env['ir.actions.act_window']._for_xml_id('progress_billing_compliance.action_progress_compliance')
        documents = self.env['progress.compliance']
        for contract in self:
            documents |= documents._find_for(contract)
        context = {'default_contract_id': self.id, 'default_partner_id': self.partner_id.id} if len(self) == 1 else {}
        return dict(action, domain=[('id', 'in', documents.ids)], context=context)
