"""Months in a customer's life, told day by day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select

from core.billing.subscription_models import ServicePause
from core.recovery.case_models import Promise, ServiceCut
from core.usecases.log_promise import log_promise
from tests.core.recovery.town import Town, at

DUE = date(2026, 9, 10)  # a Thursday


def test_late_reminded_promised_and_kept(town: Town) -> None:
    rabia = town.agent("Rabia", area_id=town.company.area_id)
    ayesha = town.customer()
    town.owes(ayesha, "2500.00", DUE)

    assert town.day(DUE - timedelta(days=3)) == {"reminder": 1}
    assert town.day(DUE) == {}
    assert town.case(ayesha) is None

    assert town.day(DUE + timedelta(days=1)) == {"reminder": 1}
    case = town.case(ayesha)
    assert case is not None
    assert (case.amount, case.agent_id, case.oldest_due_on) == (Decimal("2500.00"), rabia, DUE)
    assert town.day(DUE + timedelta(days=2)) == {}
    assert town.day(DUE + timedelta(days=4)) == {"reminder": 1}

    with town.open() as session:
        promise = log_promise(
            session, customer_id=ayesha, amount=Decimal("2500.00"), due_on=date(2026, 9, 18), taken_by="contact:1",
            channel="chat", now=at(date(2026, 9, 15)),
        )  # fmt: skip
    assert (promise.state, promise.limit_on) == ("open", date(2026, 9, 19))
    assert town.day(date(2026, 9, 18)) == {}
    held = town.case(ayesha)
    assert held is not None
    assert held.held_by == "promise"

    _, followed = town.pays(ayesha, "2500.00", date(2026, 9, 19))
    assert [promise.state for promise in followed.judged] == ["kept"]
    assert town.case(ayesha) is None
    assert town.day(date(2026, 9, 20)) == {}
    assert len(town.messages()) == 3


def test_a_broken_promise_leads_to_notice_suspension_and_back_with_the_money(town: Town) -> None:
    bilal = town.customer("Bilal")
    town.owes(bilal, "3000.00", DUE)
    for count in range(1, 7):
        town.day(DUE + timedelta(days=count))
    with town.open() as session:
        log_promise(
            session, customer_id=bilal, amount=Decimal("3000.00"), due_on=date(2026, 9, 17), taken_by="contact:1",
            channel="chat", now=at(date(2026, 9, 16)),
        )  # fmt: skip
    assert town.day(date(2026, 9, 18)) == {}  # the day's grace, day 8

    # Saturday the 19th, day 9: broken; the agent's step is due. The next ones follow in their days.
    assert town.day(date(2026, 9, 19)) == {"agent": 1}
    assert town.day(date(2026, 9, 22)) == {"final_notice": 1}
    notice = town.messages()[-1]
    assert "29 Sept 2026" in notice.text or "29 Sep 2026" in notice.text  # seven days, not the 25th, when day 15 is
    for day in range(23, 29):
        assert town.day(date(2026, 9, day)) == {}
    assert town.service(bilal) == ("active", {"active"}, {"allowed"})
    assert town.day(date(2026, 9, 29)) == {"suspension": 1}
    assert town.service(bilal) == ("suspended", {"suspended"}, {"blocked"})
    assert [message.text[:10] for message in town.messages("notice")] == ["Chenab Net"]

    # Part of it is not enough; the rest restores in the transaction of the payment.
    _, followed = town.pays(bilal, "1000.00", date(2026, 9, 30))
    assert followed.restored is None
    assert town.service(bilal) == ("suspended", {"suspended"}, {"blocked"})
    _, followed = town.pays(bilal, "1950.00", date(2026, 10, 2), hour=22)
    assert followed.restored is not None  # Rs 50 are within the tolerance
    assert town.service(bilal) == ("active", {"active"}, {"allowed"})
    with town.open() as session:
        pause = session.scalars(select(ServicePause)).one()
        cut = session.scalars(select(ServiceCut)).one()
        promise = session.scalars(select(Promise)).one()
    assert (pause.reason, pause.starts_on, pause.ends_on) == ("non_payment", date(2026, 9, 29), date(2026, 10, 2))
    assert (cut.owed, cut.restore_reason) == (Decimal("3000.00"), "paid")
    assert (promise.state, promise.received) == ("broken", Decimal("0.00"))
    assert len(town.messages("notice")) == 2
    assert town.case(bilal) is None
