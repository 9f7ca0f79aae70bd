"""What the ladder proposed and a manager allowed is done, once; what he refused is left alone."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from core.billing.advance import customer_advance
from core.billing.charges import add_charge
from core.billing.debt_models import WriteOff
from core.billing.deposits import deposit_held
from core.billing.invoice_models import CreditNote, Invoice
from core.billing.invoices import issue_charges
from core.billing.subscription_models import Subscription
from core.billing.write_offs import write_off_invoice
from core.crm.models import Customer
from core.ids import Id, new_id
from core.inventory.items import move_item, receive_item
from core.ledger.models import JournalEntry
from core.messaging.models import OutboundMessage
from core.recovery.case_models import Proposal, RecoveryCase, ServiceCut
from core.recovery.cases import ProposalDecided, open_proposals
from core.recovery.cases import decide_proposal as only_decide
from core.service_desk.job_models import Job
from core.service_desk.models import Ticket
from core.usecases.carry_out_proposal import NotCarriedOut, carry_out_next, decide_proposal
from core.usecases.check_books import check_books
from tests.core.billing.ledger_checks import booked
from tests.core.recovery.town import Town, at, pay
from workers.recovery import carry_out_proposals

DUE = date(2026, 10, 1)
MANAGER, NOBODY = "staff:manager", Id(int=0)


def after(days: int) -> date:
    return DUE + timedelta(days=days)


def proposed(town: Town, customer_id: Id, kind: str, *, day: int) -> Id:
    """The ladder's proposal of that kind, after the ladder has climbed every day up to `day`."""
    for count in (1, 8, 12, 15, 19, 20, 30, 45, 60, 90):
        if count <= day:
            town.day(after(count))
    with town.open() as session:
        return next(row.id for row in open_proposals(session, kind=kind) if row.customer_id == customer_id)


def decides(town: Town, proposal_id: Id, *, accept: bool, day: int, note: str = "") -> Proposal:
    with town.open() as session:
        return decide_proposal(
            session, proposal_id=proposal_id, accept=accept, decided_by=MANAGER, note=note, now=at(after(day)),
            origin="message:wamid.1",
        )  # fmt: skip


def rents(town: Town, customer_id: Id, serial: str = "ZTE-1") -> None:
    with town.open() as session:
        onu = receive_item(session, kind="onu", model="F601", serial=serial, actor="test", now=at(after(-60)))
        move_item(
            session, item=onu, to_kind="customer", to_id=customer_id, reason="rented", actor="test", now=at(after(-60))
        )


def deposits(town: Town, customer_id: Id, amount: str, *, paid: bool = True) -> None:
    with town.open() as session:
        charge = add_charge(
            session, customer_id=customer_id, what="equipment_deposit", amount=Decimal(amount), bill_from=after(-60),
            created_by="test", idempotency_key=str(new_id()),
        )  # fmt: skip
        issue_charges(session, customer_id=customer_id, issued_on=after(-60), actor="test", charge_ids=[charge.id])
        if paid:
            pay(session, customer_id, amount, after(-60))


def books_hold(town: Town) -> bool:
    with town.open() as session:
        return [each for each in check_books(session, as_of=after(400)) if each.check != "origin"] == []


def test_an_allowed_pick_up_is_a_job_that_halts_nothing(town: Town) -> None:
    ayesha = town.customer()
    rents(town, ayesha)
    town.owes(ayesha, "2500.00", DUE)
    proposal_id = proposed(town, ayesha, "pick_up", day=30)

    proposal = decides(town, proposal_id, accept=True, day=31)

    with town.open() as session:
        ticket, job = session.scalars(select(Ticket)).one(), session.scalars(select(Job)).one()
        assert (ticket.category, ticket.description, ticket.opened_by) == (
            "pick_up", "Pick up: onu F601 ZTE-1", MANAGER)  # fmt: skip
        assert (job.kind, job.state, job.ticket_id, job.what) == ("pick_up", "planned", ticket.id, ticket.description)
    assert (proposal.state, proposal.outcome) == ("accepted", f"To be picked up: {ticket.number} ({job.number})")
    assert (proposal.origin, proposal.carried_out_at) == ("message:wamid.1", at(after(31)))
    assert "termination" in town.day(after(45))


