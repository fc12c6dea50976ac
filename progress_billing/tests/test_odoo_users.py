from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from .common import ProgressBillingCommon

PROJECT_MODELS = ('project.project', 'project.task', 'project.milestone')


@tagged('post_install', '-at_install')
class TestOdooUsers(ProgressBillingCommon):
    """What is added to Odoo's models never keeps Odoo's own users from what they could do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.worker = new_test_user(
            cls.env,
            login='worker',
            groups='project.group_project_user,base.group_allow_export',
            company_id=cls.company.id,
        )
        cls.rule = cls.env['progress.billing.rule'].create({'name': "Each phase"})
        cls.task = cls.env['project.task'].create(
            {
                'name': "Roof",
                'project_id': cls.project.id,
                'billing_rule_id': cls.rule.id,
                'bill_separately': True,
                'partner_shipping_id': cls.customer.id,
                'child_ids': [
                    Command.create({'name': "Tiles", 'project_id': cls.project.id, 'billing_rule_id': cls.rule.id}),
                    Command.create({'name': "Gutter", 'project_id': cls.project.id}),
                ],
            }
        )
        cls.env.invalidate_all()

    def test_copying_tasks(self):
        """A project user copies a task; the copy is billed as the task is, its sub-tasks too."""
        copied = self.task.with_user(self.worker).copy()
        made = copied.with_env(self.env)
        self.assertRecordValues(
            made,
            [{'billing_rule_id': self.rule.id, 'bill_separately': True, 'partner_shipping_id': self.customer.id}],
        )
        rules = {child.name.split(' (')[0]: child.billing_rule_id for child in made.child_ids}
        self.assertEqual(rules, {"Tiles": self.rule, "Gutter": self.rule.browse()})
        plain = self.env['project.task'].create({'name': "Plain", 'project_id': self.project.id})
        self.assertFalse(plain.with_user(self.worker).copy().with_env(self.env).billing_rule_id)
        self.assertEqual(self.task.with_user(self.billing_user).copy().billing_rule_id, self.rule)

    def test_task_from_template(self):
        self.task.is_template = True
        made = self.task.with_user(self.worker).action_create_from_template({'project_id': self.project.id})
        self.assertEqual(self.env['project.task'].browse(made).billing_rule_id, self.rule)

    def test_what_is_hidden_stays_hidden(self):
        """A copy is no way to set what its maker may not."""
        other = self.env['progress.billing.rule'].create({'name': "Other"})
        copied = self.task.with_user(self.worker).copy({'billing_rule_id': other.id})
        self.assertEqual(copied.with_env(self.env).billing_rule_id, self.rule)
        with self.assertRaisesRegex(AccessError, "You do not have enough rights to access the field"):
            self.task.with_user(self.worker).write({'billing_rule_id': other.id})

    def test_forms_lists_and_exports(self):
        """Views, defaults, searches and exports of Odoo's models work for users who bill nothing."""
        milestone = self.env['project.milestone'].create({'name': "Done", 'project_id': self.project.id})
        records = {'project.project': self.project, 'project.task': self.task, 'project.milestone': milestone}
        for model in PROJECT_MODELS:
            mine = records[model].with_user(self.worker)
            with self.subTest(model=model):
                views = [(False, kind) for kind in ('list', 'form', 'kanban', 'search')]
                self.assertTrue(mine.get_views(views))
                self.assertTrue(mine.web_read({name: {} for name in ('name', 'display_name')}))
                self.assertTrue(mine.export_data(['name', 'display_name']))
                self.assertTrue(mine.search([('id', 'in', mine.ids)]))
                mine.default_get(list(mine.fields_get()))
        with Form(self.env['project.task'].with_user(self.worker)) as form:
            form.name = "Walls"
            form.project_id = self.project
        form.record.write({'state': '1_done'})
        milestone.with_user(self.worker).copy()

    def test_fields_that_are_copied_and_hidden(self):
        """Odoo reads every field it copies: one of ours that not everybody sees needs a copy of its own."""
        known = {('project.task', name) for name in ('billing_rule_id', 'bill_separately', 'partner_shipping_id')}
        found = {
            (model, name)
            for model in self.env.registry
            if not model.startswith('progress.') and not self.env[model]._abstract
            for name, field in self.env[model]._fields.items()
            if field.copy and field.groups and any(module.startswith('progress_billing') for module in field._modules)
        }
        self.assertEqual(found, known)

    def test_merging_contacts(self):
        """Two contacts become one, billed or not: what was billed to either is the one's."""
        twin = self.customer.copy({'name': "Customer, entered twice"})
        contract = self.make.contract([1000, 500], partner_id=twin.id)
        bill = self.billing.bill(contract, '10%')
        self.env['base.partner.merge.automatic.wizard']._merge((twin | self.customer).ids, self.customer)
        self.env.invalidate_all()
        self.assertFalse(twin.exists())
        for record in (contract, bill, bill.invoice_id, bill.invoice_id.line_ids):
            self.assertEqual(record.partner_id, self.customer)
        self.billing.bill(contract, '10%')

    def test_merging_accounts(self):
        """Accounts of two companies become one, whatever they are used for."""
        other = self.env['res.company'].create({'name': "Branch office"})
        twin = self.income_account.with_company(other).sudo().create(
            {'name': "Sales", 'code': '490099', 'account_type': 'income', 'company_ids': other.ids}
        )
        contract = self.make.contract([1000])
        both = (self.income_account | twin).with_context(allowed_company_ids=[self.company.id, other.id])
        both.env['account.merge.wizard']._action_merge(both)
        self.env.invalidate_all()
        self.assertFalse(twin.exists())
        self.assertEqual(contract.line_ids.account_id, self.income_account)
