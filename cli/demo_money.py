"""The demo's money of customers: invoice runs, payments of every method, and what else happens to a bill."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.demo_cash import on_whatsapp
from cli.demo_timeline import ACTOR, CLOSING, FEES, FIELD, PAYMENTS, RUNS
from cli.demo_town import (
    BOUNCED,
    CLAIMANTS,
    CONTRACT,
    EQUIPPED,
    METERED,
    ON_VACATION,
    PAID_AHEAD,
    PLAN_CHANGED,
    PREPAID,
    PREPAID_LAPSED,
    REFUNDED,
    REISSUED,
    VOUCHER,
    WRITTEN_OFF,
    Resident,
    Town,
)
from core.billing.balance import account_balance
from core.billing.cash_proof import open_proof
from core.billing.charges import add_charge, invoice_now
from core.billing.claims import claim_payment
from core.billing.invoice_models import Invoice
from core.billing.payment_models import Payment
from core.billing.payments import record_payment
from core.billing.plan_models import BillingPolicy
from core.billing.prepaid import offer_renewal
from core.billing.refunds import ask_refund
from core.billing.taking_back import bounce_payment
from core.billing.voiding import void_invoice
from core.billing.vouchers import make_vouchers, sell_vouchers
from core.billing.write_offs import write_off_invoice
from core.money import rounded
from core.network.usage import UsageDelta
from core.recovery.case_models import RecoveryCase
from core.usecases.change_plan import change_plan
from core.usecases.charge_late_fees import charge_late_fees
from core.usecases.follow_payment import follow_payment
from core.usecases.meter_usage import meter_usage
from core.usecases.open_customer_accounts import CustomerOpening, open_customer_accounts
from core.usecases.pause_service import pause_service
from core.usecases.renew_prepaid import expire_prepaid, redeem_voucher, renew_prepaid
from core.usecases.run_invoices import run_invoices

LATE = {"one_late": 1, "part": 1, "two_late": 2, "three_late": 3}
METHODS = ("cash", "jazzcash", "easypaisa", "bank", "card", "cheque")
REFERENCES = {"jazzcash": "JC", "easypaisa": "EP", "bank": "FT", "card": "CD", "cheque": "CHQ "}
BY_HAND = 3
"""One in so many cash payments is collected by the agent at the door."""
AT_THE_DOOR = (1, 4, 6)
"""They always pay the agent who calls."""
GB = 10**9
RUN_DAYS = (3, 5, 16)
"""Beside the firsts, days of the second month with something to bill: a voided bill, new connections."""


def plan_money(town: Town) -> None:
    """Put three months of bills and payments on the timeline."""
    town.timeline.at(town.months[0] - timedelta(days=1), PAYMENTS, lambda s, now: _bring_forward(s, town))
    for month in town.months:
        town.timeline.run(month, RUNS, lambda day, now: _bill(town, day, now))
    for day in RUN_DAYS:
        town.timeline.run(town.day(1, day), CLOSING, lambda day, now: _bill(town, day, now))
    for resident in town.residents:
        for index in range(len(town.months)):
            if not resident.is_prepaid:
                _plan_payment(town, resident, index)
    _plan_lines(town)
    _plan_documents(town)
    _plan_doubts(town)
    _plan_prepaid(town)


def set_billing_policy(session: Session) -> None:
    """Late fees on; bills are not announced while the past is loaded."""
    policy = session.scalars(select(BillingPolicy)).one()
    policy.late_fee_kind, policy.late_fee_amount, policy.late_fee_grace_days = "fixed", Decimal("100.00"), 5
    policy.bounce_fee, policy.small_difference = Decimal("500.00"), Decimal("5.00")
    policy.method_accounts = {"easypaisa": "1031"}
    policy.notices = False


def announce_bills_from_now_on(session: Session) -> None:
    """The next run tells its customers."""
    session.scalars(select(BillingPolicy)).one().notices = True


def charge_fees(session: Session, now: datetime) -> None:
    """The day's late fees, all of them."""
    while charge_late_fees(session, now=now, actor=ACTOR, origin=ACTOR).charged:
        continue


