"""The ways of billing through the code: how often a step leaves its file, and its room.

``bin/shell < tools/bench/ways.py`` prints two rows for each way. A step is the first call of one of our methods, in the
order of their first calls; in the second row the extensions of a method, which ``super()`` reaches one after the other,
are one step. Nothing is kept: the shell's transaction is rolled back.
"""

from __future__ import annotations

import sys
from pathlib import Path

from odoo import Command, fields

LINES = 10


class Trace:
    """The first calls of our own methods while the block runs, in their order."""

    def __enter__(self):
        self.calls, self.names = {}, {}
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_error):
        sys.setprofile(None)

    def _note(self, frame, event, _argument):
        code = frame.f_code
        if event == "call" and "/progress_billing" in code.co_filename and not code.co_name.startswith("<"):
            path = Path(code.co_filename)
            self.calls.setdefault((path, code.co_qualname), path)
            model = getattr(frame.f_locals.get("self"), "_name", None)
            self.names.setdefault((model, code.co_name), path)

    def describe(self, name: str) -> str:
        """How many steps there are, and how many of them leave the file and the room of the one before."""
        return f"{name}\n    {self._count(self.calls)}\n    extensions as one: {self._count(self.names)}"

    def _count(self, steps: dict) -> str:
        files = list(steps.values())
        rooms = [path.parent for path in files]
        changes = [sum(a != b for a, b in zip(places, places[1:], strict=False)) for places in (files, rooms)]
        share = [f"{100 * count / max(len(files) - 1, 1):.0f} %" for count in changes]
        counts = f"{len(files)} methods, {len(set(files))} files, {len(set(rooms))} rooms"
        return f"{counts}; file changes {changes[0]} ({share[0]}), room changes {changes[1]} ({share[1]})"


def _make_contract(env, **vals):
    """An open contract of ten lines, deposits unless said otherwise."""
    account = env["account.account"].search(
        [("account_type", "=", "income"), ("company_ids", "in", env.company.ids)], limit=1
    )
    tax = env["account.tax"].search([("type_tax_use", "=", "sale"), ("company_id", "=", env.company.id)], limit=1)
    lines = [
        {"name": f"Line {n}", "original_amount": 100.0 * n, "account_id": account.id, "tax_ids": [Command.set(tax.ids)]}
        for n in range(1, LINES + 1)
    ]
    contract = env["progress.contract"].create(
        {
            "partner_id": env["res.partner"].create({"name": "Ways"}).id,
            "line_ids": [Command.create(line) for line in lines],
            **vals,
        }
    )
    contract.action_open()
    return contract


def _walk(env, name: str, act) -> None:
    """Take a way once, on what a new request knows."""
    env.flush_all()
    env.invalidate_all()
    with Trace() as trace:
        act()
        env.flush_all()
    print(trace.describe(name))


def run(env) -> None:
    """Every way, once unseen to warm the registry's caches and once to count."""
    contract = _make_contract(env)
    bill = env["progress.bill"].create(
        {"contract_id": contract.id, "amt_pct": "10%", "date": fields.Date.context_today(contract)}
    )
    _walk(env, "planned record to invoice (action_create)", bill.action_create)
    _walk(env, "typed percentage to pending", lambda: contract.line_ids.write({"completed_percent": 30.0}))
    _walk(env, "run: pending to bill to invoice", contract.action_run_billing)
    _walk(env, "invoice posted to bucket to totals", bill.invoice_id.action_post)
    (contract.bill_ids - bill).invoice_id.action_post()
    _walk(env, "final invoice", contract.action_create_final_invoice)
    _walk(env, "final invoice posted", contract.final_invoice_id.action_post)
    held = _make_contract(env, retainage_percent=10.0, use_pro_forma=True, revenue_recognition="as_billed")
    held.line_ids.write({"completed_percent": 40.0})
    _walk(env, "retainage: run to pro forma", held.action_run_billing)
    _walk(env, "retainage: release of the pro forma", held.bill_ids.action_release)
    held.bill_ids.invoice_id.action_post()
    _walk(env, "release of retainage", held.action_release_retainage)


if "env" in globals():
    run(globals()["env"])
    globals()["env"].cr.rollback()
