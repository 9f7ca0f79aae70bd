"""Everything that waits for somebody's yes or no, and the terms that are decided here."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from flask import render_template

from admin_web.access import Books, books, current_user, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form, attempt
from core.clock import utc_now
from core.staff.actors import named_actors
from core.staff.terms import change_terms_policy, terms_policy_of
from core.usecases.grant_terms import approve_terms, refuse_terms
from core.usecases.waiting_approvals import TERMS, waiting_approvals

NAMES = {
    "claim": "Payment to check", "handover": "Cash to count", "refund": "Refund", "write_off": "Debt to give up",
    "expense": "Expense", "pick_up": "Equipment to pick up", "termination": "Service to end",
    "write_off_proposal": "Debt to give up", "cuts": "Suspensions", "link": "New number for an account",
    "restock": "Stock for a technician", "connection": "New connection", "discount": "Discount",
    "plan_price": "Price of a plan", "promise_extension": "Longer promise",
}  # fmt: skip
PAGES = {
    "claim": "claims", "handover": "agent_cash", "refund": "refunds", "write_off": "write_offs", "expense": "expenses",
    "pick_up": "recovery_board", "termination": "recovery_board", "write_off_proposal": "recovery_board",
    "cuts": "suspension", "link": "links", "restock": "restock", "connection": "leads",
}  # fmt: skip


@blueprint.get("/approvals")
@needs("claim.decide")
def approvals() -> Page:
    with books() as page:
        waiting = waiting_approvals(page.session, today=page.today)
        return render_template(
            "approvals.html", company=page.company, waiting=waiting, names=NAMES, pages=PAGES, terms=TERMS,
            counts=Counter(NAMES[each.kind] for each in waiting), policy=terms_policy_of(page.session),
            people=named_actors(page.session, {each.asked_by for each in waiting if each.asked_by}),
        )  # fmt: skip


@blueprint.post("/approvals/<uuid:request_id>")
@needs("claim.decide")
def decide_request(request_id: UUID) -> Page:
    def decide(page: Books, form: Form) -> str:
        user = current_user()
        assert user is not None
        if form.choice("decision", ("approve", "refuse")) == "approve":
            made = approve_terms(
                page.session, request_id=request_id, approved_by=page.actor, role=user.role, today=page.today,
                now=utc_now(), origin=f"panel:approvals:{request_id}",
            )  # fmt: skip
            return f"{made.number} is approved and in force; who asked is told."
        made = refuse_terms(
            page.session, request_id=request_id, refused_by=page.actor, reason=form.text("reason"), now=utc_now()
        )
        return f"{made.number} is refused; who asked is told why."

    return attempt(decide, done="panel.approvals", show=approvals)


@blueprint.post("/approvals/limits")
@needs("ledger.close")
def change_limits() -> Page:
    def change(page: Books, form: Form) -> str:
        change_terms_policy(
            page.session, discount_percent_free=form.number("discount_percent_free"),
            discount_amount_free=form.amount("discount_amount_free"),
            price_needs_owner=form.ticked("price_needs_owner"),
        )  # fmt: skip
        return "Saved."

    return attempt(change, done="panel.approvals", show=approvals)