def test_an_allowed_termination_credits_unserved_days_and_sets_the_deposit_off(town: Town) -> None:
    ayesha = town.customer()
    deposits(town, ayesha, "2000.00")
    town.owes(ayesha, "1500.00", DUE)
    proposal_id = proposed(town, ayesha, "termination", day=45)

    proposal = decides(town, proposal_id, accept=True, day=46)

    with town.open() as session:
        subscription = session.scalars(select(Subscription)).one()
        assert (subscription.state, session.get_one(Customer, ayesha).state) == ("ended", "left")
        assert deposit_held(session, customer_id=ayesha) == 0
        last = session.scalars(select(Invoice).where(Invoice.kind == "subscription")).all()
        billed = sum((invoice.total for invoice in last), Decimal(0))
        owed = session.scalar(select(func.sum(Invoice.balance)))
        assert owed == max(Decimal(0), billed - 500)
        assert customer_advance(session, ayesha) == max(Decimal(0), 500 - billed)
        origins = set(session.scalars(select(JournalEntry.origin).where(JournalEntry.actor == MANAGER)))
    assert origins == {f"proposal:{proposal_id}"}
    assert proposal.outcome == "Ended 1 service, set off a deposit of 2000.00"
    assert town.service(ayesha)[2] <= {"blocked", "absent"}
    assert books_hold(town)


def test_the_rest_of_a_deposit_can_be_refunded_and_nobody_is_told_of_a_restored_service(town: Town) -> None:
    ayesha = town.customer()
    deposits(town, ayesha, "60000.00")
    town.owes(ayesha, "1500.00", DUE)
    proposal_id = proposed(town, ayesha, "termination", day=45)
    with town.open() as session:
        assert session.scalars(select(ServiceCut)).one().restored_at is None

    decides(town, proposal_id, accept=True, day=46)

    with town.open() as session:
        assert session.scalar(select(func.sum(Invoice.balance))) == 0
        assert customer_advance(session, ayesha) > 0
        cut = session.scalars(select(ServiceCut)).one()
        assert (cut.restore_reason, cut.restored_by) == ("terminated", MANAGER)
        case = session.scalars(select(RecoveryCase)).one()
        assert (case.state, case.close_reason) == ("closed", "paid")
        restored = select(func.count()).where(OutboundMessage.dedupe_key.startswith("restored:"))
        assert session.scalar(restored) == 0
    assert books_hold(town)


def test_an_allowed_write_off_gives_up_what_is_overdue_with_two_persons(town: Town) -> None:
    ayesha = town.customer(line=False)
    town.owes(ayesha, "1500.00", DUE)
    town.owes(ayesha, "700.00", after(30))
    proposal_id = proposed(town, ayesha, "write_off_proposal", day=90)

    proposal = decides(town, proposal_id, accept=True, day=91, note="Left the country")

    with town.open() as session:
        rows = session.scalars(select(WriteOff).order_by(WriteOff.amount)).all()
        assert [(str(row.amount), row.state, row.asked_by, row.approved_by) for row in rows] == [
            ("700.00", "booked", "system", MANAGER), ("1500.00", "booked", "system", MANAGER),
        ]  # fmt: skip
        assert (rows[0].reason, booked(session, "6820"), booked(session, "1100")) == ("Left the country", 2200, 0)
        assert session.scalars(select(RecoveryCase)).one().close_reason == "written_off"
    assert proposal.outcome == "Wrote off 2200.00 on 2 invoices"
    assert books_hold(town)


