"""Suspension: who, when, how many, and how the service comes back."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from core.billing.invoice_models import Invoice
from core.billing.plan_models import BillingPolicy
from core.billing.subscription_models import PendingCharge, Subscription
from core.crm.models import Customer
from core.ids import Id
from core.network.models import Access
from core.recovery.case_models import RecoveryCase, ServiceCut
from core.recovery.cases import ProtectionInvalid, end_protection, protect
from core.recovery.policy import change_policy
from core.usecases.log_promise import log_promise
from core.usecases.restore_service import restore_failures, restore_if_clear, restore_service
from core.usecases.suspend_overdue import ApprovalInvalid, approve_cuts, plan_cuts, suspend_overdue
from tests.builders import make_customer
from tests.core.recovery.town import Town, at

DUE = date(2026, 9, 10)
NOTICE = date(2026, 9, 22)
CUT = date(2026, 9, 29)  # a Tuesday, seven days after the notice


def told(town: Town, *customer_ids: Id, amount: str = "3000.00") -> None:
    """They owe, and were given notice on the 22nd."""
    for customer_id in customer_ids:
        town.owes(customer_id, amount, DUE)
    town.day(NOTICE)
    town.day(CUT - timedelta(days=1))


def test_the_dry_run_names_who_would_be_cut_and_changes_nothing(town: Town) -> None:
    bilal = town.customer("Bilal")
    told(town, bilal)
    with town.open() as session:
        plan = plan_cuts(session, today=CUT, now=at(CUT))
    assert [(each.customer_id, each.amount, each.days) for each in plan.ready] == [(bilal, Decimal("3000.00"), 19)]
    assert town.service(bilal) == ("active", {"active"}, {"allowed"})
    assert town.cuts(CUT).cut == 1
    assert town.cuts(CUT).cut == 0
    with town.open() as session:
        cut = session.scalars(select(ServiceCut)).one()
    assert (cut.cut_by, cut.origin, cut.cut_on) == ("system", "run:2026-09-29", CUT)


def test_money_that_comes_between_plan_and_cut_counts(town: Town) -> None:
    bilal = town.customer("Bilal")
    told(town, bilal)
    town.pays(bilal, "3000.00", CUT, hour=10)
    assert town.cuts(CUT).cut == 0


def test_a_payment_beside_the_suspension_never_leaves_a_payer_without_service(town: Town) -> None:
    people = [town.customer(f"Payer {index}") for index in range(6)]
    with town.open() as session:
        change_policy(session, cut_share_max=Decimal(100))
    told(town, *people)
    payers = [threading.Thread(target=town.pays, args=(customer_id, "3000.00", CUT)) for customer_id in people]
    for thread in payers:
        thread.start()
    town.cuts(CUT)
    for thread in payers:
        thread.join()
    for customer_id in people:
        assert town.service(customer_id) == ("active", {"active"}, {"allowed"})


def test_more_than_the_share_of_an_area_waits_for_a_managers_yes(town: Town) -> None:
    debtors = [town.customer(f"Debtor {index}") for index in range(4)]
    for index in range(16):
        town.customer(f"Paying {index}", line=False)
    with town.open() as session:
        change_policy(session, cut_count_free=2)
    told(town, *debtors)
    report = town.cuts(CUT)
    assert (report.cut, report.needs_yes) == (0, {town.company.area_id: 4, None: 4})
    with town.open() as session:
        with pytest.raises(ApprovalInvalid):
            approve_cuts(session, today=CUT, area_id=None, count_max=0, approved_by="staff:1")
        approve_cuts(session, today=CUT, area_id=None, count_max=3, approved_by="staff:1")
    assert town.cuts(CUT).cut == 0
    with town.open() as session:
        approve_cuts(session, today=CUT, area_id=None, count_max=4, approved_by="staff:1")
    assert town.cuts(CUT).cut == 4
    assert town.cuts(CUT).needs_yes == {}


def test_what_was_cut_already_today_counts_towards_the_share(town: Town) -> None:
    first, second = town.customer("First"), town.customer("Second")
    for index in range(8):
        town.customer(f"Paying {index}", line=False)
    with town.open() as session:
        change_policy(session, cut_count_free=0, cut_share_max=Decimal("10.00"))
    told(town, first, second)
    with town.open() as session:
        protect(session, customer_id=second, reason="ill", approved_by="staff:1", from_on=CUT, until_on=CUT)
    assert town.cuts(CUT).cut == 1  # one of ten
    with town.open() as session:
        end_protection(session, customer_id=second, ended_by="staff:1", now=at(CUT))
    assert (town.cuts(CUT).cut, town.cuts(CUT).needs_yes[None]) == (0, 2)
    assert town.cuts(CUT + timedelta(days=1)).cut == 1


def test_batches_cut_the_oldest_debts_first_until_nothing_is_left(town: Town) -> None:
    people = [town.customer(f"Debtor {index}") for index in range(3)]
    for index, customer_id in enumerate(people):
        town.owes(customer_id, "1000.00", DUE - timedelta(days=index))
    town.day(NOTICE)
    with town.open() as session:
        report = suspend_overdue(session, today=CUT, now=at(CUT), actor="system", origin="run:1", limit=1)
    assert (report.cut, report.left) == (1, 2)
    assert town.service(people[2])[0] == "suspended"
    assert town.cuts(CUT).cut == 2


def test_a_never_cut_flag_needs_its_reason_and_ends_on_its_day(town: Town) -> None:
    bilal = town.customer("Bilal")
    told(town, bilal)
    with town.open() as session:
        for reason, approver, until in (("", "staff:1", CUT), ("ill", "", CUT), ("ill", "staff:1", NOTICE)):
            with pytest.raises(ProtectionInvalid):
                protect(session, customer_id=bilal, reason=reason, approved_by=approver, from_on=CUT, until_on=until)
        protect(session, customer_id=bilal, reason="in hospital", approved_by="staff:1", from_on=CUT,
                until_on=CUT + timedelta(days=1))  # fmt: skip
    assert [town.cuts(CUT + timedelta(days=count)).cut for count in range(3)] == [0, 0, 1]


def test_a_manager_can_take_the_flag_away_early(town: Town) -> None:
    bilal = town.customer("Bilal")
    told(town, bilal)
    with town.open() as session:
        protect(session, customer_id=bilal, reason="ill", approved_by="staff:1", from_on=CUT, until_on=date(2027, 1, 1))
        assert end_protection(session, customer_id=bilal, ended_by="staff:2", now=at(CUT)) == 1
    assert town.cuts(CUT).cut == 1


def test_all_lines_a_payer_pays_for_are_cut_and_come_back_together(town: Town) -> None:
    father = town.customer("Father")
    with town.open() as session:
        son = make_customer(session, town.company, name="Son")
        town.line(session, son, payer_id=father)
        son_id = son.id
    told(town, father)
    assert town.cuts(CUT).cut == 1
    assert town.service(son_id) == town.service(father) == ("suspended", {"suspended"}, {"blocked"})
    town.pays(father, "3000.00", CUT)
    assert town.service(son_id) == town.service(father) == ("active", {"active"}, {"allowed"})


def test_prepaid_and_paused_lines_and_accounts_that_shall_not_exist_are_let_be(town: Town) -> None:
    bilal = town.customer("Bilal")
    with town.open() as session:
        customer = session.get_one(Customer, bilal)
        prepaid, paused, gone = (town.line(session, customer) for _ in range(3))
        prepaid.paid_until, paused.state = at(date(2026, 12, 1)), "paused"
        session.flush()
        session.scalars(select(Access).where(Access.subscription_id == gone.id)).one().state = "absent"
        ids = (prepaid.id, paused.id, gone.id)
    told(town, bilal)
    town.cuts(CUT)
    with town.open() as session:
        states = [session.get_one(Subscription, each).state for each in ids]
        access = [session.scalars(select(Access.state).where(Access.subscription_id == each)).one() for each in ids]
        assert session.get_one(Customer, bilal).state == "active"  # the prepaid line runs on
    assert (states, access) == (["active", "paused", "suspended"], ["allowed", "allowed", "absent"])
    town.pays(bilal, "3000.00", CUT)
    with town.open() as session:
        assert [session.get_one(Subscription, each).state for each in ids] == ["active", "paused", "active"]
        assert session.scalars(select(Access.state).where(Access.subscription_id == ids[2])).one() == "absent"


def test_a_reconnection_fee_waits_for_the_next_invoice_once(town: Town) -> None:
    bilal = town.customer("Bilal")
    with town.open() as session:
        session.scalars(select(BillingPolicy)).one().reconnection_fee = Decimal("200.00")
    told(town, bilal)
    town.cuts(CUT)
    town.pays(bilal, "3000.00", CUT)
    town.pays(bilal, "10.00", CUT)
    with town.open() as session:
        fee = session.scalars(select(PendingCharge)).one()
    assert (fee.customer_id, fee.amount, fee.service_class, fee.bill_from) == (bilal, Decimal("200.00"), "fee", CUT)


def test_a_promise_restores_where_the_policy_says_so_and_a_broken_one_cuts_again_without_new_notice(town: Town) -> None:
    bilal = town.customer("Bilal")
    with town.open() as session:
        change_policy(session, restore_on_promise=True)
    told(town, bilal)
    town.cuts(CUT)
    with town.open() as session:
        log_promise(
            session, customer_id=bilal, amount=Decimal("3000.00"), due_on=date(2026, 10, 5), taken_by="contact:1",
            channel="chat", now=at(CUT, 15),
        )  # fmt: skip
    assert town.service(bilal) == ("active", {"active"}, {"allowed"})
    assert "suspension" not in town.day(date(2026, 10, 6))
    assert town.day(date(2026, 10, 7)) == {"suspension": 1}
    assert len(town.messages("notice")) == 3


def test_without_that_policy_a_promise_restores_nothing(town: Town) -> None:
    bilal = town.customer("Bilal")
    told(town, bilal)
    town.cuts(CUT)
    with town.open() as session:
        log_promise(
            session, customer_id=bilal, amount=Decimal("3000.00"), due_on=date(2026, 10, 5), taken_by="contact:1",
            channel="chat", now=at(CUT, 15),
        )  # fmt: skip
    assert town.service(bilal)[0] == "suspended"


def test_a_manager_restores_whatever_is_owed_and_the_ladder_does_not_cut_again_in_that_count(town: Town) -> None:
    bilal = town.customer("Bilal")
    told(town, bilal)
    town.cuts(CUT)
    with town.open() as session:
        cut = restore_service(session, customer_id=bilal, reason="exam week", actor="staff:1", now=at(CUT, 15))
        assert cut is not None
        assert restore_service(session, customer_id=bilal, reason="again", actor="staff:1", now=at(CUT, 15)) is None
    assert "suspension" not in town.day(CUT + timedelta(days=1))
    assert town.service(bilal)[0] == "active"


def test_written_off_debt_restores_nothing_until_it_is_paid(town: Town) -> None:
    bilal = town.customer("Bilal")
    told(town, bilal)
    town.cuts(CUT)
    with town.open() as session:
        session.scalars(select(Invoice).where(Invoice.customer_id == bilal)).one().state = "written_off"
    town.ages(CUT + timedelta(days=1))
    assert town.case(bilal) is None
    assert town.service(bilal)[0] == "suspended"
    with town.open() as session:
        assert session.scalars(select(RecoveryCase.close_reason)).one() == "written_off"
        invoice = session.scalars(select(Invoice).where(Invoice.customer_id == bilal)).one()
        invoice.balance, invoice.state = Decimal(0), "paid"
        session.flush()
        assert restore_if_clear(session, customer_id=bilal, now=at(CUT)) is not None


def test_who_is_clear_but_without_service_is_an_alarm_and_the_night_makes_it_good(town: Town) -> None:
    forgotten, blocked = town.customer("Forgotten"), town.customer("Blocked")
    told(town, forgotten, blocked)
    town.cuts(CUT)
    with town.open() as session:
        invoice = session.scalars(select(Invoice).where(Invoice.customer_id == forgotten)).one()
        invoice.balance, invoice.state = Decimal(0), "paid"  # settled without telling recovery
    town.pays(blocked, "3000.00", CUT)
    with town.open() as session:
        session.scalars(
            select(Access).join(Subscription, Subscription.id == Access.subscription_id)
            .where(Subscription.customer_id == blocked)
        ).one().state = "blocked"  # fmt: skip
        session.flush()
        alarms = {each.name: each.why for each in restore_failures(session, today=CUT)}
    assert alarms == {"Forgotten": "clear, but suspended", "Blocked": "restored, but blocked"}
    town.ages(CUT + timedelta(days=1))
    with town.open() as session:
        assert restore_failures(session, today=CUT + timedelta(days=1)) == []
    assert town.service(forgotten) == town.service(blocked) == ("active", {"active"}, {"allowed"})