def _bill(town: Town, day: date, now: datetime) -> None:
    run_invoices(town.timeline.company_id, day, started_by=ACTOR, now=now, shares=1)


def _bring_forward(session: Session, town: Town) -> None:
    day = town.months[0] - timedelta(days=1)
    debtor, ahead = town.residents[3], town.residents[PAID_AHEAD]
    open_customer_accounts(
        session, posted_on=day, by=ACTOR, origin=ACTOR,
        openings=[CustomerOpening(debtor.customer_id, Decimal("1950.00"), day - timedelta(days=20)),
                  CustomerOpening(ahead.customer_id, Decimal("-5000.00"), day)],
    )  # fmt: skip


def _plan_payment(town: Town, resident: Resident, index: int) -> None:
    month, habit = town.months[index], resident.habit
    left, late = len(town.months) - index, LATE.get(habit, 0)
    day = min(month + timedelta(days=town.chance.randrange(3, 8)), town.today)
    share = Decimal(1)
    if resident.number == CONTRACT:
        day = month + timedelta(days=11)
        town.timeline.at(day, PAYMENTS, lambda s, now: _pay_withholding(s, resident, day, now))
        return
    if comes_back(resident) and left == 1:
        day = month + timedelta(days=3)
    elif left <= late:
        if habit != "part":
            return
        share = Decimal("0.4")
    elif habit == "advance" and left == 1:
        share = Decimal("1.5")
    elif pays_slowly(resident):
        day = month + timedelta(days=21)
    method = town.chance.choices(METHODS, (40, 26, 12, 14, 4, 4))[0]
    reference = REFERENCES[method] + f"{town.chance.randrange(10**8):08d}" if method != "cash" else ""
    by_hand = method == "cash" and town.chance.randrange(BY_HAND) == 0
    if resident.number in AT_THE_DOOR:
        method, reference, by_hand = "cash", "", True
    if resident.number == BOUNCED:
        method, reference, by_hand = ("cheque", "CHQ 00412077", False) if index == 1 else ("cash", "", False)

    def pay(session: Session, now: datetime) -> None:
        _pay(session, town, resident, share, method, reference, by_hand, day, now)

    town.timeline.at(day, PAYMENTS, pay)


def pays_slowly(resident: Resident) -> bool:
    """He pays on the 22nd, after the agent's call."""
    return (
        resident.number % 10 == 6 and resident.habit == "pays" and (resident.number > CONTRACT or resident.number < 8)
    )


def comes_back(resident: Resident) -> bool:
    """He was cut off, pays everything in the last month, and is connected again."""
    return resident.number > CONTRACT and resident.number % 3 == 0 and resident.habit == "three_late"


def _pay(
    session: Session, town: Town, resident: Resident, share: Decimal, method: str, reference: str, by_hand: bool,
    day: date, now: datetime,
) -> Payment | None:  # fmt: skip
    customer_id = resident.customer_id
    amount = rounded(account_balance(session, customer_id=customer_id, today=day).due * share)
    if not amount:
        return None
    agent = town.agent_of(resident) if by_hand else None
    payment = record_payment(
        session, customer_id=customer_id, amount=amount, method=method, received_on=day,
        idempotency_key=f"demo:{day}:{resident.number}", taken_by=f"staff:{agent.id}" if agent else ACTOR,
        reference=reference, origin=ACTOR, now=now, collected_by=agent.id if agent else None,
    )  # fmt: skip
    if agent:
        open_proof(session, payment, told=on_whatsapp(resident.number), now=now)
    case = select(RecoveryCase.id).where(RecoveryCase.customer_id == customer_id, RecoveryCase.state == "open")
    if session.scalar(case) is not None:
        follow_payment(session, customer_id=customer_id, now=now, actor=ACTOR, origin=ACTOR)
    return payment