def test_a_write_off_that_waits_already_is_the_one_approved(town: Town) -> None:
    ayesha = town.customer(line=False)
    invoice_id = town.owes(ayesha, "1500.00", DUE)
    proposal_id = proposed(town, ayesha, "write_off_proposal", day=90)
    with town.open() as session:
        write_off_invoice(session, invoice_id=invoice_id, reason="Gone", asked_by=MANAGER, now=at(after(90)))

    with pytest.raises(NotCarriedOut, match="cannot approve"):
        decides(town, proposal_id, accept=True, day=91)
    with town.open() as session:
        assert session.get_one(Proposal, proposal_id).state == "open"
        decide_proposal(session, proposal_id=proposal_id, accept=True, decided_by="staff:owner", note="",
                        now=at(after(91)))  # fmt: skip
    with town.open() as session:
        assert session.scalars(select(WriteOff.state)).all() == ["booked"]


@pytest.mark.parametrize(("kind", "day"), [("termination", 45), ("write_off_proposal", 90)])
def test_a_refused_proposal_does_nothing_and_is_not_proposed_again(town: Town, kind: str, day: int) -> None:
    ayesha = town.customer()
    town.owes(ayesha, "1500.00", DUE)
    proposal_id = proposed(town, ayesha, kind, day=day)

    proposal = decides(town, proposal_id, accept=False, day=day + 1, note="He is in hospital")

    assert (proposal.state, proposal.carried_out_at, proposal.outcome) == ("refused", None, "")
    with pytest.raises(ProposalDecided):
        decides(town, proposal_id, accept=True, day=day + 1)
    for count in range(day + 2, day + 12, 3):
        town.day(after(count))
    with town.open() as session:
        kinds = session.scalars(select(Proposal.kind).where(Proposal.kind == kind)).all()
        assert (kinds, session.scalars(select(WriteOff)).all()) == ([kind], [])
        assert session.scalars(select(Subscription.state)).one() != "ended"


@pytest.mark.parametrize(("kind", "day"), [("termination", 45), ("write_off_proposal", 90)])
def test_a_proposal_whose_debt_is_paid_says_so_and_does_nothing(town: Town, kind: str, day: int) -> None:
    ayesha = town.customer()
    town.owes(ayesha, "1500.00", DUE)
    proposal_id = proposed(town, ayesha, kind, day=day)
    town.pays(ayesha, "1500.00", after(day))

    proposal = decides(town, proposal_id, accept=True, day=day)

    assert (proposal.state, proposal.outcome) == ("lapsed", "The debt is paid: nothing was done")
    with town.open() as session:
        assert session.scalars(select(Subscription.state)).one() == "active"
        assert session.scalars(select(WriteOff)).all() == []


def test_what_was_accepted_in_the_panel_is_carried_out_by_the_worker_once(town: Town) -> None:
    ayesha = town.customer(line=False)
    town.owes(ayesha, "1500.00", DUE)
    proposal_id = proposed(town, ayesha, "write_off_proposal", day=90)
    with town.open() as session:
        only_decide(session, proposal_id=proposal_id, accept=True, decided_by=MANAGER, note="", now=at(after(91)))

    assert (carry_out_proposals(str(town.company.id)), carry_out_proposals(str(town.company.id))) == (1, 0)

    with town.open() as session:
        assert session.scalars(select(WriteOff.approved_by)).all() == [MANAGER]
        assert carry_out_next(session, now=at(after(91))) is None


def test_an_accepted_proposal_that_cannot_be_done_waits_with_the_reason(town: Town) -> None:
    ayesha = town.customer(line=False)
    invoice_id = town.owes(ayesha, "1500.00", DUE)
    proposal_id = proposed(town, ayesha, "write_off_proposal", day=90)
    with town.open() as session:
        write_off_invoice(session, invoice_id=invoice_id, reason="Gone", asked_by=MANAGER, now=at(after(90)))
        only_decide(session, proposal_id=proposal_id, accept=True, decided_by=MANAGER, note="", now=at(after(91)))

    assert carry_out_proposals(str(town.company.id)) == 0

    with town.open() as session:
        proposal = session.get_one(Proposal, proposal_id)
        assert (proposal.state, proposal.carried_out_at) == ("accepted", None)
        assert proposal.outcome.startswith("Waits: Who asked for a write-off cannot approve it")
        assert session.scalars(select(CreditNote)).all() == []
