"""Who may see which account: requests that wait for the office, and the people of an account."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form, attempt
from bot.desk import linking
from core.clock import utc_now
from core.crm.customers import customer_by_number
from core.crm.linking import unlink
from core.errors import NotFound
from core.usecases.account_people import decided_requests, people_of, waiting_requests


@blueprint.get("/links")
@needs("link.decide")
def links() -> Page:
    with books() as page:
        return render_template(
            "links.html", company=page.company, zone=page.zone, waiting=waiting_requests(page.session),
            decided=decided_requests(page.session),
        )  # fmt: skip


@blueprint.post("/links/<uuid:request_id>/approve")
@needs("link.decide")
def approve_link(request_id: UUID) -> Page:
    def let_in(page: Books, form: Form) -> str:
        request = linking.approve(page.session, request_id=request_id, decided_by=page.actor, now=utc_now())
        return f"Account {request.wanted} is linked; the person and the account's others are told."

    return attempt(let_in, done="panel.links", show=links)


@blueprint.post("/links/<uuid:request_id>/refuse")
@needs("link.decide")
def refuse_link(request_id: UUID) -> Page:
    def keep_out(page: Books, form: Form) -> str:
        linking.refuse(
            page.session, request_id=request_id, decided_by=page.actor, reason=form.text("reason", required=True),
            now=utc_now(),
        )  # fmt: skip
        return "Refused; the person is asked to come to the office."

    return attempt(keep_out, done="panel.links", show=links)


@blueprint.get("/customers/<number>/people")
@needs("link.decide")
def account_people(number: str) -> Page:
    with books() as page:
        try:
            customer = customer_by_number(page.session, number=number)
        except NotFound:
            abort(404)
        return render_template(
            "account_people.html", company=page.company, zone=page.zone, customer=customer,
            people=people_of(page.session, customer_id=customer.id),
        )  # fmt: skip


@blueprint.post("/customers/<number>/people/<uuid:contact_id>/unlink")
@needs("link.decide")
def unlink_person(number: str, contact_id: UUID) -> Page:
    def take_off(page: Books, form: Form) -> str:
        customer = customer_by_number(page.session, number=number)
        unlink(page.session, contact_id=contact_id, customer_id=customer.id)
        return "This person sees the account no longer."

    return attempt(take_off, done="panel.account_people", show=lambda: account_people(number), number=number)
