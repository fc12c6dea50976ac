"""A billing run against bare invoices with the same lines, in both recognitions."""

from __future__ import annotations

from odoo import Command

from .measure import Cost, ratio, take

CONTRACTS, LINES, ROUNDS = 200, 10, 5
SEED_INVOICES = 600
TARGET = 1.25
KEPT = ("name", "account_id", "product_id", "quantity", "price_unit", "discount", "display_type", "sequence")


def prepare(env):
    """A customer, a tax, and invoices from before: an empty ledger tells the planner nothing."""
    company = env.company
    company.progress_post_invoices = True
    tax = env["account.tax"].search([("type_tax_use", "=", "sale"), ("company_id", "=", company.id)], limit=1)
    partner = env["res.partner"].create({"name": "Bench"})
    account = env["account.account"].search([("account_type", "=", "income")], limit=1)
    vals = {
        "move_type": "out_invoice",
        "partner_id": partner.id,
        "invoice_date": "2026-01-31",
        "invoice_line_ids": [
            Command.create(
                {"name": "Before", "account_id": account.id, "price_unit": 10.0, "tax_ids": [Command.set(tax.ids)]}
            )
        ],
    }
    for _part in range(SEED_INVOICES // 100):
        env["account.move"].create([dict(vals) for _number in range(100)])._post(soft=False)
    env.cr.commit()
    env.cr.execute("ANALYZE")
    return partner, tax, account


def make_contracts(env, fixture, count, **vals):
    """Open contracts with half of every line pending."""
    partner, tax, account = fixture
    contracts = env["progress.contract"].create(
        [
            {
                "partner_id": partner.id,
                **vals,
                "line_ids": [
                    Command.create(
                        {
                            "name": f"Line {number}",
                            "original_amount": 1000.0 + 7 * number,
                            "account_id": account.id,
                            "tax_ids": [Command.set(tax.ids)],
                        }
                    )
                    for number in range(LINES)
                ],
            }
            for _number in range(count)
        ]
    )
    contracts.action_open()
    for line in contracts.line_ids:
        line.completed_percent = 50.0
    env.flush_all()
    env.cr.commit()
    env.cr.execute("ANALYZE")
    return contracts


def bare_vals(moves):
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


def compare(env, fixture, name, **vals):
    """One ratio: billing runs over all contracts in parts, in turns with the bare invoices."""
    contracts = make_contracts(env, fixture, CONTRACTS, **vals)
    ours, theirs, size = Cost(), Cost(), CONTRACTS // ROUNDS
    for start in range(0, CONTRACTS, size):
        part = contracts[start : start + size]
        take(env, ours, size, part.action_run_billing)
        values = bare_vals(part.bill_ids.invoice_id)
        take(env, theirs, size, lambda values=values: env["account.move"].create(values)._post(soft=False))
        assert set(part.bill_ids.invoice_id.mapped("state")) == {"posted"}
    env.cr.commit()
    print(f"{name}\n    ours {ours.describe()}\n    bare {theirs.describe()}")
    return {"name": name, "ratio": round(ratio(ours, theirs), 3), "target": TARGET, "unit": "CPU time per invoice"}


def compare_queries(env, fixture):
    """Queries per contract of a run over 20 and over 500 contracts."""
    per_contract = []
    for count in (20, 500):
        contracts = make_contracts(env, fixture, count, revenue_recognition="as_billed")
        cost = Cost()
        take(env, cost, count, contracts.action_run_billing)
        per_contract.append(cost.queries[0])
        print(f"run over {count} contracts: {cost.describe()}")
    return {
        "name": "billing run: queries per contract, 500 contracts against 20",
        "ratio": round(per_contract[1] / per_contract[0], 3),
        "target": 1.0,
        "unit": "queries per contract",
    }


def run(env):
    """All ratios of the billing run.

    :return list: ``{name, ratio, target, unit}``
    """
    fixture = prepare(env)
    return [
        compare(env, fixture, "billing run as billed, 10 lines an invoice", revenue_recognition="as_billed"),
        compare(env, fixture, "billing run of deposits, 1 line an invoice", revenue_recognition="deposit"),
        compare_queries(env, fixture),
    ]
