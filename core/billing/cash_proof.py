"""The customer's side of cash taken in the field: he agrees from his own number, names another amount, or denies it.

Nothing here moves money: what is wrong is taken back by the office (`core/usecases/take_back_payment.py`), or settled
in the agent's favour with a note.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.cash_proof_models import CashProof, CashProofEvent
from core.billing.payment_models import Payment
from core.crm.contacts import accounts_of
from core.crm.models import Contact
from core.db import run_flushed
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.money import ZERO, AmountInvalid, parse_amount

UNCONFIRMED = ("waiting", "unreachable", "disputed")
CUSTOMERS_OWN = ("tap", "words")


class NotYourReceipt(DomainError):
    """Only who acts for the account answers for its receipts, and never the agent who took the money."""


class ReceiptTakenBack(DomainError):
    """The payment was taken back meanwhile: there is nothing to confirm any more."""


class ProofDecided(DomainError):
    """The customer has agreed, or the office has decided."""


class ProofInvalid(DomainError):
    """The office says what it found: a note is missing."""


class OwnReceipt(DomainError):
    """Nobody decides about cash that he took himself."""


@dataclass(frozen=True)
class Heard:
    """A proof after somebody's word; `changed` is false for a repeat, `was` is the state before."""

    proof: CashProof
    payment: Payment
    was: str
    changed: bool
    position: int = 0
    """Of the event that it made; 0 for none."""


def is_field_cash(method: str, collected_by: Id | None) -> bool:
    """Whether the customer is asked to confirm: cash that an employee took in the field."""
    return method == "cash" and collected_by is not None


def open_proof(session: Session, payment: Payment, *, told: bool, now: datetime) -> None:
    """Ask the customer for his word on a payment of an agent; `told` is whether his receipt is on its way.

    One statement; a repeat of the payment changes nothing.
    """
    run_flushed(session, _OPEN, {
        "payment": payment.id, "customer": payment.customer_id, "agent": payment.collected_by,
        "state": "waiting" if told else "unreachable", "now": now, "actor": payment.taken_by,
    })  # fmt: skip


_OPEN = """
    WITH opened AS (
        INSERT INTO cash_proof (id, payment_id, customer_id, agent_id, state, asked_at)
        VALUES (uuidv7(), %(payment)s, %(customer)s, %(agent)s, %(state)s, %(now)s)
        ON CONFLICT (company_id, payment_id) DO NOTHING
        RETURNING id
    )
    INSERT INTO cash_proof_event (id, proof_id, position, at, actor, what, state)
    SELECT uuidv7(), id, 1, %(now)s, %(actor)s, 'asked', %(state)s FROM opened
"""


def say_paid(session: Session, *, receipt: str, contact_id: Id, how: str, now: datetime) -> Heard:
    """The customer says from his own number that he paid what the receipt says; `how` is tap or words.

    Safe to repeat. What the office has settled stays so, and his word is kept beside it.
    Raises NotFound, NotYourReceipt, ReceiptTakenBack.
    """
    proof, payment = _own(session, receipt, contact_id)
    return _hear(session, proof, payment, actor=f"contact:{contact_id}", what="confirmed", how=how, now=now)


def say_otherwise(
    session: Session, *, receipt: str, contact_id: Id, now: datetime, amount: Decimal | None = None, note: str = ""
) -> Heard:
    """The customer says that he paid nothing, or another `amount`; the same amount as the receipt's is a yes.

    Also after a yes: then it is disputed again. Safe to repeat; what the office has settled stays so.
    Raises NotFound, NotYourReceipt, ReceiptTakenBack, AmountInvalid.
    """
    proof, payment = _own(session, receipt, contact_id)
    actor = f"contact:{contact_id}"
    said = _amount(amount)
    if said == payment.amount:
        return _hear(session, proof, payment, actor=actor, what="confirmed", how="words", now=now)
    what = "not_paid" if said is None else "other_amount"
    return _hear(session, proof, payment, actor=actor, what=what, now=now, amount=said, note=note)


def confirm_by_office(session: Session, *, receipt: str, note: str, actor: str, now: datetime) -> Heard:
    """The office called the customer, and he agrees. Raises NotFound, ProofInvalid, ProofDecided, OwnReceipt."""
    proof, payment = _of_office(session, receipt, actor, note)
    if proof.state not in ("waiting", "unreachable"):
        raise ProofDecided(f"Receipt {receipt} is {proof.state}: only what waits for the customer's word is confirmed")
    return _hear(session, proof, payment, actor=actor, what="confirmed", how="office", now=now, note=note)


def dispute_by_office(
    session: Session, *, receipt: str, note: str, actor: str, now: datetime, amount: Decimal | None = None
) -> Heard:
    """The office called the customer, and he says otherwise: nothing paid, or another `amount`.

    Raises NotFound, ProofInvalid, ProofDecided for what is settled, OwnReceipt, AmountInvalid.
    """
    proof, payment = _of_office(session, receipt, actor, note)
    said = _amount(amount)
    if proof.state == "settled" or said == payment.amount:
        raise ProofDecided(f"Receipt {receipt} is settled, or the amount is the same as the customer's")
    what = "not_paid" if said is None else "other_amount"
    return _hear(session, proof, payment, actor=actor, what=what, now=now, amount=said, note=note)


def settle(session: Session, *, receipt: str, note: str, actor: str, now: datetime) -> Heard:
    """The office decides that the agent is right, and says why. Raises NotFound, ProofInvalid, ProofDecided,
    OwnReceipt.
    """
    proof, payment = _of_office(session, receipt, actor, note)
    if proof.state not in UNCONFIRMED:
        raise ProofDecided(f"Receipt {receipt} is {proof.state}: there is nothing to settle")
    return _hear(session, proof, payment, actor=actor, what="settled", now=now, note=note)


