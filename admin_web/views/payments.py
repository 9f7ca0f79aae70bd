"""Money of customers: taken at the counter, found again, taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Response, abort, render_template, request

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.downloads import printed
from admin_web.forms import Form, asked, attempt
from admin_web.views.invoices import LANGUAGES
from bot.desk.cash import tell_taken_back
from core.billing.allocation import OpenInvoice, open_invoices
from core.billing.cash_proof import events_of, proof_of
from core.billing.document_history import payment_by_number, payment_history
from core.billing.payment_models import METHODS
from core.billing.receipt_pdf import receipt_pdf
from core.billing.searching import PAGE, search_payments
from core.billing.taking_back import lift_cheque_refusal
from core.clock import utc_now
from core.errors import DomainError, NotFound
from core.money import ZERO
from core.printing.figures import figures
from core.staff.actors import named_actors
from core.staff.people import active_staff
from core.usecases.find_payer import chosen_payer, find_payers
from core.usecases.take_back_payment import bounce_payment, reverse_payment
from core.usecases.take_payment import take_payment

COUNTER_METHODS = tuple(method for method in METHODS if method not in ("gateway", "voucher"))
WORDS_MAX = 200
STATES = ("received", "bounced", "reversed")


@blueprint.get("/payments")
@needs("payment.view")
def payments() -> Page:
    form = asked()
    with books() as page:
        try:
            rows = search_payments(page.session, wanted=form.text("q"), method=form.text("method"),
                                   state=form.text("state"), after=form.maybe_key("after"))  # fmt: skip
        except DomainError as wrong:
            abort(400, str(wrong))
        following = rows[-1][0].id if len(rows) == PAGE else None
        template = "payment_rows.html" if request.headers.get("HX-Request") else "payments.html"
        return render_template(
            template, company=page.company, rows=rows, following=following, methods=METHODS, states=STATES,
        )  # fmt: skip


@blueprint.get("/counter")
@needs("payment.take")
def counter() -> Page:
    with books() as page:
        return render_template(
            "counter.html", company=page.company, methods=COUNTER_METHODS, today=page.today,
            payers=find_payers(page.session, wanted=_whose(), today=page.today),
            taken=request.args.get("taken", ""), open_invoices=_open_invoices(page),
            collectors=[(each.id, each.name) for each in active_staff(page.session)],
        )  # fmt: skip


@blueprint.get("/counter/payer")
@needs("payment.take")
def payer() -> Page:
    """Who is meant, and what he owes: what the counter shows while a person types."""
    with books() as page:
        return render_template("payer.html", payers=find_payers(page.session, wanted=_whose(), today=page.today),
                               open_invoices=_open_invoices(page))  # fmt: skip


def _open_invoices(page: Books) -> Sequence[OpenInvoice]:
    """What the one who is meant can choose to pay, the oldest due first."""
    payers = find_payers(page.session, wanted=_whose(), today=page.today)
    if len(payers) != 1:
        return ()
    return open_invoices(page.session, customer_id=payers[0].id)


def _whose() -> str:
    return request.values.get("whose", "").replace("\x00", "")[:WORDS_MAX]


@blueprint.post("/counter")
@needs("payment.take")
def take() -> Page:
    number = ""

    def book(page: Books, form: Form) -> str:
        nonlocal number
        whose = chosen_payer(page.session, wanted=form.text("whose", required=True), today=page.today,
                             chosen=form.maybe_key("customer_id"))  # fmt: skip
        taken = take_payment(
            page.session, customer_id=whose.id, amount=form.maybe_amount("amount") or ZERO,
            method=form.choice("method", COUNTER_METHODS), received_on=form.day("received_on", page.today),
            reference=form.text("reference"), idempotency_key=form.once(), taken_by=page.actor, now=utc_now(),
            origin=form.once(), withheld_income_tax=form.maybe_amount("withheld_income_tax") or ZERO,
            withheld_sales_tax=form.maybe_amount("withheld_sales_tax") or ZERO,
            certificate_no=form.text("certificate_no"), invoice_ids=form.keys("invoice"),
            collected_by=form.maybe_key("collected_by"),
        )  # fmt: skip
        number = taken.payment.number
        told = "" if taken.receipt_id else " The customer is not on WhatsApp: print the receipt."
        received, left = figures(taken.payment.amount), figures(taken.balance.due)
        kept = f", {figures(taken.balance.advance)} in advance" if taken.balance.advance else ""
        return f"{number}: {received} from {whose.name}; {left} left to pay{kept}.{told}"

    answer = attempt(book, done="panel.counter", show=counter)
    if isinstance(answer, Response) and number:
        answer.location = f"{answer.location}?taken={number}"
    return answer


@blueprint.get("/payments/<number>")
@needs("payment.view")
def payment(number: str) -> Page:
    with books() as page:
        try:
            history = payment_history(page.session, number=number)
        except NotFound:
            abort(404)
        proof = proof_of(page.session, payment_id=history.payment.id)
        words = events_of(page.session, proof_ids=[proof.id])[proof.id] if proof else []
        people = named_actors(page.session, [history.payment.taken_by, *(event.actor for event in words)])
        return render_template("payment.html", company=page.company, history=history, people=people, proof=proof,
                               words=words, zone=page.zone)  # fmt: skip


@blueprint.get("/payments/<number>.pdf")
@needs("payment.view")
def receipt(number: str) -> Page:
    language = request.args.get("language", "en")
    if language not in LANGUAGES:
        abort(404)
    with books() as page:
        try:
            found = payment_by_number(page.session, number=number)
            name, pdf = receipt_pdf(page.session, payment_id=found.id, language=language)
        except NotFound:
            abort(404)
    return printed(pdf, name)


@blueprint.post("/payments/<number>/bounce")
@needs("payment.reverse")
def bounce(number: str) -> Page:
    def take_back(page: Books, form: Form) -> str:
        found = payment_by_number(page.session, number=number)
        bounce_payment(
            page.session, payment_id=found.id, reason=form.text("bounce_reason", required=True), actor=page.actor,
            now=utc_now(), origin=form.once(), bank_charge=form.maybe_amount("bank_charge") or ZERO,
        )  # fmt: skip
        return f"{number} has bounced; what it settled is open again."

    return _act(number, take_back)


@blueprint.post("/payments/<number>/reverse")
@needs("payment.reverse")
def reverse(number: str) -> Page:
    def take_back(page: Books, form: Form) -> str:
        found, now = payment_by_number(page.session, number=number), utc_now()
        reverse_payment(
            page.session, payment_id=found.id, reason=form.text("reverse_reason", required=True), actor=page.actor,
            now=now, origin=form.once(),
        )  # fmt: skip
        tell_taken_back(page.session, found, now=now)
        return f"{number} is reversed; what it settled is open again."

    return _act(number, take_back)


@blueprint.post("/payments/<number>/accept-cheques")
@needs("payment.reverse")
def accept_cheques(number: str) -> Page:
    def lift(page: Books, form: Form) -> str:
        found = payment_by_number(page.session, number=number)
        lift_cheque_refusal(page.session, customer_id=found.customer_id, actor=page.actor, now=utc_now())
        return "Cheques of the customer are accepted again."

    return _act(number, lift)


def _act(number: str, action: Callable[[Books, Form], str]) -> Page:
    return attempt(action, done="panel.payment", show=lambda: payment(number), number=number)
