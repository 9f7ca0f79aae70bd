"""Bill a company: everything that is due by a day, in batches, each a transaction of its own.

Unlike other use cases this one opens its transactions itself. A run that was killed is started again for the same day
and goes on where it stood: a batch is either wholly there or not at all, and what is billed is no longer due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

import structlog
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from core.billing.facts import read_accounts
from core.billing.invoice_models import InvoiceRun
from core.billing.run_drafts import Drafter, bill_account
from core.billing.run_facts import START, count_due, lock_due, next_due, read_batch
from core.billing.run_statements import PROGRESS
from core.billing.run_writer import Run, park, write_batch
from core.billing.tariffs import read_tariffs
from core.billing.terms import Tariffs
from core.companies import current_company
from core.db import array_of, company_session
from core.errors import DomainError
from core.ids import Id, new_id
from core.ledger.accounts import account_ids
from core.money import ZERO

log = structlog.get_logger(__name__)

BATCH = 2000
SHARES = 2
"""How many batches are under way at once: one is drafted while the rows of the other go in."""
REFUSALS_MAX = 200
"""So many records that only fail when they are read or written are no bad records but a bad day."""
TRIES = 5
TRANSIENT = ("40001", "40P01", "55P03")
"""Serialization failure, deadlock, lock not available: the batch is tried again."""

Reasons = dict[Id, str]


class RunStopped(DomainError):
    """Something stands in the way of everybody; what was billed stays billed, the next run goes on."""


@dataclass(frozen=True)
class RunReport:
    """What a run came to; of a run that was resumed, all of it."""

    run_id: Id
    day: date
    state: str
    due: int
    invoiced: int
    problems: int
    amount: Decimal


@dataclass(frozen=True)
class DryInvoice:
    """An invoice that the run would write."""

    subscription_id: Id
    customer_number: str
    period_start: date
    period_end: date
    total: Decimal


@dataclass(frozen=True)
class DryProblem:
    """A subscription that the run could not bill, and why."""

    subscription_id: Id
    customer_number: str
    customer_name: str
    reason: str


@dataclass(frozen=True)
class DryRun:
    """What a run would write, to the paisa."""

    due: int
    invoices: Sequence[DryInvoice]
    problems: Sequence[DryProblem]

    @property
    def amount(self) -> Decimal:
        """The sum of the invoices."""
        return sum((invoice.total for invoice in self.invoices), ZERO)


@dataclass(frozen=True)
class _Task:
    """What every batch of a run shares, read once: the run sees one state of tariffs throughout."""

    run: Run
    drafter: Drafter
    actor: str
    batch: int


def run_invoices(
    company_id: Id, day: date, *, started_by: str, now: datetime, batch: int = BATCH, shares: int = SHARES
) -> RunReport:
    """Bill what is due by `day`, the company's business day; a second call for the day changes nothing.

    Takes up a run of the day that did not end. A subscription that cannot be billed is parked with the reason and
    holds nobody up. Raises RunStopped.
    """
    task = _start(company_id, day, started_by, now, batch)
    if isinstance(task, RunReport):
        return task
    try:
        with ThreadPoolExecutor(shares, thread_name_prefix="invoice-run") as pool:
            for done in [pool.submit(_bill_share, task, share, shares) for share in range(shares)]:
                done.result()
    except Exception as fault:
        _fail(task, fault)
        raise
    return _end(task, state="done", error="")


def _start(company_id: Id, day: date, started_by: str, now: datetime, batch: int) -> _Task | RunReport:
    with company_session(company_id, started_by) as session:
        tariffs, company = read_tariffs(session), current_company(session)
        due = count_due(session, tariffs.policy, day=day)
        of_day = select(InvoiceRun).where(InvoiceRun.run_day == day).order_by(InvoiceRun.id.desc()).limit(1)
        last = session.scalars(of_day.with_for_update()).one_or_none()
        if last is not None and last.state == "done" and not due:
            return _report(last)
        session.execute(
            update(InvoiceRun).where(InvoiceRun.state == "running", InvoiceRun.run_day < day)
            .values(state="failed", error=f"It did not end; the run of {day} goes on with what it left")
        )  # fmt: skip
        if last is not None and last.state != "done":
            last.state, last.error = "running", ""
        else:
            session.execute(
                insert(InvoiceRun)
                .values(id=new_id(), run_day=day, state="running", started_at=now, due=due, started_by=started_by)
                .on_conflict_do_nothing()
            )
        session.flush()
        running = session.scalars(of_day.where(InvoiceRun.state == "running")).one()
        drafter = Drafter(tariffs, day, frozenset(account_ids(session)))
        session.expunge(company)
        return _Task(Run(running.id, company, day, now), drafter, started_by, batch)


def _end(task: _Task, *, state: str, error: str) -> RunReport:
    with company_session(task.run.company.id, task.actor) as session:
        session.execute(PROGRESS, {"run_id": task.run.id, "invoiced": 0, "amount": ZERO})
        run = session.get_one(InvoiceRun, task.run.id, with_for_update=True)
        run.state, run.error = state, error
        run.finished_at = session.scalars(select(func.clock_timestamp())).one()
        session.flush()
        return _report(run)


def _fail(task: _Task, fault: Exception) -> None:
    try:
        _end(task, state="failed", error=_reason(fault)[:2000])
    except SQLAlchemyError:
        log.exception("run_left_running", run=str(task.run.id))


def _report(run: InvoiceRun) -> RunReport:
    return RunReport(run.id, run.run_day, run.state, run.due, run.invoiced, run.problems, run.amount)


def _bill_share(task: _Task, share: int, shares: int) -> None:
    refused: Reasons = {}
    for ids in _batches(task.run.company.id, task.drafter.tariffs, task.run.day, task.batch, share, shares):
        found = _isolated(ids, lambda some: _bill(task, some), budget=REFUSALS_MAX - len(refused))
        if found:
            with company_session(task.run.company.id, task.actor) as session:
                park(session, task.run, found)
            refused |= found


def _batches(
    company_id: Id, tariffs: Tariffs, day: date, size: int, share: int = 0, shares: int = 1
) -> Iterator[list[Id]]:
    """What is due, by the day it is due and its id; what cannot be billed is passed over."""
    after = START
    while True:
        with company_session(company_id) as session:
            ids, after = next_due(
                session, tariffs.policy, day=day, after=after, size=size, share=share, shares=shares
            )  # fmt: skip
        if not ids:
            return
        yield ids


def _bill(task: _Task, ids: Sequence[Id]) -> None:
    run = task.run
    with company_session(run.company.id, task.actor) as session:
        due = lock_due(session, task.drafter.tariffs.policy, ids, day=run.day)
        if not due:
            return
        batch = read_batch(session, task.drafter.tariffs, due)
        outcomes = [bill_account(task.drafter, account) for account in batch.accounts]
        write_batch(session, run, batch, outcomes, actor=task.actor)


def _isolated(ids: Sequence[Id], attempt: Callable[[Sequence[Id]], None], *, budget: int) -> Reasons:
    """Attempt the ids together; where that fails, halve them until those that fail stand alone, with the reason.

    A record can be so broken that it fails only in the database: a date no program can hold, a sum out of range.
    A database that is away or too busy is no record's fault and is raised. Raises RunStopped for more than `budget`.
    """
    try:
        _insisting(lambda: attempt(ids))
    except Exception as fault:
        if isinstance(fault, OperationalError | InterfaceError):
            raise
        if len(ids) == 1:
            log.warning("subscription_refused", subscription=str(ids[0]), error=type(fault).__name__)
            return {ids[0]: _reason(fault)}
        half = len(ids) // 2
        found = _isolated(ids[:half], attempt, budget=budget)
        found |= _isolated(ids[half:], attempt, budget=budget - len(found))
        if len(found) > budget:
            raise RunStopped(f"More than {REFUSALS_MAX} subscriptions fail alike: {_reason(fault)}") from fault
        return found
    return {}


def _insisting(attempt: Callable[[], None]) -> None:
    for left in reversed(range(TRIES)):
        try:
            attempt()
        except DBAPIError as fault:
            if not left or getattr(fault.orig, "sqlstate", None) not in TRANSIENT:
                raise
        else:
            return


def _reason(fault: Exception) -> str:
    if isinstance(fault, DBAPIError):
        return str(fault.orig).strip().partition("\n")[0]
    return str(fault) if isinstance(fault, DomainError) else f"{type(fault).__name__}: {fault}"


def is_billed(session: Session, *, day: date) -> bool:
    """Whether the day has a run that ended; what it could not bill waits for the next day, or for a run by hand."""
    done = select(InvoiceRun.id).where(InvoiceRun.run_day == day, InvoiceRun.state == "done").limit(1)
    return session.scalar(done) is not None


def dry_run(company_id: Id, day: date, *, batch: int = BATCH) -> DryRun:
    """What `run_invoices` would write for the day, invoice by invoice; writes and locks nothing."""
    invoices: list[DryInvoice] = []
    refused: Reasons = {}
    taken: set[Id] = set()
    with company_session(company_id) as session:
        tariffs = read_tariffs(session)
        drafter = Drafter(tariffs, day, frozenset(account_ids(session)))
        due = count_due(session, tariffs.policy, day=day)

    def draft(ids: Sequence[Id]) -> None:
        with company_session(company_id) as session:
            accounts = read_accounts(session, tariffs, ids)
        for account in accounts:
            free = tuple(charge for charge in account.facts.charges if charge.id not in taken)
            account = replace(account, facts=replace(account.facts, charges=free))
            outcome = bill_account(drafter, account)
            if outcome.problem:
                refused[account.facts.subscription_id] = outcome.problem
            for bill in outcome.bills:
                taken.update(bill.draft.charge_ids)
                invoices.append(
                    DryInvoice(account.facts.subscription_id, account.customer_number, *bill.period, bill.draft.total)
                )

    for ids in _batches(company_id, tariffs, day, batch):
        refused |= _isolated(ids, draft, budget=REFUSALS_MAX)
    return DryRun(due, invoices, _named(company_id, refused))


def _named(company_id: Id, refused: Reasons) -> list[DryProblem]:
    named = text(
        "SELECT s.id, c.number, c.name FROM subscription s JOIN customer c ON c.id = s.customer_id"
        " WHERE s.id = ANY(CAST(:ids AS uuid[])) ORDER BY c.number"
    )
    with company_session(company_id) as session:
        rows = session.execute(named, {"ids": array_of(refused)}).all()
    return [DryProblem(row[0], row[1], row[2], refused[row[0]]) for row in rows]