def end_proofs(session: Session, *, payment_ids: Collection[Id], actor: str, now: datetime) -> None:
    """The payments were taken back, so their receipts ask nobody any more. Payments of no agent are passed over."""
    for payment_id in sorted(payment_ids):
        proof = _locked(session, payment_id)
        if proof is not None and proof.state != "ended":
            _note(session, proof, actor=actor, what="ended", state="ended", now=now)


def refuse_own(proof: CashProof, actor: str) -> None:
    """Raises OwnReceipt for the agent who took the money."""
    if actor == f"staff:{proof.agent_id}":
        raise OwnReceipt("Nobody decides about cash that he took himself: another person has to")


def proof_of(session: Session, *, payment_id: Id) -> CashProof | None:
    """The proof of a payment; None where it was no agent's cash."""
    return session.scalar(select(CashProof).where(CashProof.payment_id == payment_id))


def events_of(session: Session, *, proof_ids: Collection[Id]) -> dict[Id, list[CashProofEvent]]:
    """What was said about some proofs, in order."""
    found: dict[Id, list[CashProofEvent]] = {proof_id: [] for proof_id in proof_ids}
    of_them = select(CashProofEvent).where(CashProofEvent.proof_id.in_(found))
    for event in session.scalars(of_them.order_by(CashProofEvent.proof_id, CashProofEvent.position)):
        found[event.proof_id].append(event)
    return found


def _own(session: Session, receipt: str, contact_id: Id) -> tuple[CashProof, Payment]:
    """The proof for who answers from his own number; refused as unknown to who does not act for the account."""
    proof, payment = _found(session, receipt)
    accounts = {account.customer_id for account in accounts_of(session, contact_id)}
    contact = session.get(Contact, contact_id)
    if proof.customer_id not in accounts or contact is None or contact.staff_id == proof.agent_id:
        raise NotYourReceipt("Only the customer's own number answers for his receipt")
    if proof.state == "ended":
        raise ReceiptTakenBack(f"Receipt {receipt} was taken back", receipt=receipt)
    return proof, payment


def _of_office(session: Session, receipt: str, actor: str, note: str) -> tuple[CashProof, Payment]:
    proof, payment = _found(session, receipt)
    if not note.strip():
        raise ProofInvalid("Say in a few words what was found: it stands beside the receipt")
    refuse_own(proof, actor)
    if proof.state == "ended":
        raise ReceiptTakenBack(f"Receipt {receipt} was taken back", receipt=receipt)
    return proof, payment


def _found(session: Session, receipt: str) -> tuple[CashProof, Payment]:
    payment = session.scalar(select(Payment).where(Payment.number == receipt))
    proof = _locked(session, payment.id) if payment is not None else None
    if payment is None or proof is None:
        raise NotFound("There is no receipt of an agent with that number")
    return proof, payment


def _locked(session: Session, payment_id: Id) -> CashProof | None:
    mine = select(CashProof).where(CashProof.payment_id == payment_id).with_for_update()
    return session.scalar(mine.execution_options(populate_existing=True))


def _amount(amount: Decimal | None) -> Decimal | None:
    """None for nothing paid."""
    said = None if amount is None else parse_amount(amount)
    if said is not None and said < ZERO:
        raise AmountInvalid("What was paid is not less than nothing")
    return said or None


BECOMES = {"confirmed": "confirmed", "other_amount": "disputed", "not_paid": "disputed", "settled": "settled"}


def _hear(
    session: Session, proof: CashProof, payment: Payment, *, actor: str, what: str, now: datetime, how: str = "",
    amount: Decimal | None = None, note: str = "",
) -> Heard:  # fmt: skip
    """Keep a word and what the proof becomes by it; the same word again leaves no trace."""
    was, last = proof.state, _last(session, proof)
    if (last.what, last.amount_said) == (what, amount):
        return Heard(proof, payment, was, changed=False)
    if was == "settled":  # the office has decided: his word is kept, and changes nothing
        _note(session, proof, actor=actor, what=what, state=was, now=now, amount=amount, note=note)
        return Heard(proof, payment, was, changed=False)
    position = _note(
        session, proof, actor=actor, what=what, state=BECOMES[what], now=now, amount=amount, note=note, how=how
    )
    return Heard(proof, payment, was, changed=True, position=position)


def _last(session: Session, proof: CashProof) -> CashProofEvent:
    events = select(CashProofEvent).where(CashProofEvent.proof_id == proof.id)
    return session.scalars(events.order_by(CashProofEvent.position.desc()).limit(1)).one()


def _note(
    session: Session, proof: CashProof, *, actor: str, what: str, state: str, now: datetime,
    amount: Decimal | None = None, note: str = "", how: str = "",
) -> int:  # fmt: skip
    """The event first, since the proof may only become what its last event says."""
    last = select(func.max(CashProofEvent.position)).where(CashProofEvent.proof_id == proof.id)
    position = session.scalars(last).one() + 1
    session.add(
        CashProofEvent(
            id=new_id(), proof_id=proof.id, position=position, at=now, actor=actor, what=what, amount_said=amount,
            note=" ".join(note.split())[:500], state=state,
        )
    )  # fmt: skip
    session.flush()
    if proof.state != state or state == "disputed":
        if state == "disputed":
            proof.said, proof.amount_said = what, amount
        proof.state, proof.confirmed_by = state, how if state == "confirmed" else ""
        session.flush()
    return position
