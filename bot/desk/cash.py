"""Cash that a customer disputes: the office hears it at once, decides, and the customer gets his answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.desk.notices import tell, tell_office
from bot.texts.reply import Button, Reply, Saying, lines, words
from core.billing.cash_proof import Heard, events_of, proof_of
from core.billing.cash_proof_lists import ProofRow, proof_row
from core.billing.cash_proof_models import CashProofEvent
from core.billing.payment_models import Payment
from core.ids import Id
from core.usecases.answer_cash import settle_cash, undo_cash

UNCONFIRMED = Button("cash_doubts", words("Unconfirmed cash"))
PERSON = Button("human", words("Talk to a person"))


def tell_word(session: Session, heard: Heard, *, now: datetime) -> None:
    """Managers and owners hear of a dispute at once, and of one that the customer takes back."""
    if not heard.changed or "disputed" not in (heard.was, heard.proof.state):
        return
    row = proof_row(session, receipt=heard.payment.number)
    if heard.proof.state == "disputed":
        waits = words("What the agent earns by it waits. Nothing is reversed until you decide.")
        body = lines(words("⚠ *A customer disputes cash*"), card(row), waits)
    else:
        body = lines(words("The customer confirms it now:"), card(row))
    tell_office(session, reply=Reply(body, buttons=buttons_of(row)), now=now,
                dedupe_key=f"cash_dispute:{heard.proof.id}:{heard.position}")  # fmt: skip


def card(row: ProofRow) -> Saying:
    """Both sides of a receipt."""
    said = words("The customer says: nothing was paid.")
    if row.proof.amount_said is not None:
        said = words("The customer says: *%(amount)s*", amount=row.proof.amount_said)
    return lines(
        words("Receipt *%(receipt)s*: %(amount)s.", receipt=row.receipt, amount=row.amount),
        words("Taken by: %(agent)s", agent=row.agent),
        words("Customer: *%(number)s %(name)s*", number=row.customer_number, name=row.customer),
        said if row.proof.state == "disputed" else None,
    )


def buttons_of(row: ProofRow) -> tuple[Button, ...]:
    """What the office may do about it."""
    decide = Button(f"flow:cash_decide:{row.receipt}", words("Decide"))
    return (decide, Button(f"talk_to:{row.customer_number}", words("Chat")), UNCONFIRMED)


def settle(session: Session, *, receipt: str, note: str, actor: str, now: datetime, origin: str) -> Heard:
    """As `settle_cash`, and whoever disputed it hears that the receipt stands. Raises the same."""
    heard = settle_cash(session, receipt=receipt, note=note, actor=actor, now=now, origin=origin)
    if heard.was == "disputed":
        said = words("We have looked into receipt %(receipt)s of %(amount)s: it stands as it is.", receipt=receipt,
                     amount=heard.payment.amount)  # fmt: skip
        _answer(session, heard.proof.id, said, now=now)
    return heard


def undo(session: Session, *, receipt: str, note: str, actor: str, now: datetime, origin: str) -> None:
    """As `undo_cash`, and whoever disputed it hears that the receipt is taken back. Raises the same."""
    payment = undo_cash(session, receipt=receipt, note=note, actor=actor, now=now, origin=origin)
    tell_taken_back(session, payment, now=now)


def tell_taken_back(session: Session, payment: Payment, *, now: datetime) -> None:
    """Whoever disputed a receipt hears that it is taken back; nobody where there was no dispute."""
    proof = proof_of(session, payment_id=payment.id)
    if proof is None:
        return
    before = events_of(session, proof_ids=[proof.id])[proof.id][-2:]
    if proof.state == "ended" and before[0].state == "disputed":
        said = words("Receipt %(receipt)s of %(amount)s was wrong and is taken back. It does not count any more.",
                     receipt=payment.number, amount=payment.amount)  # fmt: skip
        _answer(session, proof.id, said, now=now)


def _answer(session: Session, proof_id: Id, said: Saying, *, now: datetime) -> None:
    contact_id = _who_disputed(events_of(session, proof_ids=[proof_id])[proof_id])
    if contact_id is not None:
        tell(session, contact_id=contact_id, reply=Reply(said, buttons=(PERSON,)), now=now,
             dedupe_key=f"cash_decided:{proof_id}:{contact_id}:{now.isoformat()}",
             template=("cash_decided", {"what": said}))  # fmt: skip


def _who_disputed(events: list[CashProofEvent]) -> Id | None:
    """The person who disputed it last from his own number; None where he told it to the office on the phone."""
    for event in reversed(events):
        kind, _, key = event.actor.partition(":")
        if event.what in ("other_amount", "not_paid"):
            return Id(key) if kind == "contact" else None
    return None
