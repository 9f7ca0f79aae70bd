"""Late fees: what today would charge and to whom it cannot, the charge by hand, and what the last days charged."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form, attempt
from core.billing.late_fees import LATE_FEE, FeeBatch, FeePlan, fees_by_day
from core.billing.policy import billing_policy
from core.clock import utc_now
from core.errors import DomainError
from core.ids import Id
from core.money import ZERO
from core.printing.figures import figures
from core.usecases.charge_late_fees import BATCH, charge_late_fees, held_customers, plan_late_fees

DAYS_SHOWN = timedelta(days=60)
TRIED_MAX = 2000
SHOWN = 200


@blueprint.get("/late-fees")
@needs("invoice.run")
def late_fees() -> Page:
    """The dry run of this moment; what cannot be charged is tried again every hour, so it stands here until mended."""
    with books() as page:
        now, problem = utc_now(), ""
        plan = FeePlan((), ())
        try:
            plan = plan_late_fees(page.session, now=now, limit=TRIED_MAX + 1)
        except DomainError as refusal:
            problem = str(refusal)
        return render_template(
            "late_fees.html", company=page.company, today=page.today, plan=plan, problem=problem, shown=SHOWN,
            tried_max=TRIED_MAX, account_code=LATE_FEE.account_code, policy=billing_policy(page.session),
            held=len(held_customers(page.session, now=now)),
            days=fees_by_day(page.session, since=page.today - DAYS_SHOWN),
        )  # fmt: skip


@blueprint.post("/late-fees")
@needs("invoice.run")
def charge_fees() -> Page:
    def charge(page: Books, form: Form) -> str:
        batch = _charged(page, form.once())
        if not batch.charged:
            return "No late fee is due that can be charged."
        amount = figures(sum((fee.amount for fee in batch.charged), ZERO))
        more = " There may be more: charge again." if len(batch.charged) == BATCH else ""
        return f"{len(batch.charged)} late fees of {amount} together are charged.{more}"

    return attempt(charge, done="panel.late_fees", show=late_fees)


def _charged(page: Books, origin: str) -> FeeBatch:
    """One batch of those that can be charged, past any number of customers who cannot be invoiced."""
    held: set[Id] = set()
    while True:
        batch = charge_late_fees(page.session, now=utc_now(), actor=page.actor, origin=origin, held=held)
        if batch.charged or not batch.problems:
            return batch
        held |= {each.customer_id for each in batch.problems}
