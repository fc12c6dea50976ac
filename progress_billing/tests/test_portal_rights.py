from itertools import product
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .portal_common import PortalCommon


@tagged('post_install', '-at_install')
class TestPortalRights(PortalCommon):
    """Private contracts, projects one may see, and steps of approval."""

    def assertHidden(self, user):
        """By list, by RPC, by report and by URL."""
        for record in (self.contract, self.bill, self.contract.line_ids, self.bill.line_ids, self.contact):
            found = record.with_user(user).search([('id', 'in', record.ids)])
            self.assertFalse(found, record)
            with self.assertRaisesRegex(AccessError, "top-secret records"):
                record.with_user(user).read(['display_name'])
        self.authenticate(user.login, user.login)
        self.assertEqual(self._get(self.contract).status_code, 404)

    def test_private(self):
        self.bill.action_submit()
        self.contract.is_private = True
        for user in (self.reader, self.billing_user, self.accountant):
            with self.subTest(user.login):
                self.assertHidden(user)
        self.contract.with_user(self.manager).read(['name'])
        self.contract.private_user_ids = self.reader
        self.bill.with_user(self.reader).line_ids.read(['amount'])
        self.authenticate('billing_reader', 'billing_reader')
        self.assertEqual(self._get(self.contract).status_code, 200)
        self.logout()
        self.assertEqual(self._get(self.bill, contact=self.contact).status_code, 200)
        self._add_contact(self.billing_user.partner_id, 'reader')
        self.contract.with_user(self.billing_user).read(['name'])

    def test_private_figures_are_nowhere(self):
        """Not on the Billing tab, the dashboard, a milestone or a list, not by search, and not by what adds up."""
        milestone = self.env['project.milestone'].create({'name': "Roof", 'project_id': self.project.id})
        self.contract.line_ids[0].milestone_id = milestone
        self.bill.action_release()
        self.bill.invoice_id.action_post()
        reader = new_test_user(
            self.env,
            login='portal_reader',
            groups='progress_billing.group_user,project.group_project_user',
            company_id=self.company.id,
        )
        figures = (
            'progress_revised_amount',
            'progress_actual_amount',
            'progress_draft_amount',
            'progress_wip_available',
            'progress_retainage_balance',
            'progress_pending_amount',
            'progress_billed_percent',
            'progress_completed_percent',
            'progress_next_step_text',
            'progress_line_ids',
            'progress_bill_ids',
            'progress_shown_contract_id',
        )
        seen = self._look_as(reader, figures, milestone)
        self.assertTrue(seen['tab']['progress_revised_amount'] and seen['tab']['progress_line_ids'])
        self.assertTrue(seen['milestone'] and seen['found'] and seen['dashboard'] and seen['retainage'] and seen['wip'])
        self.assertEqual([count for _model, count in seen['sums'] if not count], [])
        self.contract.is_private = True
        self.env.invalidate_all()
        hidden = self._look_as(reader, figures, milestone)
        self.assertFalse(any(hidden['tab'].values()), hidden['tab'])
        self.assertEqual({**hidden, 'tab': 0, 'sums': 0}, dict.fromkeys(hidden, 0))
        self.assertEqual([model for model, count in hidden['sums'] if count], [])
        self.contract.private_user_ids = reader
        self.env.invalidate_all()
        self.assertEqual(self._look_as(reader, figures, milestone), seen)

    def _look_as(self, user, figures, milestone):
        """What a user gets to know of the contract without opening it."""
        project = self.project.with_user(user)
        models = ('contract', 'contract.line', 'bill', 'bill.line', 'payment.schedule')
        wizard = self.env['progress.deposit.wizard'].with_user(user)
        [tab] = project.read(figures, load=None)
        dashboard = project._get_profitability_items(with_action=False)['revenues']['total']
        return {
            'tab': {name: tab[name] for name in figures},
            'milestone': milestone.with_user(user).progress_amount,
            'found': project.search_count([('id', '=', project.id), ('progress_revised_amount', '>', 1)]),
            'dashboard': dashboard['invoiced'] + dashboard['to_invoice'],
            'retainage': len(wizard.create({'held': 'retainage', 'company_id': self.company.id}).line_ids),
            'wip': len(
                self.env['progress.wip.wizard']
                .with_user(user)
                .create({'company_id': self.company.id})
                .line_ids.filtered(lambda line: line.project_id == project)
            ),
            'sums': [
                (
                    name,
                    sum(
                        count
                        for [count] in self.env[f'progress.{name}']
                        .with_user(user)
                        ._read_group(
                            [('id' if name == 'contract' else 'contract_id', '=', self.contract.id)],
                            aggregates=['__count'],
                        )
                    ),
                )
                for name in models
            ],
        }

    def test_all_that_belongs_to_a_contract_has_the_rule(self):
        """Whatever addons add: who may not see the contract sees nothing that belongs to it."""
        for name, model in sorted(self.env.registry.models.items()):
            field = model._fields.get('contract_id')
            if model._abstract or model._transient or not field or field.comodel_name != 'progress.contract':
                continue
            with self.subTest(name):
                domain = self.env['ir.rule'].with_user(self.reader)._compute_domain(name, 'read')
                self.assertIn('is_private', str(domain))

    def test_private_documents(self):
        """Neither the printed bill nor the spreadsheet by their addresses."""
        self.bill.action_submit()
        addresses = [
            f'/report/pdf/progress_billing.report_progress_bill/{self.bill.id}',
            f'/report/html/progress_billing.report_progress_bill/{self.bill.id}',
            f'/report/pdf/progress_billing.report_progress_application/{self.bill.id}',
            f'/progress_billing/application/{self.bill.id}',
            *(self._url(self.bill, suffix) for suffix in ('', '/pdf', '/xlsx', '/invoice')),
        ]
        self.contract.is_private = True
        self.authenticate('billing_reader', 'billing_reader')
        for address in addresses:
            with self.subTest(address), mute_logger('odoo.http', 'odoo.addons.web.controllers.report'):
                self.assertGreaterEqual(self.url_open(address, timeout=60).status_code, 400)

    def test_projects_one_may_see(self):
        self.project.privacy_visibility = 'followers'
        plain = new_test_user(
            self.env, login='portal_reader', groups='progress_billing.group_readonly', company_id=self.company.id
        )
        self.assertHidden(plain)
        self.project.message_subscribe(partner_ids=plain.partner_id.ids)
        self.bill.with_user(plain).read(['name'])
        self.accountant.group_ids -= self.env.ref('project.group_project_manager')
        self.bill.with_user(self.accountant).read(['name'])

    def test_contacts_are_kept_by_administrators(self):
        vals = {'contract_id': self.contract.id, 'partner_id': self.architect.id}
        for user in (self.reader, self.billing_user, self.accountant):
            with self.assertRaisesRegex(AccessError, "You are not allowed to create"):
                self.env['progress.contact'].with_user(user).create(vals)
            with self.assertRaisesRegex(AccessError, "You are not allowed to modify"):
                self.contact.with_user(user).action_revoke()
        contact = self.env['progress.contact'].with_user(self.manager).create(vals)
        with self.assertRaisesRegex(AccessError, "cannot be set"):
            contact.partner_id = self.bystander
        with self.assertRaisesRegex(AccessError, "cannot be set"):
            contact.write({'token': 'x'})
        with self.assertRaisesRegex(AccessError, "cannot be set"):
            self.env['progress.contact'].with_user(self.manager).create(
                {**vals, 'partner_id': self.bystander.id, 'token': 'x'}
            )

    def test_steps(self):
        boss = new_test_user(
            self.env, login='portal_boss', groups='progress_billing.group_readonly', company_id=self.company.id
        )
        with self.assertRaisesRegex(ValidationError, "need pro formas"):
            self.make.as_billed([100], approval_step_ids=[Command.create({'name': "Boss", 'user_id': boss.id})])
        self.contract.approval_step_ids = [
            Command.create({'name': "Site", 'user_id': self.billing_user.id, 'sequence': 1}),
            Command.create({'name': "Boss", 'user_id': boss.id, 'sequence': 2, 'above_amount': 1000}),
            Command.create({'name': "Board", 'group_id': self.env.ref('base.group_system').id, 'above_amount': 50000}),
        ]
        bill = self.billing.run(self.contract, 40)
        self.bill.action_cancel()
        self.assertEqual(bill.activity_ids.user_id, self.billing_user)
        with self.assertRaisesRegex(UserError, "0 of 2 steps approved; Site waits for"):
            bill.action_release()
        with self.assertRaisesRegex(AccessError, "it is not your turn"):
            bill.with_user(boss).action_approve_step()
        self.assertTrue(bill.with_user(self.billing_user).is_my_approval)
        bill.with_user(self.billing_user).action_approve_step()
        self.assertEqual(bill.activity_ids.user_id, boss)
        self.assertEqual(bill.approval_percent, 50)
        bill.with_user(boss).action_approve_step()
        self.assertFalse(bill.activity_ids)
        with self.assertRaisesRegex(UserError, "waits for no approval"):
            bill.with_user(boss).action_approve_step()
        bill.line_ids[0].amount -= 100
        with self.assertRaisesRegex(UserError, "0 of 2 steps approved"):
            bill.action_release()
        bill.with_user(self.billing_user).action_approve_step()
        bill.with_user(boss).action_approve_step()
        bill.action_release()
        self.assertEqual(bill.state, 'invoiced')

    def test_final_invoice_is_held(self):
        """It is made at once, and stays a draft until the last step, whoever would post it."""
        boss = new_test_user(
            self.env, login='portal_boss', groups='progress_billing.group_readonly', company_id=self.company.id
        )
        self.contract.approval_step_ids = [Command.create({'name': "Boss", 'user_id': boss.id})]
        self.bill.with_user(boss).action_approve_step()
        self.bill.action_release()
        self.bill.invoice_id.action_post()
        self.company.progress_post_invoices = True
        self.contract.action_create_final_invoice()
        final = self.contract.final_bill_id
        self.assertRecordValues(final.invoice_id, [{'state': 'draft'}])
        self.assertEqual(final.activity_ids.user_id, boss)
        self.assertEqual((final.approval_percent, final.with_user(boss).is_my_approval), (0, True))
        with self.assertRaisesRegex(UserError, "is not approved yet: 0 of 1 steps approved; Boss waits for"):
            final.invoice_id.action_post()
        with self.assertRaisesRegex(UserError, "is not approved yet"):
            final.action_post_invoice()
        final.with_user(boss).action_approve_step()
        self.assertFalse(final.activity_ids)
        final.invoice_id.action_post()
        self.assertRecordValues(self.contract, [{'state': 'closed'}])
        self.assertFalse(final.approval_status, "nothing waits any more")

    def test_deleted_final_waits_for_nobody(self):
        self.contract.approval_step_ids = [Command.create({'name': "Boss", 'user_id': self.manager.id})]
        self.bill.action_cancel()
        self.contract.action_create_final_invoice()
        final = self.contract.final_bill_id
        self.assertEqual(final.activity_ids.user_id, self.manager)
        final.invoice_id.unlink()
        self.assertFalse(final.activity_ids)

    def test_small_bill_skips_steps(self):
        self.contract.approval_step_ids = [
            Command.create({'name': "Boss", 'user_id': self.manager.id, 'above_amount': 9000})
        ]
        self.bill.action_release()
        self.assertEqual(self.bill.state, 'invoiced')