def _pay_withholding(session: Session, resident: Resident, day: date, now: datetime) -> None:
    due = account_balance(session, customer_id=resident.customer_id, today=day).due
    withheld = rounded(due * 8 / 100)
    record_payment(
        session, customer_id=resident.customer_id, amount=due - withheld, method="bank", received_on=day,
        idempotency_key=f"demo:corporate:{day}", taken_by=ACTOR, reference=f"RTGS{day:%y%m%d}417",
        origin=ACTOR, now=now, withheld_income_tax=withheld, certificate_no=f"WHT-{day:%Y%m}-77",
    )  # fmt: skip


def _plan_lines(town: Town) -> None:
    changed, away = town.residents[PLAN_CHANGED], town.residents[ON_VACATION]
    town.timeline.at(town.day(1, 14), FIELD, lambda s, now: change_plan(
        s, subscription_id=changed.subscription_id, plan_id=town.plans["F30"], now=now, actor=ACTOR, origin=ACTOR,
        effective="now",
    ))  # fmt: skip
    town.timeline.at(town.day(1, 8), FIELD, lambda s, now: pause_service(
        s, subscription_id=away.subscription_id, starts_on=town.day(1, 8), ends_on=town.day(1, 18), now=now,
        actor=ACTOR, note="Family wedding in Multan", origin=ACTOR,
    ))  # fmt: skip
    for number in METERED:
        for index, month in enumerate(town.months):
            until = town.months[index + 1] if index + 1 < len(town.months) else town.today
            town.timeline.at(until, RUNS - 1, _usage(town, town.residents[number], month, until))


