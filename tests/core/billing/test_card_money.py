"""The money of sold cards that nobody will use leaves 2220: as income once expired, or back to who paid it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.advance import customer_advance
from core.billing.card_money import CardNotRefundable, RefundOfCardsInvalid, credit_card, expire_cards, refund_cards
from core.billing.payments import KeyReused
from core.billing.subscription_models import CardSettlement, Voucher, VoucherBatch
from core.billing.vouchers import VoucherCancelled, cancel_vouchers, make_vouchers, redeem_voucher, sell_vouchers
from core.db import company_session
from core.ledger.models import JournalEntry
from core.usecases.deferred_revenue import deferred_revenue
from tests.builders import make_customer
from tests.cast import NOW, TODAY, TestCompany
from tests.core.billing.ledger_checks import assert_books_tie, booked
from tests.core.billing.life import policy
from workers.ledger import earn_up_to

D = Decimal
SECRET = "an installation's secret"
LAST = date(2026, 11, 30)
AFTER = date(2026, 12, 1)


def sold_cards(session: Session, *, received: str = "4500.00", count: int = 5) -> tuple[VoucherBatch, list[str]]:
    """Five cards of 1,000 sold to a shop for 4,500."""
    batch, codes = make_vouchers(
        session, name="Nov", amount=D("1000.00"), count=10, expires_on=LAST, secret=SECRET, made_by="test", today=TODAY
    )
    sell_vouchers(
        session, batch_id=batch.id, first=1, last=count, received=D(received), sold_on=TODAY, actor="test",
        origin="panel:cards",
    )  # fmt: skip
    return batch, codes


def use(session: Session, company: TestCompany, code: str) -> None:
    customer = make_customer(session, company)
    redeem_voucher(session, code=code, customer_id=customer.id, secret=SECRET, now=NOW, actor="contact:1")


def expire(session: Session, today: date = AFTER) -> list[CardSettlement]:
    return expire_cards(session, today=today, actor="system", origin="run:cards")


def test_sold_cards_become_other_income_the_night_after_their_last_day(company: TestCompany) -> None:
    with company_session(company.id) as session:
        batch, codes = sold_cards(session)
        use(session, company, codes[0])
        assert expire(session, LAST) == []

        settled = expire(session)

        assert [(row.batch_id, row.cards, row.amount, row.kind) for row in settled] == [
            (batch.id, 4, D("4000.00"), "expired")
        ]
        assert (booked(session, "2220"), booked(session, "4090")) == (0, D("-4000.00"))
        entry = session.scalars(select(JournalEntry).where(JournalEntry.kind == "cards_expired")).one()
        assert (entry.source_id, entry.posted_on) == (settled[0].id, AFTER)
        assert expire(session) == []
        assert deferred_revenue(session, as_of=LAST).cards == D("4000.00")
        assert_books_tie(session)


def test_a_company_may_keep_owing_its_expired_cards(company: TestCompany) -> None:
    with company_session(company.id) as session:
        policy(session).cards_expire_to_income = False
        sold_cards(session)

        assert (expire(session), booked(session, "2220")) == ([], D("-5000.00"))
        policy(session).cards_expire_to_income = True
        assert len(expire(session)) == 1


def test_the_night_books_expired_cards_once(company: TestCompany) -> None:
    with company_session(company.id) as session:
        sold_cards(session)
    for _ in range(2):
        earn_up_to(company.id, datetime(2026, 12, 2, 6, tzinfo=UTC))
    with company_session(company.id) as session:
        assert session.scalars(select(CardSettlement.settled_on)).all() == [date(2026, 12, 2)]


def test_cancelled_cards_are_paid_back_and_worth_nothing(company: TestCompany) -> None:
    with company_session(company.id) as session:
        batch, codes = sold_cards(session)
        cancel_vouchers(session, batch_id=batch.id, serials=[1])

        refund_cards(
            session, batch_id=batch.id, serials=[1, 2], refunded=D("1800.00"), day=TODAY, actor="test",
            origin="panel:cards",
        )  # fmt: skip

        assert (booked(session, "1010"), booked(session, "4080"), booked(session, "2220")) == (
            D("2700.00"), D("300.00"), D("-3000.00"),
        )  # fmt: skip
        with pytest.raises(VoucherCancelled):
            use(session, company, codes[1])
        with pytest.raises(CardNotRefundable, match=r"\[2\]"):
            refund_cards(session, batch_id=batch.id, serials=[2, 3], refunded=D("1800.00"), day=TODAY, actor="test")
        assert_books_tie(session)
        expire(session)
        assert booked(session, "4090") == D("-3000.00")
        assert_books_tie(session)


def test_a_cancelled_card_may_become_its_holders_balance(company: TestCompany) -> None:
    with company_session(company.id) as session:
        batch, _ = sold_cards(session)
        customer = make_customer(session, company)

        payment = credit_card(session, batch_id=batch.id, serial=3, customer_id=customer.id, now=NOW, actor="test")

        assert (customer_advance(session, customer.id), payment.method) == (D("1000.00"), "voucher")
        assert session.scalars(select(Voucher.state).where(Voucher.serial == 3)).one() == "cancelled"
        with pytest.raises((CardNotRefundable, KeyReused)):
            credit_card(session, batch_id=batch.id, serial=3, customer_id=customer.id, now=NOW, actor="test")
        expire(session)
        assert (booked(session, "2220"), booked(session, "4090")) == (0, D("-4000.00"))
        assert_books_tie(session)


@pytest.mark.parametrize(
    ("serial", "refunded", "account"), [(6, "900", "1010"), (1, "1000.01", "1010"), (1, "9", "4000")]
)
def test_what_nobody_paid_for_is_not_given_back(company: TestCompany, serial: int, refunded: str, account: str) -> None:
    with company_session(company.id) as session:
        batch, _ = sold_cards(session)
        with pytest.raises((CardNotRefundable, RefundOfCardsInvalid)):
            refund_cards(
                session, batch_id=batch.id, serials=[serial], refunded=D(refunded), day=TODAY, actor="test",
                account_code=account,
            )  # fmt: skip
        assert booked(session, "2220") == D("-5000.00")


def test_a_used_card_that_was_taken_back_is_deferred_again(company: TestCompany) -> None:
    from core.billing.payment_models import Payment
    from core.billing.taking_back import bounce_payment

    with company_session(company.id) as session:
        _, codes = sold_cards(session)
        use(session, company, codes[0])
        payment = session.scalars(select(Payment)).one()
        bounce_payment(
            session, payment_id=payment.id, reason="Wrong customer", actor="test", now=NOW + timedelta(days=1)
        )

        assert deferred_revenue(session, as_of=LAST).balance == D("5000.00")
        assert_books_tie(session)
