"""Payments that customers say they made: looked at, accepted or refused."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.downloads import sent_by_people
from admin_web.forms import Form, attempt
from admin_web.views.payments import COUNTER_METHODS
from core.billing.searching import claims_with_customers
from core.clock import business_day, utc_now
from core.errors import DomainError
from core.printing.figures import figures
from core.usecases.claim_picture import claim_picture
from core.usecases.decide_claim import accept_claim, refuse_claim


@blueprint.get("/claims")
@needs("claim.decide")
def claims() -> Page:
    with books() as page:
        return render_template(
            "claims.html", company=page.company, zone=page.zone, methods=COUNTER_METHODS,
            pending=claims_with_customers(page.session, pending=True),
            decided=claims_with_customers(page.session, pending=False, limit=30),
            day_of=lambda claim: business_day(claim.claimed_at, page.company.timezone),
        )  # fmt: skip


@blueprint.get("/claims/<uuid:claim_id>/picture")
@needs("claim.decide")
def picture(claim_id: UUID) -> Page:
    with books() as page:
        try:
            name, mime, data = claim_picture(page.session, claim_id=claim_id)
        except DomainError:
            abort(404)
    return sent_by_people(data, mime=mime, name=name)


@blueprint.post("/claims/<uuid:claim_id>/accept")
@needs("claim.decide")
def accept(claim_id: UUID) -> Page:
    def book(page: Books, form: Form) -> str:
        taken = accept_claim(
            page.session, claim_id=claim_id, method=form.choice("method", COUNTER_METHODS),
            received_on=form.day("received_on", page.today), amount=form.maybe_amount("amount"),
            approved_by=page.actor, now=utc_now(), origin=f"panel:{claim_id}",
        )  # fmt: skip
        received, left = figures(taken.payment.amount), figures(taken.balance.due)
        return f"Receipt {taken.payment.number} of {received}; {left} left to pay."

    return attempt(book, done="panel.claims", show=claims)


@blueprint.post("/claims/<uuid:claim_id>/refuse")
@needs("claim.decide")
def refuse(claim_id: UUID) -> Page:
    def reject(page: Books, form: Form) -> str:
        claim = refuse_claim(
            page.session, claim_id=claim_id, reason=form.text("reason", required=True), rejected_by=page.actor,
            now=utc_now(),
        )  # fmt: skip
        return f"Claim {claim.number} is refused, and the customer is told why."

    return attempt(reject, done="panel.claims", show=claims)