def _usage(town: Town, resident: Resident, since: date, until: date) -> Callable[[Session, datetime], None]:
    days = [since + timedelta(days=number) for number in range((until - since).days)]
    used = [town.chance.randrange(2 * GB, 14 * GB) for _ in days]

    def meter(session: Session, now: datetime) -> None:
        deltas = [
            UsageDelta(resident.subscription_id, day, amount * 9 // 10, amount - amount * 9 // 10, 20 * 3600)
            for day, amount in zip(days, used, strict=True)
        ]
        meter_usage(session, reading="radius", deltas=deltas)

    return meter


def _plan_documents(town: Town) -> None:
    equipped = town.residents[EQUIPPED]

    def sell(session: Session, now: datetime) -> None:
        day = town.day(1, 2)
        charges = [
            add_charge(session, customer_id=equipped.customer_id, what=what, amount=Decimal(price), bill_from=day,
                       created_by=ACTOR, idempotency_key=f"demo:{what}", description=words)
            for what, price, words in (("equipment_sale", "6500.00", "Router, AX1800"),
                                       ("equipment_deposit", "3000.00", "Deposit for ONU (refundable)"))
        ]  # fmt: skip
        invoice_now(session, charge_ids=[charge.id for charge in charges], issued_on=day, actor=ACTOR, origin=ACTOR)

    def void(session: Session, now: datetime) -> None:
        invoice = session.scalars(
            select(Invoice).where(
                Invoice.customer_id == town.residents[REISSUED].customer_id, Invoice.state == "issued"
            )
        ).one()
        void_invoice(session, invoice_id=invoice.id, reason="Issued to the customer's old address", day=town.day(1, 3),
                     actor=ACTOR, origin=ACTOR)  # fmt: skip

    def give_up(session: Session, now: datetime) -> None:
        oldest = select(Invoice).where(Invoice.customer_id == town.residents[WRITTEN_OFF].customer_id)
        invoice = session.scalars(oldest.order_by(Invoice.issued_on).limit(1)).one()
        write_off_invoice(session, invoice_id=invoice.id, reason="Moved abroad, phone is off since July",
                          asked_by=f"staff:{town.people('manager')[0].id}", now=now, origin=ACTOR)  # fmt: skip

    town.timeline.at(town.day(1, 2), FIELD, sell)
    town.timeline.at(town.day(1, 3), FIELD, void)
    town.timeline.at(town.today, CLOSING, give_up)


def _plan_doubts(town: Town) -> None:
    bounced, refunded = town.residents[BOUNCED], town.residents[REFUNDED]

    def bounce(session: Session, now: datetime) -> None:
        cheque = session.scalars(
            select(Payment).where(Payment.customer_id == bounced.customer_id, Payment.method == "cheque")
        ).one()
        bounce_payment(session, payment_id=cheque.id, reason="Insufficient funds", actor=ACTOR, origin=ACTOR, now=now,
                       bank_charge=Decimal("450.00"))  # fmt: skip

    def pay_again(session: Session, now: datetime) -> None:
        _pay(session, town, bounced, Decimal(1), "cash", "", False, town.day(1, 13), now)

    def refund(session: Session, now: datetime) -> None:
        ask_refund(session, customer_id=refunded.customer_id, amount=Decimal("500.00"), account_code="1010",
                   reason="Paid more than asked, wants it back", idempotency_key="demo:refund",
                   asked_by=f"staff:{town.people('manager')[0].id}")  # fmt: skip

    def claim(session: Session, now: datetime) -> None:
        for number, reference in zip(CLAIMANTS, ("TID 7741209931", "FT26118830", "TID 7741209931"), strict=True):
            customer_id = town.residents[number].customer_id
            due = account_balance(session, customer_id=customer_id, today=town.today).due
            claim_payment(session, customer_id=customer_id, amount=due, reference=reference, document_id=None, now=now,
                          method="bank" if reference.startswith("FT") else "jazzcash")  # fmt: skip

    town.timeline.at(town.day(1, 10), FIELD, bounce)
    town.timeline.at(town.day(1, 13), PAYMENTS, pay_again)
    town.timeline.at(town.today, CLOSING, refund)
    town.timeline.at(town.today, CLOSING, claim)


def _plan_prepaid(town: Town) -> None:
    for number, days_ago in ((PREPAID, 40), (PREPAID, 10), (PREPAID_LAPSED, 35)):
        day = town.today - timedelta(days=days_ago)
        town.timeline.at(day, FIELD, _top_up(town, town.residents[number], day))
    lapsed = town.today - timedelta(days=4)
    town.timeline.at(lapsed, FEES, lambda s, now: expire_prepaid(s, now=now, actor=ACTOR, origin=ACTOR))
    made = town.today - timedelta(days=25)
    town.timeline.at(made, FIELD, lambda s, now: _vouchers(s, town, made, now))


def _top_up(town: Town, resident: Resident, day: date) -> Callable[[Session, datetime], None]:
    def renew(session: Session, now: datetime) -> None:
        offer = offer_renewal(session, subscription_id=resident.subscription_id, now=now)
        record_payment(
            session, customer_id=resident.customer_id, amount=offer.missing, method="jazzcash", received_on=day,
            idempotency_key=f"demo:{day}:{resident.number}", taken_by=ACTOR, origin=ACTOR, now=now,
            reference=f"JC{day:%y%m%d}{resident.number:04d}",
        )  # fmt: skip
        renew_prepaid(session, subscription_id=resident.subscription_id, now=now, actor=ACTOR, origin=ACTOR)

    return renew


def _vouchers(session: Session, town: Town, day: date, now: datetime) -> None:
    resident = town.residents[VOUCHER]
    price = offer_renewal(session, subscription_id=resident.subscription_id, now=now).total
    batch, codes = make_vouchers(
        session, name="Corner shops, Gulberg", amount=price, count=50, expires_on=day + timedelta(days=365),
        secret=town.secret, made_by=ACTOR, today=day, plan_id=town.plans["P15"],
    )  # fmt: skip
    sell_vouchers(session, batch_id=batch.id, first=1, last=20, received=rounded(price * 20 * 95 / 100), sold_on=day,
                  actor=ACTOR, origin=ACTOR)  # fmt: skip
    redeem_voucher(session, code=codes[0], customer_id=resident.customer_id, secret=town.secret, now=now, actor=ACTOR,
                   origin=ACTOR)  # fmt: skip
