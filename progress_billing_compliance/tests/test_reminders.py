from unittest.mock import patch

from odoo.tests import freeze_time, new_test_user, tagged

from .test_compliance import ComplianceCommon

ACTIVITY = 'progress_billing_compliance.mail_activity_compliance'
MODELS = 'odoo.addons.progress_billing_compliance.models'


@tagged('post_install', '-at_install')
class TestReminders(ComplianceCommon):
    """The scheduled action: which documents become an activity, on which day, for whom, and how many times (CMP-4)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['progress.compliance'].search([('valid_until', '!=', False)]).unlink()  # those of a demonstration
        cls.contract = cls.make.pro_forma([1000], user_id=cls.accountant.id)

    def _remind(self):
        """Run the action; returns what it told the runner: how many are done, and how many are left."""
        told = []
        cron = self.env.registry['ir.cron']
        self.patch(cron, '_commit_progress', lambda _cron, *args, **kwargs: self._go_on(told, *args, **kwargs))
        self.env['progress.compliance']._cron_remind_expiring()
        return told

    def _go_on(self, told, processed=0, *, remaining=None, deactivate=False):
        told.append((processed, remaining))
        return self.seconds_left

    seconds_left = 60.0

    def _dated(self, *days, kind=None, **vals):
        lines = self.env['progress.compliance']
        for number in days:
            lines |= self._document(kind or self.insurance, valid_until=self._day(number), **vals)
        return lines

    # === WHICH === #

    def test_when(self):
        """From so many days before the last one; what expired long ago as well, once, if nobody was told."""
        for days, reminder_days, due in (
            (-400, 30, True),
            (-1, 0, True),
            (0, 0, True),
            (1, 0, False),
            (30, 30, True),
            (31, 30, False),
            (90, 90, True),
            (91, 90, False),
        ):
            with self.subTest(days=days, reminder_days=reminder_days):
                kind = self.types.create({'name': "Permit", 'reminder_days': reminder_days})
                document = self._dated(days, kind=kind)
                self._remind()
                self.assertEqual(len(document.activity_ids), int(due))
                self.assertEqual(document.reminded_on, self.today if due else False)

    def test_which_are_left_out(self):
        """Those without a last day, not needed, or told of already."""
        self._document(self.insurance, number="P")
        self._document(self.insurance)
        waived = self._dated(1, is_waived=True)
        told = self._dated(1)
        told._write_protected({'reminded_on': self._day(-3)})
        self.assertEqual(self._remind(), [(0, 0)])
        self.assertFalse((waived | told).activity_ids)
        self.assertEqual(told.reminded_on, self._day(-3))
        waived.is_waived = False
        self._remind()
        self.assertEqual(len(waived.activity_ids), 1)

    def test_of_an_archived_type(self):
        """A type that is asked for no more: what was handed in of it still expires."""
        kind = self.types.create({'name': "Old", 'reminder_days': 1000})
        document = self._dated(900, kind=kind)
        kind.active = False
        self._remind()
        self.assertEqual(len(document.activity_ids), 1)

    def test_without_types(self):
        """Nothing to remind of where there is no type."""
        self.types.with_context(active_test=False).search([]).active = False
        self.assertEqual(self.env['progress.compliance']._get_longest_reminder() > 0, True)
        self.patch(type(self.types), '_read_group', lambda *_args: [(None,)])
        self.assertEqual(self.env['progress.compliance']._get_longest_reminder(), 0)
        self.assertEqual(self._remind(), [(0, 0)])

    def test_day_of_the_company(self):
        """It is told on the day that it is where its company is."""
        self.company.partner_id.tz = 'Pacific/Auckland'
        with freeze_time('2026-03-20 23:30:00'):
            document = self._document(self.insurance, valid_until='2026-04-20')
            self._remind()
            self.assertEqual((str(document.reminded_on), len(document.activity_ids)), ('2026-03-21', 1))

    # === WHOM === #

    def test_whom(self):
        """The contract's responsible person; who entered a firm's document; whoever runs the action in their place."""
        clerk = new_test_user(self.env, login='clerk', groups='progress_billing.group_user', company_id=self.company.id)
        gone = new_test_user(self.env, login='gone', groups='progress_billing.group_user', company_id=self.company.id)
        guest = new_test_user(self.env, login='guest', groups='base.group_portal', company_id=self.company.id)
        vals = {'type_id': self.insurance.id, 'partner_id': self.customer.id, 'valid_until': self._day(2)}
        lines = self.env['progress.compliance']
        ours = self._document(self.insurance, contract_id=self.contract.id, valid_until=self._day(2))
        entered = lines.with_user(clerk).create(vals).sudo()
        left = lines.with_user(gone).create(vals).sudo()
        gone.active = False
        theirs = self._document(
            self.insurance,
            contract_id=self.make.pro_forma([100], user_id=guest.id).id,
            valid_until=self._day(2),
        )
        self._remind()
        for document, user in (
            (ours, self.accountant),
            (entered, clerk),
            (left, self.env.user),
            (theirs, self.env.user),
        ):
            [activity] = document.activity_ids
            self.assertEqual((activity.user_id, activity.date_deadline), (user, self._day(2)))
            self.assertEqual(activity.summary, "Insurance: ask for a new one")
            self.assertEqual(activity.activity_type_id, self.env.ref(ACTIVITY))

    # === HOW MANY TIMES === #

    def test_renewed(self):
        """A new last day takes the activity back and starts anew; a number or the same action does neither."""
        document = self._dated(3)
        self._remind()
        [activity] = document.activity_ids
        document.write({'number': "P-2", 'policy': 'warn'})
        self._remind()
        self.assertEqual(document.activity_ids, activity)
        mine = document.activity_schedule('mail.mail_activity_data_todo', summary="Call them")
        document.valid_until = self._day(300)
        self.assertEqual(document.activity_ids, mine, "others' activities stay")
        self.assertFalse(document.reminded_on)
        document.valid_until = self._day(1)
        self._remind()
        self.assertEqual(len(document.activity_ids), 2)

    def test_several_renewed_at_once(self):
        told, new = self._dated(3), self._dated(400)
        self._remind()
        (told | new).write({'valid_until': self._day(2)})
        self.assertRecordValues(told | new, [{'reminded_on': False}, {'reminded_on': False}])
        self._remind()
        self.assertEqual([len(one.activity_ids) for one in told | new], [1, 1])

    # === IN BATCHES === #

    def test_batches(self):
        """Each batch is kept before the next, and the runner is told what is left."""
        documents, later = self._dated(1, 2, 3, 4, 5), self._dated(31)
        with patch(f'{MODELS}.progress_compliance.BATCH_SIZE', 2):
            self.assertEqual(self._remind(), [(0, 6), (2, 4), (2, 2), (2, 0)])
        self.assertEqual([len(one.activity_ids) for one in documents], [1] * 5)
        self.assertFalse(later.activity_ids, "looked at, as another type may remind so early")

    def test_out_of_time(self):
        """Where the runner has no time left the rest waits for it to call again."""
        documents = self._dated(1, 2, 3)
        self.seconds_left = 0.0
        with patch(f'{MODELS}.progress_compliance.BATCH_SIZE', 2):
            self.assertEqual(self._remind(), [(0, 3), (2, 1)])
            self.assertEqual([len(one.activity_ids) for one in documents], [1, 1, 0])
            self.assertEqual(self._remind(), [(0, 1), (1, 0)])
        self.assertEqual([len(one.activity_ids) for one in documents], [1, 1, 1])

    def test_held_by_somebody(self):
        """What another transaction holds is left for the next time, and stops nothing."""
        held, free = self._dated(1), self._dated(2)
        lock = type(held).try_lock_for_update
        self.patch(type(held), 'try_lock_for_update', lambda lines, **kwargs: lock(lines - held, **kwargs))
        with patch(f'{MODELS}.progress_compliance.BATCH_SIZE', 1):
            self.assertEqual(self._remind(), [(0, 2), (1, 1), (1, 0)])
        self.assertEqual([len(one.activity_ids) for one in held | free], [0, 1])
