from contextlib import suppress
from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import ProgressBillingCommon

DUE = 'progress_billing.mail_activity_bill_due'


@tagged('post_install', '-at_install')
class TestMilestone(ProgressBillingCommon):
    """Milestones and tasks drive billing (PLN-11, PLN-10, PRG-1)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['progress.bill'].search([('state', '=', 'planned')]).unlink()
        cls.responsible = cls.accountant
        cls.worker = new_test_user(
            cls.env, login='worker', groups='project.group_project_user', company_id=cls.company.id
        )
        cls.project.privacy_visibility = 'employees'
        cls.milestone = cls._make_milestone("Roof")
        cls.contract = cls.make.as_billed([1000, 500], cls.tax_15, user_id=cls.responsible.id)
        cls.line = cls.contract.line_ids[0]

    @classmethod
    def _make_milestone(cls, name, **vals):
        return cls.env['project.milestone'].create({'name': name, 'project_id': cls.project.id, **vals})

    def _record(self, **vals):
        return self.make.plan(self.contract, '25%', False, milestone_id=self.milestone.id, **vals)

    def _cron(self):
        with self.enter_registry_test_mode():
            self.env.ref('progress_billing.ir_cron_generate_progress_invoices').method_direct_trigger()
        self.env.invalidate_all()

    def _activities(self, record):
        return record.activity_search([DUE])

    @freeze_time('2026-03-15 12:00:00')
    def test_record_is_due_when_reached(self):
        """PLN-10: due at once, with an activity for the responsible; the bill comes by the next scheduled run."""
        record = self._record()
        self.assertEqual((record.trigger, record.is_due), ('milestone', False))
        self._cron()
        self.assertEqual(record.state, 'planned')
        self.milestone.with_user(self.worker).is_reached = True
        self.assertEqual((record.is_due, record.state), (True, 'planned'))
        self.assertIn(record, self.env['progress.bill'].search([('is_due', '=', True)]))
        self.assertEqual(self._activities(record).user_id, self.responsible)
        self.milestone.is_reached = True
        self.assertEqual(len(self._activities(record)), 1)
        self._cron()
        self._cron()
        self.assertEqual((record.state, len(record.invoice_ids)), ('invoiced', 1))
        self.assertEqual(record.invoice_id.amount_untaxed, 375)
        self.assertEqual(record.invoice_id.invoice_date, date(2026, 3, 15))
        self.assertFalse(self._activities(record))

    @freeze_time('2026-03-15 12:00:00')
    def test_number_of_the_day_it_was_reached(self):
        """PLN-10: a series by year numbers the bill by the day its milestone was reached, which is its date."""
        sequence = self.env['ir.sequence'].search(
            [('code', '=', 'progress.bill'), ('company_id', 'in', (self.company.id, False))],
            order='company_id',
            limit=1,
        )
        sequence.write({'use_date_range': True, 'prefix': '%(range_year)s-', 'padding': 3})
        record = self.make.plan(self.contract, '25%', '2027-01-31', milestone_id=self.milestone.id)
        self.milestone.is_reached = True
        record.action_create()
        self.assertEqual((record.date, record.name), (date(2026, 3, 15), '2026-001'))

    def test_record_of_a_reached_milestone(self):
        """PLN-10: a record tied to a milestone that was reached before is due at once too, with its activity."""
        self.milestone.is_reached = True
        record = self._record()
        self.assertTrue(record.is_due)
        self.assertEqual(self._activities(record).user_id, self.responsible)

    def test_due_follows_what_it_hangs_on(self):
        """Not due on a draft contract, nor where approval is wanted: what was read of it before is not kept."""
        self.milestone.is_reached = True
        record = self._record()
        for act, is_due in (
            (lambda: record.write({'requires_approval': True}), False),
            (lambda: record.write({'requires_approval': False}), True),
            (self.contract.action_draft, False),
            (self.contract.action_open, True),
        ):
            act()
            self.assertEqual(record.is_due, is_due)

    def test_create_before_it_is_reached(self):
        """PLN-10: the bill comes by Create too; a person decides."""
        record = self._record()
        record.action_create()
        self.assertEqual(record.state, 'invoiced')
        self.milestone.is_reached = True
        self.assertFalse(self._activities(record))

    def test_approval(self):
        """PLN-11: where approval is wanted, due once approved; by a manager, with a note; who and when kept."""
        record = self._record(requires_approval=True)
        manager = self.env.user
        with self.assertRaisesRegex(UserError, "is not reached yet"), self.env.cr.savepoint():
            self.milestone.action_approve_billing("by phone")
        self.milestone.is_reached = True
        self.assertEqual((record.is_due, self.milestone.billing_approval), (False, 'wanted'))
        self.assertFalse(self._activities(record))
        self._cron()
        self.assertEqual(record.state, 'planned')
        for user in (self.billing_user, self.accountant, self.worker):
            with (
                self.subTest(user.login),
                self.assertRaisesRegex(AccessError, "Only Progress Billing administrators approve a milestone"),
                self.env.cr.savepoint(),
            ):
                self.milestone.with_user(user).action_approve_billing("by phone")
        for note in (False, '', ' '):
            with (
                self.subTest(note),
                self.assertRaisesRegex(UserError, "Note how the customer approved"),
                self.env.cr.savepoint(),
            ):
                self.milestone.action_approve_billing(note)
        action = self.milestone.action_approve_billing("by e-mail of 3 May")
        self.assertTrue(action)
        approved_on = self.milestone.billing_approved_on
        self.assertRecordValues(
            self.milestone,
            [
                {
                    'billing_approved_by_id': manager.id,
                    'billing_approval_note': "by e-mail of 3 May",
                    'billing_approval': 'approved',
                }
            ],
        )
        self.milestone.action_approve_billing("again")
        self.assertEqual(
            (self.milestone.billing_approved_on, self.milestone.billing_approval_note),
            (approved_on, "by e-mail of 3 May"),
        )
        self.assertTrue(record.is_due)
        self.assertEqual(len(self._activities(record)), 1)
        self._cron()
        self.assertEqual(record.state, 'invoiced')

    def test_approval_cannot_be_written(self):
        """PLN-11: no caller approves by writing or creating, with context defaults, or by copying."""
        user = self.billing_user
        user.group_ids |= self.env.ref('project.group_project_manager')
        vals = {'name': "Own", 'project_id': self.project.id, 'is_reached': True}
        now = '2026-01-01 00:00:00'
        with (
            self.assertRaisesRegex(AccessError, "A milestone is approved by its button, not by writing the approval"),
            self.env.cr.savepoint(),
        ):
            self.milestone.with_user(user).billing_approved_on = now
        milestones = self.env['project.milestone'].with_user(user)
        for name, make in (
            ('create', lambda: milestones.create(dict(vals, billing_approved_on=now))),
            ('default', lambda: milestones.with_context(default_billing_approved_on=now).create(dict(vals))),
        ):
            with self.subTest(name):
                with suppress(AccessError), self.env.cr.savepoint():
                    self.assertFalse(make().billing_approved_on)
        self.milestone.is_reached = True
        self.milestone.action_approve_billing("ok")
        self.assertFalse(self.milestone.copy().billing_approved_on)

    def test_left_again(self):
        """PLN-10: un-reaching undoes no bill; what is not billed is not due any more."""
        billed, open_record = self._record(), self._record()
        self.milestone.is_reached = True
        billed.action_create()
        self.milestone.is_reached = False
        self.assertEqual((billed.state, open_record.is_due), ('invoiced', False))
        self.assertFalse(self._activities(open_record))

    def test_cancelled_record(self):
        """PLN-10: nobody is asked to bill a record that was cancelled before its milestone was reached."""
        record = self._record()
        record.action_cancel()
        self.milestone.is_reached = True
        self.assertFalse(self._activities(record))

    def test_line_of_a_milestone(self):
        """PRG-11: a line tied to a milestone is done, and pending, when it is reached; the run bills it."""
        self.line.milestone_id = self.milestone
        self.assertEqual(self.line.progress_source, 'milestone')
        self.assertBuckets(self.line, 0, 0, 0, 0)
        self.milestone.with_user(self.worker).is_reached = True
        self.assertBuckets(self.line, 1000, 0, 0, 100)
        self.milestone.is_reached = False
        self.assertBuckets(self.line, 0, 0, 0, 0)
        self.milestone.is_reached = True
        bill = self.billing.run(self.contract)
        self.assertEqual(bill.amount, 1000)
        self.milestone.is_reached = False
        self.assertBuckets(self.line, 0, 1000, 0, 100)
        self.assertEqual(bill.state, 'invoiced')

    def test_line_that_does_not_follow_its_milestone(self):
        """PRG-11: where a line is tied to a milestone and takes its progress from a task, what was typed stays."""
        task = self.env['project.task'].create({'name': "Tiles", 'project_id': self.project.id})
        self.line.write({'milestone_id': self.milestone.id, 'task_id': task.id, 'progress_source': 'task'})
        self.line.completed_percent = 40
        self.milestone.is_reached = True
        self.assertBuckets(self.line, 400, 0, 0, 40)

    def test_line_with_approval(self):
        """PLN-11 on lines: pending once approved."""
        self.line.write({'milestone_id': self.milestone.id, 'requires_approval': True})
        self.milestone.is_reached = True
        self.assertBuckets(self.line, 0, 0, 0, 0)
        self.assertEqual(self.milestone.billing_approval, 'wanted')
        self.milestone.action_approve_billing("by letter")
        self.assertBuckets(self.line, 1000, 0, 0, 100)
        self.line.requires_approval = False
        self.assertBuckets(self.line, 1000, 0, 0, 100)

    def test_line_of_a_reached_milestone(self):
        """Tying a line to a reached milestone counts at once, on a draft contract and a new line too."""
        self.milestone.is_reached = True
        self.line.milestone_id = self.milestone
        self.assertBuckets(self.line, 1000, 0, 0, 100)
        new = self.env['progress.contract.line'].create(
            {
                'contract_id': self.contract.id,
                'name': "New",
                'original_amount': 300,
                'milestone_id': self.milestone.id,
            }
        )
        self.assertBuckets(new, 300, 0, 0, 100)
        draft = self.make.as_billed([1000], do_open=False, line_vals={'milestone_id': self.milestone.id})
        self.assertBuckets(draft.line_ids, 1000, 0, 0, 100)

    def test_line_without_its_milestone(self):
        """A line that follows a milestone has one: chosen together, and not taken away."""
        self.assertRefused(
            lambda: self.line.write({'progress_source': 'milestone'}), self.line.display_name, "choose the milestone"
        )
        self.line.write({'progress_source': 'milestone', 'milestone_id': self.milestone.id})
        self.line.milestone_id = False
        self.assertEqual(self.line.progress_source, 'manual')

    def test_line_partly_billed(self):
        """PRG-11: what was billed before the milestone is not billed again."""
        self.billing.bill(self.contract, '300')
        self.line.milestone_id = self.milestone
        self.assertBuckets(self.line, 0, 0, 200)
        self.milestone.is_reached = True
        self.assertBuckets(self.line, 800, 0, 200, 100)

    def test_milestone_shows_what_it_bills(self):
        """Revised amounts of lines and amounts of records, billed ones with what was billed."""
        self.assertEqual((self.milestone.progress_amount, self.milestone.billing_approval), (0, 'none'))
        self.line.milestone_id = self.milestone
        record, cancelled = self._record(), self._record()
        cancelled.action_cancel()
        self.milestone.invalidate_recordset()
        self.assertEqual(self.milestone.progress_amount, 1375)
        record.action_create()
        self.milestone.invalidate_recordset()
        self.assertEqual(self.milestone.progress_amount, 1375)

    def test_milestone_of_another_project(self):
        """A milestone of another project is refused, on line and record; a trigger needs its milestone."""
        other = self.env['project.milestone'].create({'name': "X", 'project_id': self.make.project(name="Y").id})
        with self.assertRaisesRegex(ValidationError, "is no milestone of"), self.env.cr.savepoint():
            self.line.milestone_id = other
        with self.assertRaisesRegex(ValidationError, "is no milestone of"), self.env.cr.savepoint():
            self.make.plan(self.contract, '10%', milestone_id=other.id)
        with (
            self.assertRaisesRegex(ValidationError, "choose the milestone that makes the record due"),
            self.env.cr.savepoint(),
        ):
            self.make.plan(self.contract, '10%', trigger='milestone')

    def test_deleted_milestone(self):
        """A milestone that goes leaves no record that nothing can make due, and no traceback in the scheduled run."""
        record = self._record()
        self.line.milestone_id = self.milestone
        try:
            with self.env.cr.savepoint():
                self.milestone.unlink()
        except UserError:
            return
        self.env.invalidate_all()
        self.assertNotEqual(record.trigger, 'milestone')
        self.assertEqual(self.line.progress_source, 'manual')

    def test_closed_contract_is_left_alone(self):
        """PLN-11: a milestone reached after the final changes nothing and raises nothing for the project's people."""
        self.line.milestone_id = self.milestone
        record = self._record()
        self.billing.final(self.contract)
        self.milestone.with_user(self.worker).is_reached = True
        self.assertFalse(self._activities(record))
        self.assertEqual((record.state, record.is_due, self.line.pending_amount), ('cancelled', False, 0))

    def test_pro_forma_where_used(self):
        """REV-1: a milestone's record stops at the pro forma where the contract uses them."""
        self.contract.use_pro_forma = True
        record = self._record()
        self.milestone.is_reached = True
        self._cron()
        self.assertEqual((record.state, record.invoice_ids.ids), ('draft', []))


