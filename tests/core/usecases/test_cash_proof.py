"""The customer's word on an agent's cash: who may give it, what becomes of the receipt, what the agent earns by it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.billing.cash_proof import (
    Heard,
    NotYourReceipt,
    OwnReceipt,
    ProofDecided,
    ProofInvalid,
    ReceiptTakenBack,
    events_of,
)
from core.billing.cash_proof_lists import callback_sample, proof_rows, proofs_by_agent
from core.billing.cash_proof_models import STANDING, CashProof, CashProofEvent
from core.billing.payment_models import Payment
from core.billing.policy import change_billing_policy
from core.db import company_session
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.messaging.models import OutboundMessage
from core.messaging.ready_templates import FILE
from core.messaging.receipts import CASH_BUTTONS, Receipt, cash_receipt_template
from core.money import ZERO, AmountInvalid
from core.staff.handovers import announce_handover, confirm_handover
from core.usecases.accrue_commissions import accrue_commissions
from core.usecases.answer_cash import note_call, say_otherwise, say_paid, settle_cash, undo_cash
from core.usecases.collect_cash import collect_cash
from core.usecases.own_performance import incentive_waiting, own_performance
from core.usecases.take_back_payment import bounce_payment, reverse_payment
from core.usecases.take_payment import take_payment
from tests.builders import a_phone, customer_who_owes, make_customer, make_staff
from tests.cast import NOW, TODAY, TestCompany
from tests.core.billing.people import knows_on_whatsapp
from tests.core.staff.cast import AGES, employ, plan_with

D = Decimal


class Door:
    """Rabia takes Rs 2,000 of Ayesha, who owes Rs 3,435.63 and is on WhatsApp; Saima manages."""

    def __init__(self, session: Session, company: TestCompany) -> None:
        self.session, self.company = session, company
        self.rabia = make_staff(session, company, role="recovery_agent", name="Rabia")
        self.saima = make_staff(session, company, role="manager", name="Saima")
        self.customer = customer_who_owes(session, company, a_phone())
        self.ayesha = knows_on_whatsapp(session, self.customer, language="en").id
        self.office = f"staff:{self.saima.id}"
        self.receipt = self.takes("2000.00")

    def takes(self, amount: str, *, customer_id: Id | None = None) -> str:
        taken = collect_cash(
            self.session, agent_id=self.rabia.id, customer_id=customer_id or self.customer.id, amount=D(amount),
            idempotency_key=str(new_id()), actor=f"staff:{self.rabia.id}", now=NOW,
        )  # fmt: skip
        return taken.payment.number

    def proof(self, receipt: str = "") -> CashProof:
        of_receipt = select(CashProof).join(Payment, Payment.id == CashProof.payment_id)
        return self.session.scalars(of_receipt.where(Payment.number == (receipt or self.receipt))).one()

    def says_paid(self) -> Heard:
        return say_paid(self.session, receipt=self.receipt, contact_id=self.ayesha, how="tap", now=NOW)

    def says(self, amount: str | None = None) -> Heard:
        return say_otherwise(self.session, receipt=self.receipt, contact_id=self.ayesha, now=NOW,
                             amount=D(amount) if amount is not None else None)  # fmt: skip

    def settles(self, note: str = "his son paid") -> Heard:
        return settle_cash(self.session, receipt=self.receipt, note=note, actor=self.office, now=NOW)

    def words(self) -> list[tuple[str, str]]:
        proof = self.proof()
        return [(event.what, event.state) for event in events_of(self.session, proof_ids=[proof.id])[proof.id]]


# Asking


def test_cash_of_an_agent_asks_the_customer_from_his_receipt(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        assert (door.proof().state, door.proof().agent_id) == ("waiting", door.rabia.id)
        message = session.scalars(select(OutboundMessage)).one()
        wanted = [f"{action}:{door.receipt}" for action, _ in CASH_BUTTONS]
        replies = message.payload["interactive"]["action"]["buttons"]
        assert [each["reply"]["id"] for each in replies] == wanted
        assert message.template is not None and message.template["buttons"] == wanted


def test_cash_through_an_employee_at_the_counter_asks_as_well(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        taken = take_payment(
            session, customer_id=door.customer.id, amount=D("100.00"), method="cash", received_on=TODAY, now=NOW,
            idempotency_key="counter", taken_by=door.office, collected_by=door.rabia.id,
        )  # fmt: skip
        assert door.proof(taken.payment.number).state == "waiting"


@pytest.mark.parametrize("method", ["cash", "bank", "jazzcash"])
def test_no_other_payment_asks(company: TestCompany, method: str) -> None:
    with company_session(company.id, "test") as session:
        customer = customer_who_owes(session, company, a_phone())
        knows_on_whatsapp(session, customer, language="en")
        take_payment(session, customer_id=customer.id, amount=D("100.00"), method=method, received_on=TODAY, now=NOW,
                     idempotency_key="k", taken_by="test", reference="" if method == "cash" else "X1")  # fmt: skip
        assert session.scalars(select(CashProof)).all() == []
        assert session.scalars(select(OutboundMessage)).one().kind == "text"


def test_who_is_not_on_whatsapp_is_unreachable_until_the_office_calls(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        kamran = make_customer(session, company, name="Kamran Shah")
        receipt = door.takes("500.00", customer_id=kamran.id)
        assert door.proof(receipt).state == "unreachable"
        note_call(session, receipt=receipt, agrees=True, note="says yes", actor=door.office, now=NOW)
        assert (door.proof(receipt).state, door.proof(receipt).confirmed_by) == ("confirmed", "office")


def test_a_repeat_of_the_key_opens_no_second_proof(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        for _ in range(2):
            collect_cash(session, agent_id=door.rabia.id, customer_id=door.customer.id, amount=D("300.00"),
                         idempotency_key="again", actor="test", now=NOW)  # fmt: skip
        assert session.scalar(select(func.count()).select_from(CashProof)) == 2


# The customer's word


def test_his_yes_is_kept_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        assert door.says_paid().changed and not door.says_paid().changed
        assert door.words() == [("asked", "waiting"), ("confirmed", "confirmed")]


def test_a_no_after_a_yes_disputes_it_again_and_nothing_is_reversed(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        door.says_paid()
        heard = door.says()
        assert (heard.was, heard.proof.state, heard.proof.said) == ("confirmed", "disputed", "not_paid")
        assert heard.payment.state == "received" and door.proof().confirmed_by == ""
        assert not door.says().changed
        assert door.says("1200").changed and door.proof().amount_said == D("1200.00")


def test_the_receipts_own_amount_is_a_yes(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        assert door.says("2000").proof.state == "confirmed"


def test_an_amount_below_nothing_is_none(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        with pytest.raises(AmountInvalid):
            door.says("-5")
        assert door.proof().state == "waiting"


def test_only_his_own_number_answers_and_never_the_agents(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        kamran = make_customer(session, company, name="Kamran Shah")
        stranger = knows_on_whatsapp(session, kamran).id
        for hear in (say_paid, say_otherwise):
            extra = {"how": "tap"} if hear is say_paid else {}
            with pytest.raises(NotYourReceipt):
                hear(session, receipt=door.receipt, contact_id=stranger, now=NOW, **extra)
        session.execute(text("UPDATE contact SET staff_id = :staff WHERE id = :id"),
                        {"staff": door.rabia.id, "id": door.ayesha})  # fmt: skip
        session.expire_all()
        with pytest.raises(NotYourReceipt):
            door.says_paid()
        assert door.proof().state == "waiting"


def test_a_receipt_of_another_company_is_unknown(company: TestCompany, other_company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        receipt, contact = door.receipt, door.ayesha
    with company_session(other_company.id, "test") as session, pytest.raises(NotFound):
        say_paid(session, receipt=receipt, contact_id=contact, how="tap", now=NOW)


def test_a_receipt_taken_back_asks_nobody(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        door.says()
        payment = undo_cash(session, receipt=door.receipt, note="he never went there", actor=door.office, now=NOW)
        assert (payment.state, door.proof().state) == ("reversed", "ended")
        for word in (door.says_paid, door.says, door.settles):
            with pytest.raises(ReceiptTakenBack):
                word()
        second = door.takes("100.00")
        bounce_payment(session, payment_id=door.proof(second).payment_id, reason="forged", actor="test", now=NOW)
        assert door.proof(second).state == "ended"


# The office's word


def test_the_office_settles_with_a_note_and_never_the_agent_himself(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        door.says()
        with pytest.raises(ProofInvalid):
            door.settles("  ")
        own = f"staff:{door.rabia.id}"
        for decide in (settle_cash, undo_cash):
            with pytest.raises(OwnReceipt):
                decide(session, receipt=door.receipt, note="trust me", actor=own, now=NOW)
        assert door.settles().proof.state == "settled"
        with pytest.raises(ProofDecided):
            door.settles()


def test_his_word_after_the_decision_is_kept_and_changes_nothing(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        door.says()
        door.settles()
        assert not door.says().changed and not door.says().changed
        assert door.words()[-2:] == [("settled", "settled"), ("not_paid", "settled")]


def test_a_call_may_find_a_dispute(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        note_call(session, receipt=door.receipt, agrees=False, amount=D("1500.00"), note="on the phone",
                  actor=door.office, now=NOW)  # fmt: skip
        assert (door.proof().state, door.proof().amount_said) == ("disputed", D("1500.00"))
        with pytest.raises(ProofDecided):
            note_call(session, receipt=door.receipt, agrees=True, note="now yes", actor=door.office, now=NOW)


# What the agent earns


def test_a_dispute_holds_the_incentive_until_it_is_settled(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        employ(session, door.rabia, plan_id=plan_with(session, "recovery", AGES))

        def earned() -> Decimal:
            accrue_commissions(session, since=TODAY, until=TODAY, actor="test", origin="run:test")
            own = own_performance(session, staff_id=door.rabia.id, month=TODAY, today=TODAY)
            return own.collections.incentive

        handover = announce_handover(session, staff_id=door.rabia.id, amount=D("2000.00"), idempotency_key="h", now=NOW)
        confirm_handover(session, handover_id=handover.id, counted=D("2000.00"), counted_by=door.saima.id, now=NOW,
                         actor="test")  # fmt: skip
        assert earned() == D("20.00")
        door.says()
        own = own_performance(session, staff_id=door.rabia.id, month=TODAY, today=TODAY)
        assert (own.collections.incentive, own.unconfirmed, own.disputed) == (ZERO, 1, 1)
        assert earned() == ZERO and incentive_waiting(session, staff_id=door.rabia.id, today=TODAY) == ZERO
        door.settles()
        own = own_performance(session, staff_id=door.rabia.id, month=TODAY, today=TODAY)
        assert (own.collections.incentive, own.unconfirmed, own.disputed) == (D("20.00"), 0, 0)
        assert earned() == D("20.00")


def test_taking_the_dispute_back_frees_the_incentive_at_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        employ(session, door.rabia, plan_id=plan_with(session, "recovery", AGES))
        handover = announce_handover(session, staff_id=door.rabia.id, amount=D("2000.00"), idempotency_key="h", now=NOW)
        confirm_handover(session, handover_id=handover.id, counted=D("2000.00"), counted_by=door.saima.id, now=NOW,
                         actor="test")  # fmt: skip
        door.says()
        assert door.says_paid().was == "disputed"
        own = own_performance(session, staff_id=door.rabia.id, month=TODAY, today=TODAY)
        assert own.collections.incentive == D("20.00")


# What the office sees


def test_disputes_come_first_then_the_oldest(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        first, second = door.receipt, door.takes("100.00")
        door.receipt = third = door.takes("50.00")
        door.says()
        assert [row.receipt for row in proof_rows(session)] == [third, first, second]
        row = proof_rows(session, agent_id=door.rabia.id)[1]
        assert (row.amount, row.customer, row.agent, row.days_old(NOW + timedelta(days=3, hours=5))) == (
            D("2000.00"), "Ayesha Khan", "Rabia", 3,
        )  # fmt: skip
        assert proof_rows(session, agent_id=door.saima.id) == []
        assert [row.receipt for row in proof_rows(session, states=("disputed",))] == [third]


def test_the_office_calls_the_same_share_whoever_asks(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        receipts = {door.receipt, *(door.takes("10.00") for _ in range(6))}
        change_billing_policy(session, cash_callback_percent=30)
        span = {"since": NOW - timedelta(hours=1), "until": NOW + timedelta(hours=1)}
        sample = [row.receipt for row in callback_sample(session, **span)]
        assert len(sample) == 3 and set(sample) <= receipts
        note_call(session, receipt=sample[0], agrees=True, note="yes", actor=door.office, now=NOW)
        assert [row.receipt for row in callback_sample(session, **span)] == sample
        change_billing_policy(session, cash_callback_percent=0)
        assert callback_sample(session, **span) == []
        assert callback_sample(session, since=span["until"], until=span["until"] + timedelta(days=1)) == []


@pytest.mark.parametrize("language", ["en", "ur_Latn", "ur"])
def test_the_template_is_one_that_meta_knows(language: str) -> None:
    listed = json.loads(FILE.read_text())
    known = {(each["name"], each["language"]): set(re.findall(r"{{(\w+)}}", each["body"])) for each in listed}
    receipt = Receipt("R-1", D("1200.00"), TODAY, "cash", "", "Rabia", ZERO, ZERO, "PKR")
    twin = cash_receipt_template(receipt, language)
    assert known[twin["name"], twin["language"]] == set(twin["parameters"])


# Whatever happens

EVENTS: tuple[tuple[str, Callable[[Door, str], object]], ...] = (
    ("take", lambda door, _: door.takes("25.00")),
    ("yes", lambda door, r: say_paid(door.session, receipt=r, contact_id=door.ayesha, how="tap", now=NOW)),
    ("no", lambda door, r: say_otherwise(door.session, receipt=r, contact_id=door.ayesha, now=NOW)),
    ("other", lambda door, r: say_otherwise(door.session, receipt=r, contact_id=door.ayesha, now=NOW, amount=D("7"))),
    ("settle", lambda door, r: settle_cash(door.session, receipt=r, note="n", actor=door.office, now=NOW)),
    ("call", lambda door, r: note_call(door.session, receipt=r, agrees=True, note="n", actor=door.office, now=NOW)),
    ("denied", lambda door, r: note_call(door.session, receipt=r, agrees=False, note="n", actor=door.office, now=NOW)),
    ("reverse", lambda door, r: reverse_payment(door.session, payment_id=door.proof(r).payment_id, reason="x",
                                                actor="test", now=NOW)),
)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 4)), max_size=14))
def test_every_state_is_its_last_events_and_every_receipt_is_counted_once(
    company: TestCompany, history: list[tuple[tuple[str, Callable[[Door, str], object]], int]]
) -> None:
    with company_session(company.id, "test") as session:
        door = Door(session, company)
        for (_, happens), which in history:
            numbers = session.scalars(select(Payment.number).where(Payment.collected_by == door.rabia.id)
                                      .order_by(Payment.number)).all()  # fmt: skip
            try:
                with session.begin_nested():
                    happens(door, numbers[which % len(numbers)])
            except DomainError:
                continue
        proofs = session.scalars(select(CashProof).where(CashProof.agent_id == door.rabia.id)).all()
        for proof in proofs:
            events = events_of(session, proof_ids=[proof.id])[proof.id]
            assert [event.position for event in events] == list(range(1, len(events) + 1))
            assert events[-1].state == proof.state and events[0].what == "asked"
        counts = proofs_by_agent(session)[door.rabia.id] if any(p.state != "ended" for p in proofs) else {}
        good = select(func.count()).select_from(Payment).where(Payment.collected_by == door.rabia.id,
                                                               Payment.state == "received")  # fmt: skip
        assert sum(counts.values()) == session.scalar(good) and set(counts) <= set(STANDING)
        session.rollback()


def test_the_database_refuses_a_state_without_its_event(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        Door(session, company)
    for statement in (
        "UPDATE cash_proof SET state = 'confirmed', confirmed_by = 'tap'",
        "UPDATE cash_proof SET asked_at = asked_at - interval '1 day'",
        "UPDATE cash_proof_event SET state = 'confirmed'", "DELETE FROM cash_proof_event", "DELETE FROM cash_proof",
    ):  # fmt: skip
        with pytest.raises(DBAPIError), company_session(company.id, "test") as session:
            session.execute(text(statement))
    with company_session(company.id) as session:
        assert session.scalar(select(func.count()).select_from(CashProofEvent)) == 1
