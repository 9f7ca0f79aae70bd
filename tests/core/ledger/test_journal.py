"""What the journal takes and what it refuses, by the program and by the database; where an entry came from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.db import company_session
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger import accounts
from core.ledger.guards import ControlAccount, DayInvalid, OriginRefused, PartyMissing, UnknownKind
from core.ledger.journal import AlreadyReversed, Line, NotReversible, post_entry, reverse_entry
from core.ledger.kinds import KINDS
from core.ledger.manual_entries import (
    AlreadyDecided,
    SecondPersonNeeded,
    approve_manual_entry,
    refuse_manual_entry,
    waiting_manual_entries,
    write_manual_entry,
)
from core.ledger.models import JournalEntry
from core.ledger.openings import OpenedAlready, OpenedByDocument, Opening, open_balances, withdraw_opening
from core.ledger.periods import ReasonMissing
from core.ledger.sources import entries_of_document, entries_of_origin, entry_with_postings, source_of_entry
from core.ledger.statements import trial_balance
from tests.builders import make_customer, make_invoice, make_plan, make_subscription
from tests.cast import NOW, TODAY, TestCompany

RENT = (Line("6110", Decimal("900.00")), Line("1010", Decimal("-900.00")))


def post(session: Session, *lines: Line, kind: str = "expense", day: date = TODAY, origin: str = "panel:expense") -> Id:
    return post_entry(
        session, kind=kind, source_id=new_id(), posted_on=day, actor="staff:hamid", origin=origin, lines=lines or RENT
    ).id


def balances(session: Session) -> dict[str, Decimal]:
    return {row.code: row.debit - row.credit for row in trial_balance(session, as_of=date(2099, 1, 1))}


def raw_entry(session: Session, kind: str, *, origin: str = "") -> Id:
    entry = new_id()
    session.execute(
        text("INSERT INTO journal_entry (id, kind, source_id, posted_on, memo, actor, origin)"
             " VALUES (:id, :kind, :id, '2026-11-24', '', 'test', :origin)"),
        {"id": entry, "kind": kind, "origin": origin},
    )  # fmt: skip
    return entry


def raw_postings(session: Session, entry: Id, codes: Sequence[str], *, day: str = "2026-11-24") -> None:
    session.execute(
        text("INSERT INTO posting (entry_id, account_id, posted_on, amount) SELECT :entry, id, :day,"
             " CASE WHEN code = :first THEN 5 ELSE -5 END FROM account WHERE code = ANY (:codes)"),
        {"entry": entry, "day": day, "first": codes[0], "codes": list(codes)},
    )  # fmt: skip


def test_the_database_knows_the_kinds_of_the_code(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        rows = session.execute(text("SELECT kind, origins, adjusting FROM taar_entry_kinds()")).all()
    assert {row.kind: (tuple(row.origins), row.adjusting) for row in rows} == {
        name: (kind.origins, kind.adjusting) for name, kind in KINDS.items()
    }


@pytest.mark.parametrize(
    ("refusal", "facts"),
    [
        (UnknownKind, {"kind": "gift"}),
        (OriginRefused, {"kind": "manual", "origin": "run:7"}),
        (DayInvalid, {"day": date(1999, 12, 31)}),
        (PartyMissing, {"lines": (Line("1100", Decimal(5)), Line("4000", Decimal(-5)))}),
        (ControlAccount, {"kind": "manual", "lines": (Line("2400", Decimal(5), new_id()), Line("1010", Decimal(-5)))}),
        (accounts.UnknownAccount, {"lines": (Line("9999", Decimal(5)), Line("4000", Decimal(-5)))}),
    ],
)
def test_a_wrong_entry_is_refused_with_words(
    company: TestCompany, refusal: type[DomainError], facts: dict[str, object]
) -> None:
    lines = facts.pop("lines", RENT)
    with company_session(company.id, "test") as session, pytest.raises(refusal):
        post(session, *lines, **facts)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("kind", "origin", "codes", "day", "words"),
    [
        ("gift", "", ("1010", "4090"), "2026-11-24", "no kind is called"),
        ("manual", "run:1", ("1010", "4090"), "2026-11-24", "may not cause"),
        ("manual", "panel:x", ("1100", "4090"), "2026-11-24", "never to a manual entry"),
        ("invoice", "", ("1100", "4000"), "2026-11-24", "needs its customer"),
        ("expense", "", ("6110", "1010"), "2026-11-23", "not the day of the entry"),
        ("year_close", "panel:x", ("4000", "1010"), "2026-11-24", "does not touch account 1010"),
        ("opening_balance", "panel:x", ("4000", "3990"), "2026-11-24", "does not touch account 4000"),
    ],
)
def test_the_database_refuses_what_goes_around_the_program(
    company: TestCompany, kind: str, origin: str, codes: tuple[str, str], day: str, words: str
) -> None:
    with pytest.raises(DBAPIError, match=words), company_session(company.id, "test") as session:
        raw_postings(session, raw_entry(session, kind, origin=origin), codes, day=day)


def test_no_line_joins_an_entry_of_an_earlier_transaction(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        entry = post(session)
    with pytest.raises(DBAPIError, match="only in the transaction"), company_session(company.id, "test") as session:
        raw_postings(session, entry, ("1010", "4090"))


def test_an_account_of_another_company_takes_no_posting(company: TestCompany, other_company: TestCompany) -> None:
    with company_session(other_company.id, "test") as session:
        foreign = accounts.account_of(session, "1010").id
    insert = text("INSERT INTO posting (entry_id, account_id, posted_on, amount) VALUES (:e, :a, '2026-11-24', 5)")
    with pytest.raises(DBAPIError, match="not of this company"), company_session(company.id, "test") as session:
        session.execute(insert, {"e": raw_entry(session, "expense"), "a": foreign})


def test_an_entry_is_reversed_once_and_a_reversal_never(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        entry = post(session)
        reversal = reverse_entry(session, entry_id=entry, posted_on=TODAY, actor="test", origin="panel:undo")
        assert balances(session) == {"1010": Decimal("0.00"), "6110": Decimal("0.00")}
        with pytest.raises(AlreadyReversed):
            reverse_entry(session, entry_id=entry, posted_on=TODAY, actor="test")
        with pytest.raises(NotReversible):
            reverse_entry(session, entry_id=reversal.id, posted_on=TODAY, actor="test")


def test_one_walks_from_a_message_to_its_entries_and_from_an_entry_to_its_message(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        entry = post(session, origin="message:wamid-7")
        reversal = reverse_entry(session, entry_id=entry, posted_on=TODAY, actor="test", origin="panel:undo")
        caused = [found.id for found in entries_of_origin(session, origin="message:wamid-7")]
        source, undone = (source_of_entry(session, entry_id=id) for id in (entry, reversal.id))
        loaded = entry_with_postings(session, entry_id=entry)
    assert caused == [entry]
    assert (source.origin_kind, source.origin_key, source.reversed_by_id) == ("message", "wamid-7", reversal.id)
    assert (undone.reversed_entry_id, undone.source_id) == (entry, loaded.source_id)
    assert sorted(posting.amount for posting in loaded.postings) == [Decimal("-900.00"), Decimal("900.00")]


def test_one_walks_from_an_invoice_to_its_entries_and_back(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscription = make_subscription(session, make_customer(session, company), make_plan(session))
        invoice = make_invoice(session, subscription.id)
        (entry,) = entries_of_document(session, source_id=invoice.id)
        source = source_of_entry(session, entry_id=entry.id)
    assert (source.document, source.source_id, source.label) == ("invoice", invoice.id, "Invoice")


def test_a_manual_entry_needs_a_reason_a_day_and_above_the_limit_a_second_person(company: TestCompany) -> None:
    def written(session: Session, amount: str, reason: str = "Fan for the office", day: date = TODAY):
        lines = [Line("6100", Decimal(amount)), Line("1010", -Decimal(amount))]
        return write_manual_entry(
            session, posted_on=day, lines=lines, reason=reason, by="staff:a", origin="panel:manual", now=NOW
        )

    with company_session(company.id, "test") as session:
        with pytest.raises(ReasonMissing):
            written(session, "10.00", reason=" ")
        with pytest.raises(DayInvalid):
            written(session, "10.00", day=date(2026, 11, 25))
        small, large, refused = (written(session, amount) for amount in ("50000.00", "50000.01", "60000.00"))
        assert [entry.state for entry in (small, large, refused)] == ["posted", "waiting", "waiting"]
        assert [entry.number for entry in (small, large)] == ["JE-2026-27-000001", "JE-2026-27-000002"]
        with pytest.raises(SecondPersonNeeded):
            approve_manual_entry(session, entry_id=large.id, by="staff:a", origin="panel:approve", now=NOW)
        approve_manual_entry(session, entry_id=large.id, by="staff:b", origin="panel:approve", now=NOW)
        refuse_manual_entry(session, entry_id=refused.id, by="staff:b", note="No receipt", now=NOW)
        with pytest.raises(AlreadyDecided):
            approve_manual_entry(session, entry_id=refused.id, by="staff:b", origin="panel:approve", now=NOW)
        assert waiting_manual_entries(session) == []
        assert balances(session) == {"1010": Decimal("-100000.01"), "6100": Decimal("100000.01")}
        assert source_of_entry(session, entry_id=entries_of_document(session, source_id=large.id)[0].id).document == (
            "manual_entry"
        )


def test_balances_are_opened_once_for_each_account_and_party(company: TestCompany) -> None:
    vendor, other = new_id(), new_id()

    def opened(session: Session, *openings: Opening) -> JournalEntry:
        return open_balances(session, posted_on=date(2026, 7, 1), balances=openings, by="staff:a", origin="panel:open")

    with company_session(company.id, "test") as session:
        first = opened(session, Opening("1010", Decimal("5000.00")), Opening("2300", Decimal("-800.00"), vendor))
        opened(session, Opening("2300", Decimal("-100.00"), other))
        for wrong, refusal in (
            (Opening("1010", Decimal("1.00")), OpenedAlready),
            (Opening("2300", Decimal("-1.00"), vendor), OpenedAlready),
            (Opening("3990", Decimal("1.00")), OpenedAlready),
            (Opening("1100", Decimal("1.00"), vendor), OpenedByDocument),
            (Opening("2300", Decimal("-1.00")), PartyMissing),
        ):
            with pytest.raises(refusal):
                opened(session, wrong)
        withdraw_opening(session, entry_id=first.id, posted_on=date(2026, 7, 2), by="staff:a", origin="panel:open")
        opened(session, Opening("1010", Decimal("4000.00")))
        assert {code: amount for code, amount in balances(session).items() if amount} == {
            "1010": Decimal("4000.00"), "2300": Decimal("-100.00"), "3990": Decimal("-3900.00"),
        }  # fmt: skip


def test_the_company_adds_renames_and_takes_away_accounts_that_nothing_uses(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        accounts.add_account(session, code="1021", name="Meezan  Bank", type="asset")
        accounts.add_account(session, code="6160", name="Tea", type="expense")
        for code, name, kind, control, refusal in (
            ("1021", "Again", "asset", "", accounts.AccountCodeTaken),
            ("4100", "Income", "expense", "", accounts.AccountInvalid),
            ("99", "Short", "asset", "", accounts.AccountInvalid),
            ("6170", " ", "expense", "", accounts.AccountInvalid),
            ("6170", "Fees", "expense", "customer", accounts.AccountInvalid),
        ):
            with pytest.raises(refusal):
                accounts.add_account(session, code=code, name=name, type=kind, control=control)
        post(session, Line("6160", Decimal("3.00")), Line("1021", Decimal("-3.00")))
        accounts.rename_account(session, code="6160", name="Tea and biscuits")
        assert [row.name for row in trial_balance(session, as_of=TODAY)] == ["Meezan Bank", "Tea and biscuits"]
        for code in ("6160", "1030"):
            with pytest.raises(accounts.AccountInUse):
                accounts.delete_account(session, code=code)
        accounts.add_account(session, code="6180", name="Unused", type="expense")
        accounts.delete_account(session, code="6180")
        with pytest.raises(accounts.UnknownAccount):
            accounts.account_of(session, "6180")


def test_what_does_not_exist_is_said_to(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        for ask in (
            lambda: source_of_entry(session, entry_id=new_id()),
            lambda: entry_with_postings(session, entry_id=new_id()),
            lambda: reverse_entry(session, entry_id=new_id(), posted_on=TODAY, actor="test"),
        ):
            with pytest.raises(NotFound):
                ask()
        assert session.scalars(select(JournalEntry)).all() == []
