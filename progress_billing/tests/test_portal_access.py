from odoo import Command
from odoo.tests import new_test_user, tagged

from .portal_common import PortalCommon
from .test_portal_files import make_pdf, make_picture

#: what is opened, and who opens it
PAGES = ('contract', 'bill', 'pdf', 'xlsx', 'file')
SEEN, HIDDEN, LOGIN = 200, 404, 303
#: person, how they come, what they get on every page
READERS = (
    ('anonymous', {}, HIDDEN),
    ('made-up link', {'token': 'nonsense'}, HIDDEN),
    ('empty link', {'token': ''}, HIDDEN),
    ('own link', {'contact': 'contact'}, SEEN),
    ('link of a reader', {'contact': 'reading'}, SEEN),
    ('link of an invoice contact', {'contact': 'paying'}, SEEN),
    ('revoked link', {'contact': 'revoked'}, HIDDEN),
    ("link of another contract's contact", {'contact': 'stranger'}, HIDDEN),
    ('contact, logged in', {'login': 'anna@example.com'}, SEEN),
    ('contact, logged in, with the link of another', {'login': 'anna@example.com', 'contact': 'reading'}, SEEN),
    ('colleague, logged in', {'login': 'carl@example.com'}, HIDDEN),
    ('colleague, logged in, with the link', {'login': 'carl@example.com', 'contact': 'contact'}, SEEN),
    ('portal user of another firm', {'login': 'bert@example.com'}, HIDDEN),
    ('portal user of another company', {'login': 'abroad@example.com'}, HIDDEN),
    ('internal, no role', {'login': 'access_none'}, HIDDEN),
    ('internal, Read Only', {'login': 'access_readonly'}, SEEN),
    ('internal, Standard', {'login': 'access_user'}, SEEN),
    ('internal, Admin', {'login': 'access_manager'}, SEEN),
    ('internal, Admin of subcontracts alone', {'login': 'access_subcontract_manager'}, HIDDEN),
    ('internal, Admin of another company', {'login': 'access_abroad'}, HIDDEN),
    ('internal, no role, with the link', {'login': 'access_none', 'contact': 'contact'}, SEEN),
)
#: who may do what there: approve and certify, dispute and upload, write a message
ANSWERS = (
    ('anonymous', {}, ()),
    ('own link', {'contact': 'contact'}, ('approve', 'dispute', 'upload')),
    ('link of an invoice contact', {'contact': 'paying'}, ('dispute', 'upload')),
    ('link of a reader', {'contact': 'reading'}, ()),
    ('revoked link', {'contact': 'revoked'}, ()),
    ("link of another contract's contact", {'contact': 'stranger'}, ()),
    ('contact, logged in', {'login': 'anna@example.com'}, ('approve', 'dispute', 'upload')),
    ('colleague, logged in', {'login': 'carl@example.com'}, ()),
    ('portal user of another company', {'login': 'abroad@example.com'}, ()),
    ('internal, no role', {'login': 'access_none'}, ()),
    ('internal, Read Only', {'login': 'access_readonly'}, ()),
    ('internal, Standard', {'login': 'access_user'}, ()),
    ('internal, Admin', {'login': 'access_manager'}, ()),
    ('internal, Admin, with the link', {'login': 'access_manager', 'contact': 'contact'}, ()),
)


