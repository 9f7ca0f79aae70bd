"""Advance given back: one person asks, another approves and pays."""

from __future__ import annotations

from uuid import UUID

from flask import render_template, request

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form, attempt
from core.billing.refunds import PAID_FROM, ask_refund, pay_refund, refuse_refund
from core.billing.searching import refunds_with_customers
from core.clock import utc_now
from core.ledger.accounts import accounts_by_code
from core.printing.figures import figures
from core.staff.actors import named_actors
from core.usecases.find_payer import chosen_payer


@blueprint.get("/refunds")
@needs("payment.view")
def refunds() -> Page:
    with books() as page:
        accounts = accounts_by_code(page.session)
        rows = refunds_with_customers(page.session)
        return render_template(
            "refunds.html", company=page.company, rows=rows, me=page.actor,
            people=named_actors(page.session, [row[0].asked_by for row in rows]),
            accounts=[(code, f"{code} {known.name}") for code, known in accounts.items() if code.startswith(PAID_FROM)],
            whose=request.args.get("whose", ""),
        )  # fmt: skip


@blueprint.post("/refunds")
@needs("refund.decide")
def ask_for_refund() -> Page:
    def ask(page: Books, form: Form) -> str:
        whose = chosen_payer(page.session, wanted=form.text("whose", required=True), chosen=None, today=page.today)
        made = ask_refund(
            page.session, customer_id=whose.id, amount=form.amount("amount"), asked_by=page.actor,
            account_code=form.text("paid_from", required=True), reason=form.text("reason", required=True),
            idempotency_key=form.once(),
        )  # fmt: skip
        return f"Refund {made.number} of {figures(made.amount)} to {whose.name} waits for a second person."

    return attempt(ask, done="panel.refunds", show=refunds)


@blueprint.post("/refunds/<uuid:refund_id>")
@needs("refund.decide")
def decide_refund(refund_id: UUID) -> Page:
    def decide(page: Books, form: Form) -> str:
        if form.choice("decision", ("approve", "refuse")) == "approve":
            made = pay_refund(
                page.session, refund_id=refund_id, approved_by=page.actor, now=utc_now(), origin=form.once()
            )
            return f"Refund {made.number} of {figures(made.amount)} is paid."
        made = refuse_refund(page.session, refund_id=refund_id, refused_by=page.actor)
        return f"Refund {made.number} is refused; the money stays as advance."

    return attempt(decide, done="panel.refunds", show=refunds)
