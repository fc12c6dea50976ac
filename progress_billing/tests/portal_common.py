import re

from odoo import Command
from odoo.tests import HttpCase, new_test_user

from .common import ProgressBillingCommon


class PortalCommon(ProgressBillingCommon, HttpCase):
    """A contract with people outside the office, and pages opened as each of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partners = cls.env['res.partner']
        cls.customer.is_company = True
        cls.anna, cls.colleague, cls.architect, cls.bystander = partners.create(
            [
                {'name': "Anna Approver", 'email': 'anna@example.com', 'parent_id': cls.customer.id},
                {'name': "Carl Colleague", 'email': 'carl@example.com', 'parent_id': cls.customer.id},
                {'name': "Ada Architect", 'email': 'ada@example.com'},
                {'name': "Bert Bystander", 'email': 'bert@example.com'},
            ]
        )
        cls.portal_group = cls.env.ref('base.group_portal')
        cls.anna_user, cls.colleague_user, cls.bystander_user = (
            cls.env['res.users'].create(
                {
                    'login': partner.email,
                    'password': partner.email,
                    'partner_id': partner.id,
                    'company_id': cls.company.id,
                    'company_ids': [Command.set(cls.company.ids)],
                    'group_ids': [Command.set(cls.portal_group.ids)],
                }
            )
            for partner in (cls.anna, cls.colleague, cls.bystander)
        )
        cls.manager = new_test_user(
            cls.env, login='portal_manager', groups='progress_billing.group_manager', company_id=cls.company.id
        )
        cls.plain_user = new_test_user(
            cls.env, login='portal_plain', groups='base.group_user', company_id=cls.company.id
        )
        cls.contract = cls.make.pro_forma([10000, 20000], cls.tax_15, description="Portal House", retainage_percent=10)
        cls.contact = cls._add_contact(cls.anna)
        cls.bill = cls.billing.run(cls.contract, 30)

    @classmethod
    def _add_contact(cls, partner, role='approver', contract=None):
        vals = {'contract_id': (contract or cls.contract).id, 'partner_id': partner.id, 'role': role}
        return cls.env['progress.contact'].create(vals)

    def _url(self, record, suffix='', contact=None, **query):
        """A page's address: with a contact's own link, or for whoever is logged in."""
        if contact:
            query['access_token'] = contact.sudo().token
        text = '&'.join(f'{name}={value}' for name, value in query.items())
        return f'{record._get_portal_path()}{suffix}?{text}'

    def _get(self, record, suffix='', contact=None, **query):
        return self.url_open(self._url(record, suffix, contact, **query), timeout=60)

    def _post(self, record, suffix, contact=None, files=None, **data):
        """Send a form of the page, with the token the page itself has in it."""
        page = self._get(record, contact=contact)
        token = re.search(r'csrf_token: "([^"]+)"', page.text)
        data.setdefault('csrf_token', token.group(1) if token else '')
        return self.url_open(self._url(record, suffix, contact), data=data, files=files, timeout=60)
