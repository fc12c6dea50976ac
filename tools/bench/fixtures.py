"""What the rows of the benchmark work on: a company with a ledger, contracts, and the same invoices made by hand."""

from __future__ import annotations

from odoo import Command

SEED_INVOICES, SEED_PAYMENTS = 400, 40
KEPT = ("name", "account_id", "product_id", "quantity", "price_unit", "discount", "display_type", "sequence")


class Company:
    """A customer, a tax, an account, and invoices from before: an empty ledger tells the planner nothing."""

    def __init__(self, env):
        self.env = env
        company = env.company
        if "progress_post_invoices" in company._fields:
            company.progress_post_invoices = True
        self.tax = env["account.tax"].search([("type_tax_use", "=", "sale"), ("company_id", "=", company.id)], limit=1)
        self.account = env["account.account"].search([("account_type", "=", "income")], limit=1)
        self.partner = env["res.partner"].search([("name", "=", "Bench")], limit=1)
        if not self.partner:
            self.partner = env["res.partner"].create({"name": "Bench"})
            self.fill_ledger()

    def fill_ledger(self) -> None:
        """Invoices and payments from before."""
        env = self.env
        before = [self.invoice_vals(1) for _number in range(100)]
        for _part in range(SEED_INVOICES // 100):
            moves = env["account.move"].create(before)
            moves._post(soft=False)
        for move in moves[:SEED_PAYMENTS]:
            register = env["account.payment.register"].with_context(active_model="account.move", active_ids=move.ids)
            register.create({})._create_payments()
        env.flush_all()
        env.cr.commit()
        self.analyze()

    def invoice_vals(self, lines: int) -> dict:
        """A customer invoice as anybody would create it."""
        return {
            "move_type": "out_invoice",
            "partner_id": self.partner.id,
            "invoice_date": "2026-01-31",
            "invoice_line_ids": [Command.create(self.line_vals(number)) for number in range(lines)],
        }

    def line_vals(self, number: int) -> dict:
        return {
            "name": f"Line {number}",
            "account_id": self.account.id,
            "price_unit": 10.0 + number,
            "tax_ids": [Command.set(self.tax.ids)],
            "analytic_distribution": False,
        }

    def analyze(self) -> None:
        """Have the planner know what is there."""
        self.env.flush_all()
        self.env.cr.execute("ANALYZE")

    def contracts(self, count: int, lines: int, percent: float = 50.0, **vals):
        """Open contracts with a part of every line pending."""
        schedule = [
            Command.create(
                {
                    "name": f"Line {number}",
                    "original_amount": 1000.0 + 7 * number,
                    "account_id": self.account.id,
                    "tax_ids": [Command.set(self.tax.ids)],
                }
            )
            for number in range(lines)
        ]
        contracts = self.env["progress.contract"].create(
            [{"partner_id": self.partner.id, **vals, "line_ids": schedule} for _number in range(count)]
        )
        contracts.action_open()
        if percent:
            contracts.line_ids.write({"completed_percent": percent})
        self.analyze()
        return contracts

    def order(self, lines: int):
        """A confirmed order of as many lines."""
        product = self.env["product.product"].search([("default_code", "=", "BENCH")], limit=1)
        if not product:
            product = self.env["product.product"].create(
                {"name": "Work", "default_code": "BENCH", "type": "service", "invoice_policy": "order"}
            )
        order = self.env["sale.order"].create(
            {
                "partner_id": self.partner.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "name": f"Line {number}",
                            "product_uom_qty": 100,
                            "price_unit": 10.0 + 0.07 * number,
                            "tax_ids": [Command.set(self.tax.ids)],
                        }
                    )
                    for number in range(lines)
                ],
            }
        )
        return order


def bare_vals(moves) -> list[dict]:
    """The values of the same invoices, as anybody would create them."""
    return [
        {
            "move_type": move.move_type,
            "partner_id": move.partner_id.id,
            "invoice_date": move.invoice_date,
            "invoice_line_ids": [
                Command.create(
                    {name: line._fields[name].convert_to_write(line[name], line) for name in KEPT}
                    | {"tax_ids": [Command.set(line.tax_ids.ids)], "analytic_distribution": False}
                )
                for line in move.invoice_line_ids
            ],
        }
        for move in moves
    ]


def undone(env, work):
    """What ``work`` returns, with all it did undone: values, no records."""
    savepoint = env.cr.savepoint()
    try:
        return work()
    finally:
        savepoint.rollback()
        savepoint.close(rollback=False)
