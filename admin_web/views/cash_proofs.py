"""Cash that agents took, with what the customers say of it: disputes, what nobody confirmed, whom the office calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from flask import abort, render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form, asked, attempt
from bot.desk import cash
from core.billing.cash_proof import UNCONFIRMED, events_of
from core.billing.cash_proof_lists import (
    agents_with_proofs,
    callback_sample,
    proof_rows,
    proofs_by_agent,
    receipt_messages,
)
from core.billing.cash_proof_models import STANDING
from core.billing.policy import billing_policy
from core.clock import day_begins, utc_now
from core.errors import DomainError
from core.staff.actors import named_actors
from core.usecases.answer_cash import note_call

SAMPLE_DAYS = 7
SHOWN_MAX = 200
AGE_MAX_DAYS = 3650
DECISIONS = ("agrees", "denies", "stands", "reverse")


@blueprint.get("/cash-proofs")
@needs("cash.view")
def cash_proofs() -> Page:
    with books() as page:
        try:
            return render_template("cash_proofs.html", company=page.company, zone=page.zone, **_facts(page, asked()))
        except DomainError as wrong:
            abort(400, str(wrong))


def _facts(page: Books, form: Form) -> Mapping[str, Any]:
    session, now = page.session, utc_now()
    state, agent_id = form.text("state"), form.maybe_key("agent")
    days = min(max(form.number("days", 0), 0), AGE_MAX_DAYS)
    if state:
        form.choice("state", STANDING)
    rows = proof_rows(session, states=(state,) if state else UNCONFIRMED, agent_id=agent_id, limit=SHOWN_MAX,
                      asked_before=now - timedelta(days=days) if days else None)  # fmt: skip
    since = page.today - timedelta(days=SAMPLE_DAYS - 1)
    sample = callback_sample(session, since=day_begins(since, page.company.timezone), until=now)
    events = events_of(session, proof_ids={row.proof.id for row in (*rows, *sample)})
    return {
        "rows": rows, "sample": sample, "since": since, "until": page.today, "events": events, "now": now,
        "people": named_actors(session, {event.actor for told in events.values() for event in told}),
        "messages": receipt_messages(session, rows), "agents": agents_with_proofs(session),
        "counts": proofs_by_agent(session), "states": STANDING, "chosen": (agent_id, state, days),
        "percent": billing_policy(session).cash_callback_percent, "most": SHOWN_MAX,
    }  # fmt: skip


@blueprint.post("/cash-proofs/<number>")
@needs("payment.reverse")
def decide_cash(number: str) -> Page:
    """What the customer said on the phone, or what the office decides."""

    def decide(page: Books, form: Form) -> str:
        return DECIDE[form.choice("decision", DECISIONS)](page, form, number)

    return attempt(decide, done="panel.cash_proofs", show=cash_proofs)


def _agrees(page: Books, form: Form, number: str) -> str:
    note_call(page.session, receipt=number, agrees=True, note=form.text("note"), actor=page.actor, now=utc_now(),
              origin=form.once())  # fmt: skip
    return f"{number}: the customer agrees."


def _denies(page: Books, form: Form, number: str) -> str:
    note_call(page.session, receipt=number, agrees=False, amount=form.maybe_amount("amount"), note=form.text("note"),
              actor=page.actor, now=utc_now(), origin=form.once())  # fmt: skip
    return f"{number} is disputed: decide once you know who is right."


def _stands(page: Books, form: Form, number: str) -> str:
    cash.settle(page.session, receipt=number, note=form.text("note"), actor=page.actor, now=utc_now(),
                origin=form.once())  # fmt: skip
    return f"{number} stands as it is."


def _reverse(page: Books, form: Form, number: str) -> str:
    cash.undo(page.session, receipt=number, note=form.text("note", required=True), actor=page.actor, now=utc_now(),
              origin=form.once())  # fmt: skip
    return f"{number} is taken back; what it settled is open again."


DECIDE: Mapping[str, Callable[[Books, Form, str], str]] = {
    "agrees": _agrees, "denies": _denies, "stands": _stands, "reverse": _reverse,
}  # fmt: skip
