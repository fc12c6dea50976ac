import functools

from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import content_disposition, request

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from .schedule_template import XLSX_TYPE

APPLICATION = 'progress_billing.action_report_progress_application'
PRO_FORMA = 'progress_billing.action_report_progress_bill'
MAX_SEARCH = 80
MAX_ID = 2**31 - 1


def says_nothing(route):
    """What is not there, or not for whoever asks, is a page that says so: the same for both."""

    @functools.wraps(route)
    def page(self, *args, **kwargs):
        try:
            return route(self, *args, **kwargs)
        except NotFound:
            if not request.env.user._is_public():  # whose link it was is not known; Odoo goes by the browser then
                self._read_in_language(request.env['progress.contact'])
            values = {**self._prepare_portal_layout_values(), 'html_data': self._get_html_data()}
            return request.render('progress_billing.portal_progress_nothing', values, status=404)

    return page


class ProgressPortal(CustomerPortal):
    """The pages of a contract's contacts: by the link of their own, or logged in.

    Records are read as superuser once the contact is known, in the environment of whoever asks: never as Odoo's own
    user, who may do everything.
    """

    # === WHO ASKS === #

    def _get_contact(self, contract, access_token):
        """Who reads this contract: by link, else by login.

        :param contract: as superuser
        :return: the contact as superuser; none for an internal user who may read it
        :raises NotFound: for everybody else
        """
        contacts = request.env['progress.contact']
        contact = contacts._find_by_token(contract, access_token)
        user = request.env.user
        if not contact and not user._is_public():
            contact = contract.contact_ids & contacts._find_by_user(user)
        if contact or (user._is_internal() and contract.sudo(False).has_access('read')):
            return contact
        raise NotFound

    def _read_in_language(self, contact):
        """Whatever the page says it says in the reader's language."""
        partner = contact.partner_id or request.env.user.partner_id
        contract = contact.contract_id
        request.update_context(
            tz=partner.tz or request.env.user.tz or contract.user_id.tz or contract.company_id.partner_id.tz
        )
        langs = request.env['res.lang']
        lang = langs._get_data(code=partner.lang or '')
        if lang:
            request.lang = lang
            request.update_context(lang=lang.code)

    def _clean(self, text):
        """A text as the database takes it."""
        return str(text).replace('\x00', '')

    def _get_html_data(self):
        return {'lang': (request.env.lang or 'en_US').replace('_', '-')}

    def _open(self, model, record_id, access_token):
        """The record and its reader, in the reader's language.

        :return tuple: the record as superuser, the contact as superuser
        :raises NotFound: for whoever may not see it, as for what is not there
        """
        # sudo: progress.contract, progress.bill - checked here against the reader's contact
        record = request.env[model].sudo().browse(record_id if record_id <= MAX_ID else 0).exists()
        if not record:
            raise NotFound
        contract = record if model == 'progress.contract' else record.contract_id
        contact = self._get_contact(contract, access_token)
        if contact and not (record._is_on_portal(contact) if model == 'progress.bill' else record._is_on_portal()):
            raise NotFound
        self._read_in_language(contact)
        if contact and not request.env.user._is_internal():
            contact._see()
        return record.with_env(request.env(su=True)), contact.with_env(request.env(su=True))

    def _get_page_values(self, record, contact, access_token, **values):
        """What every page needs."""
        query = f'?access_token={contact.token}' if contact and access_token else ''
        partner = contact.partner_id
        return {
            **self._prepare_portal_layout_values(),
            'object': record,
            'contact': contact,
            'query': query,
            'res_company': record.company_id,
            'preview_url': False if contact else f'/odoo/{record._name}/{record.id}',
            'pid': partner.id,
            'hash': record._sign_token(partner.id) if contact and record._name == 'progress.bill' else False,
            'token': record._get_history_token(contact) if contact and record._name == 'progress.bill' else False,
            'html_data': self._get_html_data(),
            **values,
        }

    # === LIST === #

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if 'progress_count' in counters:
            values['progress_count'] = len(self._get_my_contracts())
        return values

    def _get_my_contracts(self):
        contacts = request.env['progress.contact']._find_by_user(request.env.user)
        return contacts.contract_id.filtered(lambda contract: contract._is_on_portal()).sorted('id', reverse=True)

    def _get_sortings(self):
        return {
            'date': {'label': request.env._("Newest"), 'order': 'date desc, id desc'},
            'oldest': {'label': request.env._("Oldest"), 'order': 'date, id'},
            'amount': {'label': request.env._("Amount"), 'order': 'invoiced_amount desc, id desc'},
            'state': {'label': request.env._("Status"), 'order': 'state, date desc, id desc'},
        }

    def _get_groupings(self):
        return {
            'none': {'label': request.env._("None"), 'input': 'none'},
            'contract_id': {'label': request.env._("Contract"), 'input': 'contract_id'},
            'state': {'label': request.env._("Status"), 'input': 'state'},
        }

    @http.route(['/my/progress', '/my/progress/page/<int:page>'], type='http', auth='user', website=True)
    def my_progress(self, page=1, sortby=None, groupby=None, search='', **_kwargs):
        """The contracts and bills of whoever is logged in."""
        contacts = request.env['progress.contact']._find_by_user(request.env.user)
        self._read_in_language(contacts[:1])
        sortings, groupings = self._get_sortings(), self._get_groupings()
        sortby = sortby if sortby in sortings else 'date'
        groupby = groupby if groupby in groupings else 'none'
        search = self._clean(search or '').strip()[:MAX_SEARCH]
        domain = request.env['progress.bill']._get_contact_domain(contacts)
        for word in search.split():
            domain &= Domain.OR(
                Domain(name, 'ilike', word)
                for name in ('name', 'title', 'contract_id.name', 'contract_id.description', 'move_ids.name')
            )
        bills = request.env['progress.bill'].sudo()  # sudo: progress.bill - the domain is that of the contacts
        pager = portal_pager(
            url='/my/progress',
            url_args={'sortby': sortby, 'groupby': groupby, 'search': search},
            total=bills.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        order = sortings[sortby]['order']
        if groupby != 'none':
            order = f'{groupby}, {order}'
        found = bills.search(domain, order=order, limit=self._items_per_page, offset=pager['offset'])
        groups = [found] if groupby == 'none' else list(found.grouped(groupby).values())
        return request.render(
            'progress_billing.portal_my_progress',
            {
                **self._prepare_portal_layout_values(),
                'page_name': 'progress',
                'contracts': self._get_my_contracts().with_env(request.env(su=True)),
                'groups': groups,
                'pager': pager,
                'sortby': sortby,
                'groupby': groupby,
                'search': search,
                'search_in': 'all',
                'searchbar_sortings': sortings,
                'searchbar_groupby': groupings,
                'searchbar_inputs': {'all': {'input': 'all', 'label': request.env._("Search in all")}},
                'default_url': '/my/progress',
                'html_data': self._get_html_data(),
            },
        )

    # === PAGES === #

    @http.route('/my/progress/contract/<int:contract_id>', type='http', auth='public', website=True)
    @says_nothing
    def contract_page(self, contract_id, access_token=None, done=None, **_kwargs):
        """The statement of a contract."""
        contract, contact = self._open('progress.contract', contract_id, access_token)
        return self._render_contract(contract, contact, access_token, message=self._get_message(done))

    def _render_contract(self, contract, contact, access_token, **values):
        all_bills = request.env['progress.bill']
        domain = all_bills._get_contact_domain(contact) if contact else all_bills._get_portal_domain()
        bills = contract.bill_ids.filtered_domain(domain & Domain('contract_id', '=', contract.id))
        values = self._get_page_values(
            contract,
            contact,
            access_token,
            page_name='progress_contract',
            contract=contract,
            bills=bills.sorted(lambda bill: bill._get_order_key(), reverse=True),
            statement=contract._get_portal_statement(bills),
            planned=contract._get_portal_plan(),
            milestones=contract._get_portal_milestones(),
            **values,
        )
        return request.render('progress_billing.portal_contract_page', values)

    @http.route('/my/progress/bill/<int:bill_id>', type='http', auth='public', website=True)
    @says_nothing
    def bill_page(self, bill_id, access_token=None, done=None, **_kwargs):
        """A bill: its claim by line, summary, documents and history."""
        bill, contact = self._open('progress.bill', bill_id, access_token)
        error = request.session.pop('progress_error', None)
        return self._render_bill(bill, contact, access_token, message=self._get_message(done), error=error)

    def _get_message(self, done):
        """What the page says after an answer."""
        return {
            'approve': request.env._("Thank you: the bill is approved."),
            'certify': request.env._("Thank you: the bill is approved with the amounts you entered."),
            'reject': request.env._("The bill goes back to be revised. You hear from us."),
            'dispute': request.env._("Your dispute is noted. You hear from us."),
            'withdraw': request.env._("The dispute is withdrawn."),
            'milestone': request.env._("Thank you: the milestone is approved."),
            'sign': request.env._("Thank you: the bill is signed. The signed copy is below."),
            'upload': request.env._("Thank you: your files are with the bill."),
            'forward': request.env._("The PDF is on its way."),
        }.get(done)

    def _render_bill(self, bill, contact, access_token, **values):
        values = self._get_page_values(
            bill,
            contact,
            access_token,
            page_name='progress_bill',
            contract=bill.contract_id,
            bill=bill,
            rows=bill._get_portal_rows(),
            summary=bill._get_portal_summary(),
            **values,
        )
        return request.render('progress_billing.portal_bill_page', values)

    # === DOCUMENTS === #

    @http.route(
        '/my/progress/bill/<int:bill_id>/<any(pdf, xlsx, invoice):kind>', type='http', auth='public', website=True
    )
    @says_nothing
    def bill_document(self, bill_id, kind, access_token=None, **_kwargs):
        """What a contact may download: the application or pro forma, its spreadsheet, the posted invoice."""
        bill, contact = self._open('progress.bill', bill_id, access_token)
        try:
            if kind == 'invoice':
                return request.redirect(bill._get_portal_invoice().get_portal_url())
            if kind == 'xlsx':
                if not contact:
                    bill.sudo(False)._check_download()  # the office, by another door
                name, content, mimetype = 'xlsx', bill._get_application_xlsx(), XLSX_TYPE
            else:
                name, content, mimetype = 'pdf', bill._get_portal_pdf(), 'application/pdf'
        except UserError as error:
            return self._render_bill(bill, contact, access_token, error=str(error))
        file = f'{bill._get_application_file_name()}.{name}'
        return request.make_response(
            content,
            [
                ('Content-Type', mimetype),
                ('Content-Length', len(content)),
                ('Content-Disposition', content_disposition(file)),
                ('X-Content-Type-Options', 'nosniff'),
            ],
        )

    @http.route('/my/progress/bill/<int:bill_id>/file/<int:file_id>', type='http', auth='public', website=True)
    @says_nothing
    def bill_file(self, bill_id, file_id, access_token=None, **_kwargs):
        """The signed copy, or what a contact uploaded."""
        bill, _contact = self._open('progress.bill', bill_id, access_token)
        file = (bill._get_uploads() | bill.signed_file_id).filtered(lambda file: file.id == file_id)
        if not file:
            raise NotFound
        stream = request.env['ir.binary']._get_stream_from(file)
        return stream.get_response(as_attachment=True, content_security_policy="default-src 'none'")