@tagged('post_install', '-at_install')
class TestPortalAccess(PortalCommon):
    """Everybody who could come by, on every page and with every answer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partners = cls.env['res.partner'].create(
            [
                {'name': name, 'email': f'{name.lower()}@example.com'}
                for name in ("Revoked", "Payer", "Stranger", "Abroad")
            ]
        )
        gone, payer, stranger, abroad = partners
        cls.revoked = cls._add_contact(gone)
        cls.revoked.action_revoke()
        cls.paying = cls._add_contact(payer, 'invoice')
        cls.reading = cls._add_contact(cls.architect, 'reader')
        cls.stranger = cls._add_contact(stranger, contract=cls.make.pro_forma([100], description="Elsewhere"))
        other = cls.env['res.company'].sudo().create({'name': "Abroad Ltd"})
        cls.env['res.users'].sudo().create(
            {
                'login': 'abroad@example.com',
                'password': 'abroad@example.com',
                'partner_id': abroad.id,
                'company_id': other.id,
                'company_ids': [Command.set(other.ids)],
                'group_ids': [Command.set(cls.portal_group.ids)],
            }
        )
        for role in ('readonly', 'user', 'manager', 'subcontract_manager'):
            new_test_user(
                cls.env, login=f'access_{role}', groups=f'progress_billing.group_{role}', company_id=cls.company.id
            )
        new_test_user(cls.env, login='access_none', groups='base.group_user', company_id=cls.company.id)
        new_test_user(
            cls.env,
            login='access_abroad',
            groups='progress_billing.group_manager',
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        cls.bill.action_submit()
        cls.answer = (
            cls.env['progress.answer']
            .sudo()
            .create(
                {
                    'contract_id': cls.contract.id,
                    'bill_id': cls.bill.id,
                    'partner_id': payer.id,
                    'kind': 'upload',
                    'attachment_ids': [
                        Command.create(
                            {'name': 'x.txt', 'raw': b'x', 'res_model': 'progress.bill', 'res_id': cls.bill.id}
                        )
                    ],
                }
            )
        )

    def setUp(self):
        super().setUp()
        self.patch(type(self.env['progress.bill']), '_get_portal_pdf', lambda bill: b'%PDF-1.4')

    def _come(self, way):
        """Log in as they do, and give the query of their link."""
        self.authenticate(way.get('login'), way.get('login'))
        if 'token' in way:
            return {'access_token': way['token']}
        return {'access_token': self._get_token(way['contact'])} if 'contact' in way else {}

    def _get_token(self, name):
        return getattr(self, name).sudo().with_context(active_test=False).token

    def test_pages(self):
        addresses = {
            'contract': (self.contract, ''),
            'bill': (self.bill, ''),
            'pdf': (self.bill, '/pdf'),
            'xlsx': (self.bill, '/xlsx'),
            'file': (self.bill, f'/file/{self.answer.attachment_ids.id}'),
        }
        for who, way, wanted in READERS:
            query = self._come(way)
            for page in PAGES:
                record, suffix = addresses[page]
                with self.subTest(who, page=page):
                    response = self._get(record, suffix, **query)
                    self.assertEqual(response.status_code, wanted)
                    if page in ('contract', 'bill'):
                        self.assertEqual("Portal House" in response.text, wanted == SEEN)

    def test_list(self):
        """Everybody's own, and the login for whoever has none."""
        self.assertEqual(self.url_open('/my/progress', allow_redirects=False).status_code, LOGIN)
        for login, sees in (
            ('anna@example.com', True),
            ('carl@example.com', False),
            ('bert@example.com', False),
            ('abroad@example.com', False),
            ('access_manager', False),
        ):
            self.authenticate(login, login)
            with self.subTest(login):
                page = self.url_open('/my/progress')
                self.assertEqual(page.status_code, 200)
                self.assertEqual(self.bill.name in page.text, sees)

    def test_answers(self):
        for who, way, allowed in ANSWERS:
            for kind in ('approve', 'certify', 'reject', 'dispute', 'upload'):
                with self.subTest(who, kind=kind):
                    before = self._get_facts()
                    self.env.cr.execute('SAVEPOINT answer')
                    self._send(kind, self._come(way))
                    self.env.invalidate_all()
                    may = kind in allowed or ('approve' in allowed and kind in ('certify', 'reject'))
                    self.assertEqual(self._get_facts() != before, may)
                    self.env.cr.execute('ROLLBACK TO SAVEPOINT answer')
                    self.env.invalidate_all()

    def _get_facts(self):
        return self.bill.state, self.bill.is_disputed, len(self.bill.answer_ids), len(self.bill.message_ids)

    def _send(self, kind, query):
        """Send the form as a page of theirs would, with a word of their own session in it."""
        page = self.url_open('/web/login', timeout=60).text
        token = page.split('csrf_token: "')[1].split('"')[0]
        given = {'csrf_token': token, 'version': self.bill._get_version(), 'reason': "Because", 'answer': kind}
        if kind == 'upload':
            self.url_open(
                self._url(self.bill, '/upload', **query),
                data={'csrf_token': token},
                files=[('files', ('a.png', make_picture()))],
                timeout=60,
            )
        else:
            self.url_open(self._url(self.bill, '/answer', **query), data=given, timeout=60)


