"""The rows of the benchmark: a piece of work, its baseline, and the most it may cost beside that."""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from unittest import mock

from odoo import Command

from .fixtures import bare_vals, undone
from .measure import Result, Way, compare

CPU = "CPU time"


@dataclass
class Row:
    """A line of the table; ``databases`` are those it needs, the first one has the addon."""

    name: str
    target: float
    unit: str
    databases: tuple[str, ...]
    measure: Callable

    def run(self, bench) -> Result:
        return self.measure(bench, *(bench.company(name) for name in self.databases))


@dataclass
class Bench:
    """How thoroughly to measure, and the companies by database."""

    rounds: int
    company: Callable

    def few(self, count: int) -> int:
        """As many as ``count``, or fewer where it has to be quick."""
        return count if self.rounds > 3 else max(1, count // 2)


def _run_row(recognition: str, lines: int, count: int, bench, company) -> Result:
    """A billing run against the same invoices, created and posted by hand."""
    count = bench.few(count)
    contracts = company.contracts(count, lines, revenue_recognition=recognition)

    def work():
        return contracts.action_run_billing()

    def values():
        work()
        return bare_vals(contracts.bill_ids.invoice_id)

    vals, moves = undone(company.env, values), company.env["account.move"]
    theirs = Way(company.env, lambda: moves.create(vals)._post(soft=False))
    return compare(Way(company.env, work), theirs, bench.rounds, count)


def _create_row(lines: int, bench, company) -> Result:
    """One planned record by the Create link."""
    contract = company.contracts(1, lines, percent=0.0)
    bill = company.env["progress.bill"].create({"contract_id": contract.id, "amt_pct": "10%", "date": "2026-03-01"})

    def values():
        bill.action_create()
        return bare_vals(bill.invoice_id)

    vals, moves = undone(company.env, values), company.env["account.move"]
    theirs = Way(company.env, lambda: moves.create(vals)._post(soft=False))
    return compare(Way(company.env, lambda: bill.action_create()), theirs, bench.rounds + 2)


def _finals(company, lines: int, count: int):
    """Contracts with half of their worth on deposits, and how their final invoices are made."""
    contracts = company.contracts(count, lines)
    contracts.action_run_billing()
    company.analyze()
    return contracts, lambda: contracts.action_create_final_invoice()


def _bare_finals(company, contracts, work):
    """The final invoices of ``work``, how they are created and posted by hand."""

    def values():
        work()
        return bare_vals(contracts.final_invoice_id)

    vals, moves = undone(company.env, values), company.env["account.move"]
    return lambda: moves.create(vals)._post(soft=False)


def _final_row(lines: int, count: int, bench, company) -> Result:
    """Final invoices, against the same documents created and posted by hand."""
    contracts, work = _finals(company, lines, count)
    theirs = Way(company.env, _bare_finals(company, contracts, work))
    return compare(Way(company.env, work), theirs, bench.rounds, count)


def _final_sql_row(lines: int, count: int, bench, company) -> Result:
    """SQL statements of final invoices, against the same documents by hand, matched with the same deposits as well."""
    env = company.env
    contracts, work = _finals(company, lines, count)
    deposits = env["account.move"].create(bare_vals(contracts.bill_ids.invoice_id))
    deposits._post(soft=False)
    post, account = _bare_finals(company, contracts, work), deposits.invoice_line_ids.account_id
    company.analyze()

    def theirs():
        pairs = [(final | deposit).line_ids for final, deposit in zip(post(), deposits, strict=True)]
        plan = [items.filtered(lambda item: item.account_id == account) for items in pairs]
        env["account.move.line"]._reconcile_plan(plan)  # as reconcile() does, for all of them at once

    ours, posted = Way(env, work), Way(env, post)
    result = compare(ours, Way(env, theirs), bench.rounds, count, "queries")
    posted.take()
    ratio = ours.median("queries") / posted.median("queries")
    return replace(result, detail=f"{result.detail}; {ratio:.2f} times what creating and posting them takes unmatched")


def _percent_row(bench, company) -> Result:
    """One percentage typed in the contract's form and saved, in a long schedule against a short one."""
    spec = {
        "line_ids": {"fields": dict.fromkeys(("name", "completed_percent", "pending_amount"), {}), "limit": 40},
        "pending_amount": {},
        "completed_percent": {},
    }

    def saving(lines):
        contract = company.contracts(1, lines, percent=0.0)
        command = Command.update(contract.line_ids[0].id, {"completed_percent": 30.0})
        return lambda: contract.web_save({"line_ids": [command]}, spec)

    return compare(Way(company.env, saving(2000)), Way(company.env, saving(20)), bench.rounds + 4)


def _preview_row(bench, company) -> Result:
    """SQL statements of the preview of a run over many contracts."""
    count = 500 if bench.rounds > 3 else 100
    contracts = company.contracts(count, 1)

    def work():
        wizard = company.env["progress.run.wizard"].create({"contract_ids": [Command.set(contracts.ids)]})
        return wizard.summary, wizard.line_ids.mapped("amount")

    way = Way(company.env, work)
    way.take()
    way.take()
    return Result(way.samples[-1].queries, 0.0, f"{count} contracts, {1000 * way.samples[-1].python:.0f} ms")


def _peak(work) -> float:
    """The most memory that Python's objects take while some work is done, in megabytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def _memory_row(bench, company) -> Result:
    """What one call over many contracts takes of memory, against one over a batch of them."""
    few = 50
    contracts, env = company.contracts(4 * few, 1), company.env
    undone(env, lambda: contracts[:few].action_run_billing() and None)
    peaks = []
    for part in (contracts[:few], contracts):
        env.invalidate_all()
        peaks.append(_peak(lambda part=part: undone(env, lambda: part.action_run_billing() and None)))
    return Result(peaks[1] / peaks[0], 0.1, f"{peaks[1]:.0f} MB over {4 * few}, {peaks[0]:.0f} MB over {few}")


def _project_form(env):
    """A project with its tasks, and the call that its form makes."""
    project = env["project.project"].create({"name": "Bench"})
    spec = {name: {} for name in ("name", "partner_id", "date", "task_count", "display_name")}
    views = env["project.project"].get_views([(False, "form")])["models"]["project.project"]["fields"]
    spec |= {name: {} for name in views if name in project._fields}
    return lambda: project.web_read(spec)


def _draft(env, company):
    move = env["account.move"].create([company.invoice_vals(10)])
    move._post(soft=False)
    return move


def _delete(env, company):
    return env["account.move"].create(company.invoice_vals(10)).unlink


def _task_done(env):
    task = env["project.task"].create(
        {"name": "Bench", "project_id": env["project.project"].create({"name": "Bench"}).id}
    )
    return lambda: task.write({"state": "1_done"})


def _beside(make: Callable, times: int, bench, ours, theirs) -> Result:
    """The same everyday work on a database with the addon and on one without."""

    def way(company):
        works = [make(company.env, company) for _number in range(times)]
        company.analyze()
        return Way(company.env, lambda: [work() for work in works])

    return compare(way(ours), way(theirs), bench.rounds + 4, times)


def _invoices(env, company):
    vals = [company.invoice_vals(10) for _number in range(5)]
    return lambda: env["account.move"].create(vals)._post(soft=False)


def _action_row(bench, company) -> Result:
    """The scheduled action over its due contracts, with a hundred times as many that are not due against none."""
    due = 200 if bench.rounds > 3 else 50
    contracts = company.contracts(due, 1, period_policy="month", revenue_recognition="as_billed")
    contracts.write({"next_billing_date": "2026-01-01"})
    env, model = company.env, company.env["progress.contract"]

    def work():
        with mock.patch.object(type(env["ir.cron"]), "_commit_progress", lambda *_args, **_values: float("inf")):
            model._run_due_records()

    crowd = Way(env, work)
    alone = Way(env, work)
    columns = [name for name, column in model._fields.items() if column.column_type and column.store and name != "id"]
    names = ", ".join(f'"{name}"' for name in columns)
    others = ", ".join("NULL" if name == "next_billing_date" else f'"{name}"' for name in columns)
    samples = []
    alone.take()
    for _number in range(bench.rounds):
        alone.take()
        savepoint = env.cr.savepoint()
        env.cr.execute(
            f"INSERT INTO progress_contract ({names}) SELECT {others} FROM progress_contract, generate_series(1, 100)"
            " WHERE id = ANY(%s)",
            [contracts.ids],
        )
        env.cr.execute("ANALYZE progress_contract")
        crowd.take()
        savepoint.rollback()
        savepoint.close(rollback=False)
        samples.append(crowd.samples[-1].python / alone.samples[-1].python)
    noise = (max(samples) - min(samples)) / 2
    return Result(statistics.median(samples), noise, f"{due} due, {100 * due} others")


def _deposit_against_sale(lines: int, bench, company) -> Result:
    """Our deposit of a contract against Odoo's own down payment on an order of the same lines."""
    env = company.env
    contract = company.contracts(1, lines, percent=0.0)
    bill = env["progress.bill"].create({"contract_id": contract.id, "amt_pct": "10%", "date": "2026-03-01"})
    order = company.order(lines)
    order.action_confirm()
    return compare(Way(env, lambda: bill.action_create()), Way(env, lambda: _down_payment(order)), bench.rounds + 2)


def _down_payment(order):
    wizard = order.env["sale.advance.payment.inv"].create(
        {"sale_order_ids": [Command.set(order.ids)], "advance_payment_method": "percentage", "amount": 10.0}
    )
    moves = wizard._create_invoices(order)
    moves.write({"invoice_date": "2026-03-01"})
    moves._post(soft=False)


def _final_against_sale(lines: int, bench, company) -> Result:
    """Our final invoice against Odoo's final invoice of an order with a down payment."""
    env = company.env
    contracts, work = _finals(company, lines, 1)
    order = company.order(lines)
    order.action_confirm()
    _down_payment(order)

    def theirs():
        moves = order._create_invoices(final=True)
        moves.write({"invoice_date": "2026-03-01"})
        moves._post(soft=False)

    return compare(Way(env, work), Way(env, theirs), bench.rounds)


def _plan_against_oca(lines: int, bench, company) -> Result:
    """Instalments of a plan: ours batched, against OCA's ``sale_invoice_plan``, which makes them one by one."""
    env, count = company.env, bench.few(10)
    contracts = company.contracts(count, lines, percent=0.0)
    bills = env["progress.bill"].create(
        [{"contract_id": contract.id, "amt_pct": "10%", "date": "2026-03-01"} for contract in contracts]
    )
    orders = [company.order(lines) for _number in range(count)]
    for order in orders:
        order.write({"use_invoice_plan": True})
        order.create_invoice_plan(10, "2026-03-01", 1, "month", False)
        order.action_confirm()

    def theirs():
        for order in orders:
            context = {"active_model": "sale.order", "active_id": order.id, "active_ids": order.ids}
            env["sale.make.planned.invoice"].with_context(**context).create({}).create_invoices_by_plan()
            order.invoice_ids._post(soft=False)

    return compare(Way(env, lambda: bills.action_create()), Way(env, theirs), bench.rounds, count)


def _workers_row(bench, company) -> Result:
    """Two workers of the job queue against one, as processes that commit: some percent of the same contracts each."""
    from odoo.addons.progress_billing_queue_job.tests.workers import Workers

    env, count = company.env, 200 if bench.rounds > 3 else 20
    contracts = company.contracts(count, 10, percent=0.0, revenue_recognition="as_billed")
    env.company.progress_post_invoices = False  # numbers of one journal are drawn one after the other, by Odoo
    workers, percent, pairs = Workers(env.cr.dbname), 0, []

    def seconds(number: int) -> float:
        nonlocal percent
        percent += 5
        contracts.line_ids.write({"completed_percent": percent})
        run = env["progress.run"]._start(contracts)
        env.cr.commit()
        start = time.monotonic()
        workers.start(number)
        if not workers.wait(3600):
            raise RuntimeError("a worker failed")
        elapsed = time.monotonic() - start
        env.cr.rollback()  # what others have committed
        env.invalidate_all()
        if run.done_count != count:
            raise RuntimeError(f"{run.done_count} of {count} contracts billed")
        return elapsed

    def warm():
        contracts[:2].line_ids.write({"completed_percent": 1})
        contracts[:2].action_run_billing()

    undone(env, warm)
    seconds(2)
    for number in range(3 if bench.rounds > 3 else 2):
        times = {workers_: seconds(workers_) for workers_ in ((1, 2) if number % 2 else (2, 1))}
        pairs.append(times[2] / times[1])
    detail = f"{count} contracts of 10 lines, {times[1]:.1f} s by one, {times[2]:.1f} s by two"
    return Result(statistics.median(pairs), (max(pairs) - min(pairs)) / 2, detail)


def _rows():
    """Rows that compare with the same documents made by hand."""
    for lines, count, target in ((1, 20, 1.25), (10, 10, 1.1), (50, 3, 1.1), (80, 3, 1.05)):
        yield (
            f"run as billed, {lines} lines",
            target,
            CPU,
            ("ours",),
            lambda *args, n=lines, c=count: _run_row("as_billed", n, c, *args),
        )
    for lines, count, target in ((1, 20, 1.2), (10, 20, 1.2), (80, 10, 1.3), (2000, 1, 2.0)):
        yield (
            f"run of deposits, {lines} lines",
            target,
            CPU,
            ("ours",),
            lambda *args, n=lines, c=count: _run_row("deposit", n, c, *args),
        )
    for lines, target in ((10, 1.25), (80, 1.35)):
        yield f"one record by Create, {lines} lines", target, CPU, ("ours",), lambda *a, n=lines: _create_row(n, *a)
    for lines, count in ((10, 10), (100, 2), (1000, 1)):
        yield f"final, {lines} lines", 1.2, CPU, ("ours",), lambda *a, n=lines, c=count: _final_row(n, c, *a)
    yield "final, its SQL, 100 lines", 1.3, "SQL statements", ("ours",), lambda *a: _final_sql_row(100, 2, *a)
    yield "saving one percentage, 2,000 lines against 20", 1.5, CPU, ("ours",), _percent_row
    yield "run preview over 500 contracts", 30, "SQL statements", ("ours",), _preview_row
    yield "one call over 4 times the contracts", 1.5, "memory", ("ours",), _memory_row
    yield "scheduled action, 100 times as many not due", 1.05, CPU, ("ours",), _action_row


def _rows_beside():
    """Rows that compare with a database without the addon, with Odoo's own sales, and with the OCA's."""
    both = ("ours", "bare")
    for name, target, times, make in (
        ("project form", 1.05, 10, lambda env, _company: _project_form(env)),
        ("reset to draft", 1.05, 5, lambda env, company: _draft(env, company).button_draft),
        ("delete of a draft", 1.05, 5, _delete),
        ("task set done", 1.05, 10, lambda env, _company: _task_done(env)),
        ("ordinary invoices of others", 1.0, 1, _invoices),
    ):
        yield f"{name}, with and without", target, CPU, both, lambda *a, m=make, t=times: _beside(m, t, *a)
    yield "two workers of the queue against one", 1 / 1.8, "elapsed time", ("queue",), _workers_row
    for lines, deposit, final, plan in ((10, 0.8, 0.9, 1 / 8), (80, 0.8, 0.8, 1 / 20)):
        yield (
            f"deposit against Odoo's down payment, {lines} lines",
            deposit,
            CPU,
            ("sale",),
            (lambda *a, n=lines: _deposit_against_sale(n, *a)),
        )
        yield (
            f"final against Odoo's with down payments, {lines} lines",
            final,
            CPU,
            ("sale",),
            (lambda *a, n=lines: _final_against_sale(n, *a)),
        )
        yield (
            f"instalments batched against OCA's, {lines} lines",
            plan,
            CPU,
            ("oca",),
            (lambda *a, n=lines: _plan_against_oca(n, *a)),
        )


ROWS = [Row(*row) for row in (*_rows(), *_rows_beside())]