@tagged('post_install', '-at_install')
class TestRoles(PortalCommon):
    """Two selectors, a side of contracts each, with the levels None, Read Only, Standard and Admin."""

    LEVELS = ('none', 'readonly', 'user', 'manager')
    CHECKS = {'read': 'readonly', 'write': 'user', 'unlink': 'user'}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        field = cls.env['progress.contract']._fields['contract_type']
        cls.startClassPatcher(patch.object(field, 'selection', [*field.selection, ('subcontract', "Subcontract")]))
        cls.sub = cls.make.as_billed([1000, 2000], description="Subcontract")
        cls.env.flush_all()
        cls.env.cr.execute("UPDATE progress_contract SET contract_type = 'subcontract' WHERE id = %s", [cls.sub.id])
        cls.env.invalidate_all()
        vals = {'contract_id': cls.sub.id, 'partner_id': cls.architect.id}
        cls.sub_contact = cls.env['progress.contact'].sudo().create(vals).sudo(False)

    def _make_user(self, customer, subcontract):
        groups = ['base.group_user']
        groups += [f'progress_billing.group_{customer}'] if customer != 'none' else []
        groups += [f'progress_billing.group_subcontract_{subcontract}'] if subcontract != 'none' else []
        login = f'role_{customer}_{subcontract}'
        return new_test_user(self.env, login=login, groups=','.join(groups), company_id=self.company.id)

    def test_labels(self):
        for name, levels in (
            ('progress_billing', ('group_readonly', 'group_user', 'group_manager')),
            (
                'progress_subcontract',
                ('group_subcontract_readonly', 'group_subcontract_user', 'group_subcontract_manager'),
            ),
        ):
            privilege = self.env.ref(f'progress_billing.res_groups_privilege_{name}')
            labels = [self.env.ref(f'progress_billing.{level}').name for level in levels]
            self.assertEqual([privilege.placeholder, *labels], ["None", "Read Only", "Standard", "Admin"])

    def test_a_level_is_of_its_side_alone(self):
        """Standard for customers and Read Only for subcontracts changes no subcontract, and so on for all sixteen."""
        for customer, subcontract in product(self.LEVELS, repeat=2):
            user = self._make_user(customer, subcontract)
            for contract, contact, level in (
                (self.contract, self.contact, customer),
                (self.sub, self.sub_contact, subcontract),
            ):
                for record in (contract, contract.sudo().line_ids.sudo(False), contract.sudo().bill_ids.sudo(False)):
                    for mode, needed in self.CHECKS.items() if record else ():
                        with self.subTest(user.login, record=record._name, mode=mode):
                            may = self.LEVELS.index(level) >= self.LEVELS.index(needed)
                            self.assertEqual(record.with_user(user).has_access(mode), may)
                with self.subTest(user.login, contact=contact.id):
                    self.assertEqual(contact.with_user(user).has_access('write'), level == 'manager')
                    for asked in self.LEVELS[1:]:
                        may = self.LEVELS.index(level) >= self.LEVELS.index(asked)
                        self.assertEqual(contract._has_side_level(asked, user), may, asked)

    def test_a_private_contract_is_for_admins_of_its_side(self):
        (self.contract | self.sub).sudo().is_private = True
        for customer, subcontract in (('manager', 'readonly'), ('readonly', 'manager'), ('user', 'user')):
            user = self._make_user(customer, subcontract)
            found = self.env['progress.contract'].with_user(user).search([('id', 'in', (self.contract | self.sub).ids)])
            sides = {'manager': self.contract}.get(customer, self.contract.browse())
            wanted = sides | {'manager': self.sub}.get(subcontract, self.sub.browse())
            self.assertEqual(found, wanted, user.login)

    def test_review_asks_the_side(self):
        """Approving for the customer takes an Admin of customers; one of subcontracts is none."""
        self.bill.action_submit()
        user = self._make_user('user', 'manager')
        with self.assertRaisesRegex(AccessError, "Only Progress Billing administrators approve"):
            self.bill.with_user(user).action_approve()
        self.bill.with_user(self._make_user('manager', 'none')).action_approve()
        self.assertEqual(self.bill.state, 'approved')