@tagged('post_install', '-at_install')
class TestTaskProgress(ProgressBillingCommon):
    """A schedule line takes its Completed (%) from its task's progress, and says so."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.worker = new_test_user(
            cls.env, login='worker', groups='project.group_project_user', company_id=cls.company.id
        )
        cls.project.privacy_visibility = 'employees'
        cls.task = cls._make_task("Walls")
        cls.contract = cls.make.as_billed([1000])
        cls.line = cls.contract.line_ids
        cls.line.write({'task_id': cls.task.id, 'progress_source': 'task'})

    @classmethod
    def _make_task(cls, name, **vals):
        return cls.env['project.task'].create({'name': name, 'project_id': cls.project.id, **vals})

    def test_done(self):
        """A finished task is 100 %; re-opened before billing it is 0 again; billed progress stays."""
        self.assertBuckets(self.line, 0, 0, 0, 0)
        self.task.with_user(self.worker).state = '1_done'
        self.assertBuckets(self.line, 1000, 0, 0, 100)
        self.task.state = '01_in_progress'
        self.assertBuckets(self.line, 0, 0, 0, 0)
        self.task.state = '1_done'
        self.billing.run(self.contract)
        self.task.state = '01_in_progress'
        self.assertBuckets(self.line, 0, 1000, 0, 100)

    def test_sub_tasks(self):
        """The share of its sub-tasks that are done, cancelled ones apart; made, moved and deleted ones count."""
        children = self.env['project.task'].concat(
            *(self._make_task(f"Part {number}", parent_id=self.task.id) for number in range(4))
        )
        children[0].state = '1_done'
        self.assertBuckets(self.line, 250, 0, 0, 25)
        children[3].state = '1_canceled'
        self.assertBuckets(self.line, 333.33, 0, 0, 100 / 3)
        with self.subTest("moved away"):
            children[2].parent_id = False
            self.assertBuckets(self.line, 500, 0, 0, 50)
        with self.subTest("made"):
            children[2].parent_id = self.task
            self._make_task("Fifth", parent_id=self.task.id)
            self.assertBuckets(self.line, 250, 0, 0, 25)
        with self.subTest("deleted"):
            children[1].unlink()
            self.assertBuckets(self.line, 333.33, 0, 0, 100 / 3)
        with self.subTest("made done"):
            self._make_task("Sixth", parent_id=self.task.id, state='1_done')
            self.assertBuckets(self.line, 500, 0, 0, 50)

    def test_deep_sub_tasks(self):
        """Sub-tasks of sub-tasks of sub-tasks count as well."""
        parent = self.task
        for level in range(4):
            parent = self._make_task(f"Level {level}", parent_id=parent.id)
        parent.state = '1_done'
        self.assertBuckets(self.line, 1000, 0, 0, 100)

    def test_source_needs_its_task(self):
        """Progress of a task without a task is refused; a task of another project too."""
        with (
            self.subTest("none"),
            self.assertRaisesRegex(ValidationError, "choose the task whose progress the line takes"),
            self.env.cr.savepoint(),
        ):
            self.line.task_id = False
        other = self.make.project(name="Other")
        task = self.env['project.task'].create({'name': "Foreign", 'project_id': other.id})
        with self.subTest("foreign"), self.assertRaisesRegex(ValidationError, "is no task of"), self.env.cr.savepoint():
            self.line.task_id = task

    def test_typed_again(self):
        """The source can be chosen back; then the task leaves the line alone."""
        self.line.progress_source = 'manual'
        self.task.state = '1_done'
        self.assertBuckets(self.line, 0, 0, 0, 0)
        self.line.progress_source = 'task'
        self.assertBuckets(self.line, 1000, 0, 0, 100)

    def test_deleted_task(self):
        """A task that goes leaves a line that can still be billed."""
        self.task.state = '1_done'
        try:
            with self.env.cr.savepoint():
                self.task.unlink()
        except UserError:
            return
        self.env.invalidate_all()
        self.line.name = "Still writable"
        self.assertEqual(self.line.progress_source, 'manual')
        self.billing.run(self.contract)
        self.assertEqual(self.line.draft_amount, 1000)

    def test_fields_of_a_task_are_for_billing_readers(self):
        """A project user without billing rights works on tasks as before, and sees none of the billing fields."""
        task = self.task.with_user(self.worker)
        task.name = "Renamed"
        with self.assertRaisesRegex(AccessError, "You do not have enough rights to access the field"):
            task.read(['billing_rule_id'])
        with self.assertRaisesRegex(AccessError, "You do not have enough rights to access the field"):
            task.action_run_billing()
