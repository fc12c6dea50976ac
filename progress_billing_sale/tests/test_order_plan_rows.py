from odoo import Command
from odoo.tests import freeze_time, tagged

from .common import ProgressSaleCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-03-20 12:00:00')
class TestOrderPlanRows(ProgressSaleCommon):
    """The billing plan as its customer reads it, at each step of the order's life (SAL-8)."""

    def _order(self, *plans, amount=1000, confirm=True, **vals):
        """An order with instalments of so many percent."""
        order = self.orders.order([amount], confirm=False, **vals)
        order.progress_plan_ids = [
            Command.create({'title': f"Part {number}", 'percent': percent, 'sequence': number, 'offset': 0})
            for number, percent in enumerate(plans, 1)
        ]
        if confirm:
            order.action_confirm()
        return order

    def _read(self, order):
        rows = order._get_progress_plan_rows()
        return [tuple(row[key] for key in ('title', 'due', 'percent', 'amount')) for row in rows]

    def test_quotation(self):
        """What the instalments leave comes with the final invoice; of all there is none."""
        confirmed = "On confirmation"
        for plans, rows in (
            ((), [("Final invoice", "On completion", "100", 1000)]),
            ((30,), [("Part 1", confirmed, "30", 300), ("Final invoice", "On completion", "70", 700)]),
            ((60, 40), [("Part 1", confirmed, "60", 600), ("Part 2", confirmed, "40", 400)]),
            (
                (12.5, 33.33),
                [
                    ("Part 1", confirmed, "12.50", 125),
                    ("Part 2", confirmed, "33.33", 333.3),
                    ("Final invoice", "On completion", "54.17", 541.7),
                ],
            ),
        ):
            with self.subTest(plans):
                self.assertEqual(self._read(self._order(*plans, confirm=False)), rows)
        self.assertEqual(self._read(self._order(amount=0, confirm=False)), [])

    def test_set_up(self):
        """Nothing billed yet: the plan, whatever became of the order's own words."""
        order = self._order(30)
        contract = self.orders.set_up(order)
        expected = [("Part 1", "On confirmation", "30", 300), ("Final invoice", "On completion", "70", 700)]
        self.assertEqual(self._read(order), expected)
        contract.bill_ids.title = "Renamed in the office"
        self.assertEqual(self._read(order), expected)

    def test_billed(self):
        """What was billed, with its day, draft or not; what was credited is planned again."""
        order = self._order(30, 20)
        contract = self.orders.set_up(order)
        first = contract.bill_ids.sorted('id')[0]
        first.action_create()
        rest = [("Part 2", "On confirmation", "20", 200), ("Final invoice", "On completion", "50", 500)]
        self.assertEqual(self._read(order), [("Part 1", "Billed on 03/20/2026", "30", 300), *rest])
        first.invoice_id.action_post()
        self.assertEqual(self._read(order), [("Part 1", "Billed on 03/20/2026", "30", 300), *rest])
        self.billing.credit(first.invoice_id, date='2026-03-20')
        self.assertEqual(self._read(order), [("Part 1", "On confirmation", "30", 300), *rest])

    def test_final(self):
        """The final invoice is a row of its own, whatever was billed before; nothing is left then."""
        order = self._order(30)
        contract = self.orders.set_up(order)
        contract.bill_ids.action_create()
        contract.bill_ids.invoice_id.action_post()
        final = self.billing.final(contract)
        self.assertEqual(contract.final_bill_id.invoice_id, final)
        self.assertEqual(
            self._read(order),
            [("Part 1", "Billed on 03/20/2026", "30", 300), ("Final invoice", "Billed on 03/20/2026", "", 700)],
        )

    def test_beside_the_plan(self):
        """Bills that no instalment planned are listed after it, by their titles or numbers."""
        order = self._order(30)
        contract = self.orders.set_up(order)
        self.billing.bill(contract, '100', '2026-03-10', title="Extra")
        untitled = self.billing.bill(contract, '50', '2026-03-11')
        self.assertEqual(
            self._read(order),
            [
                ("Part 1", "On confirmation", "30", 300),
                ("Extra", "Billed on 03/10/2026", "", 100),
                (untitled.name, "Billed on 03/11/2026", "", 50),
                ("Final invoice", "On completion", "55", 550),
            ],
        )
        untitled.date = False
        self.assertEqual(self._read(order)[2][1], "Billed")

    def test_shared_contract(self):
        """On a contract of several orders each reads its own part, and nothing of the other's."""
        one = self._order(30, project_id=self.project.id)
        two = self._order(50, amount=3000, project_id=self.project.id)
        contract = self.orders.set_up(one)
        self.assertEqual(self.orders.set_up(two), contract)
        self.assertEqual(contract.bill_ids.sorted('id').mapped('planned_amount'), [300, 1500])
        self.billing.bill(contract, '10%', '2026-03-10', title="Beside")
        self.assertEqual(
            self._read(one),
            [("Part 1", "On confirmation", "30", 300), ("Final invoice", "On completion", "70", 700)],
        )
        self.assertEqual([row[3] for row in self._read(two)], [1500, 1500])

    def test_cancelled_contract(self):
        """A contract that is given up leaves the plan as it was offered."""
        order = self._order(30)
        contract = self.orders.set_up(order)
        contract.action_cancel()
        self.assertEqual(
            self._read(order),
            [("Part 1", "On confirmation", "30", 300), ("Final invoice", "On completion", "70", 700)],
        )

    def test_approved_change(self):
        """What nobody approved is not in it; once approved, the shares are of the new worth."""
        order = self._order(30)
        contract = self.orders.set_up(order)
        order.order_line.price_unit = 2000
        self.assertEqual([row[3] for row in self._read(order)], [300, 700])
        contract.change_ids.action_approve()
        self.assertEqual([row[3] for row in self._read(order)], [600, 1400])

    def test_language(self):
        """Dates and shares in the reader's notation."""
        self.env['res.lang']._activate_lang('de_DE')
        order = self._order(12.5)
        contract = self.orders.set_up(order)
        contract.bill_ids.action_create()
        row = order.with_context(lang='de_DE')._get_progress_plan_rows()[0]
        self.assertEqual(row['percent'], '12,50')
        self.assertIn('20.03.2026', row['due'])

    def test_due_text(self):
        """Milestones wait for what their title says, whatever they are offset by."""
        order = self._order(30, confirm=False)
        order.progress_plan_ids.write({'trigger': 'manual', 'offset': 3})
        self.assertEqual(order.progress_plan_ids._get_due_text(), "When reached")
        self.assertFalse(order.progress_plan_ids._get_due_date())

    def test_milestones_without_project(self):
        """Without a project nothing waits for a milestone: somebody bills it."""
        order = self._order(30, confirm=False)
        order.progress_plan_ids.trigger = 'manual'
        self.assertEqual(order.progress_plan_ids._ensure_milestones(self.env['project.project']), {})
        order.action_confirm()
        self.assertRecordValues(
            self.orders.set_up(order).bill_ids, [{'trigger': 'manual', 'milestone_id': False, 'date': False}]
        )

    def test_milestones_of_a_name(self):
        """One milestone for a title, those of other projects apart; the project gets milestones for it."""
        project = self.make.project(allow_milestones=False)
        elsewhere = self.env['project.milestone'].create({'project_id': self.project.id, 'name': "Part 1"})
        order = self._order(10, 20, 30, confirm=False, project_id=project.id)
        plans = order.progress_plan_ids
        plans.trigger = 'manual'
        plans[2].title = "Part 1"
        milestones = plans._ensure_milestones(project)
        self.assertEqual(sorted(milestones), ["Part 1", "Part 2"])
        self.assertTrue(project.allow_milestones)
        self.assertNotIn(elsewhere, milestones.values())
        self.assertEqual(len(project.milestone_ids), 2)
        self.assertEqual(plans._ensure_milestones(project), milestones)
        self.assertEqual(len(project.milestone_ids), 2)
        self.assertEqual(plans.filtered(lambda plan: plan.trigger == 'date')._ensure_milestones(project), {})