@tagged('post_install', '-at_install')
class TestPortalHistoryFiles(PortalCommon):
    """Files on a message of the page are of the same harmless kinds."""

    def setUp(self):
        super().setUp()
        self.bill.action_submit()

    def _attach(self, name, content, contact=None, **proof):
        contact = contact or self.contact
        if not proof:
            proof = {
                'token': self.bill._get_history_token(contact),
                'pid': contact.partner_id.id,
                'hash': self.bill._sign_token(contact.partner_id.id),
            }
        page = self._get(self.bill, contact=contact).text
        data = {
            'csrf_token': page.split('csrf_token: "')[1].split('"')[0],
            'thread_model': 'progress.bill',
            'thread_id': self.bill.id,
            'is_pending': 'true',
            **proof,
        }
        return self.url_open('/mail/attachment/upload', data=data, files={'ufile': (name, content)}, timeout=60)

    def test_message_with_a_file(self):
        answer = self._attach('plan.pdf', make_pdf()).json()
        file = self.env['ir.attachment'].sudo().browse(answer['data']['attachment_id'])
        self.assertEqual(file.mimetype, 'application/pdf')
        store = answer['data']['store_data']['ir.attachment'][0]
        self.make_jsonrpc_request(
            '/mail/message/post',
            {
                'thread_model': 'progress.bill',
                'thread_id': self.bill.id,
                'post_data': {
                    'body': "Here is the plan",
                    'message_type': 'comment',
                    'subtype_xmlid': 'mail.mt_comment',
                    'attachment_ids': file.ids,
                    'attachment_tokens': [store['ownership_token']],
                },
                'pid': self.anna.id,
                'hash': self.bill._sign_token(self.anna.id),
                'token': self.bill._get_history_token(self.contact),
            },
        )
        self.assertEqual(self.bill.message_ids[0].attachment_ids, file)
        self.assertEqual(self.bill.message_ids[0].author_id, self.anna)

    def test_bad_files(self):
        before = self.env['ir.attachment'].sudo().search_count([])
        svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
        for name, content, sentence in (
            ('page.html', b'<html><script>alert(1)</script></html>', "cannot be uploaded"),
            ('picture.svg', svg, "cannot be uploaded"),
            ('picture.png', svg, "cannot be uploaded"),
            ('broken.pdf', b'%PDF-1.4\n' + b'x' * 200, "is broken"),
            ('locked.pdf', make_pdf(password='x'), "protected by a password"),
            ('large.pdf', make_pdf() + b'\x00' * 20 * 1024**2, "too large: at most 15 MB"),
        ):
            with self.subTest(name):
                answer = self._attach(name, content)
                self.assertEqual(answer.status_code, 200)
                self.assertRegex(answer.json()['error'], sentence)
        self.assertEqual(self.env['ir.attachment'].sudo().search_count([]), before)

    def test_who(self):
        self.assertEqual(self._attach('a.png', make_picture(), token='x').status_code, 404)
        proof = {'token': self.bill._get_history_token(self.contact)}
        self.contact.action_revoke()
        page = self.url_open('/web/login').text
        data = {
            'csrf_token': page.split('csrf_token: "')[1].split('"')[0],
            'thread_model': 'progress.bill',
            'thread_id': self.bill.id,
            **proof,
        }
        answer = self.url_open('/mail/attachment/upload', data=data, files={'ufile': ('a.png', make_picture())})
        self.assertEqual(answer.status_code, 404)
