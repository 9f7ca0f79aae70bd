"""A person walks from a posting to the message, run or action that caused it and to its document, and back."""

from __future__ import annotations

import re
from decimal import Decimal

from flask.testing import FlaskClient
from sqlalchemy import select

from cli.web import create_app
from core.billing.invoice_models import Invoice
from core.db import company_session
from core.ids import new_id
from core.ledger.journal import Line
from core.ledger.kinds import KINDS
from core.ledger.manual_entries import write_manual_entry
from core.ledger.models import JournalEntry
from core.ledger.sources import source_of_entry
from core.usecases.trace_entry import DOCUMENTS, cause_of, document_of
from tests.builders import a_phone, customer_who_owes
from tests.cast import NOW, TestCompany
from tests.panel.visitors import SETTINGS, visitor
from tests.stories.money import agent_with_cases, person


def test_cash_taken_by_chat_leads_from_its_entry_to_the_chat_and_back(
    client: FlaskClient, company: TestCompany
) -> None:
    rabia = person(client, company, agent_with_cases)
    rabia.says("C-2001 se 2500 liye")
    rabia.taps("Haan")
    with company_session(company.id) as session:
        entry = session.scalars(select(JournalEntry).where(JournalEntry.kind == "payment")).one()
    owner = visitor(create_app(SETTINGS), company, "owner")
    page = owner.get(f"/entries/{entry.id}").text
    assert "A chat message of" in page and "Written by" in page and "Rabia" in page and "staff:" not in page
    payment, chat = (re.search(pattern, page) for pattern in (r'href="(/payments/[^"]+)"', r'href="(/inbox/[^"]+)"'))
    assert payment and chat and owner.get(payment[1]).status_code == 200
    back = re.search(r'href="(/causes/message:[^"]+)"', owner.get(chat[1]).text)
    assert back and f"/entries/{entry.id}" in owner.get(back[1]).text


def test_an_invoice_is_named_as_the_document_of_its_entry(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, a_phone())
        entry = session.scalars(select(JournalEntry).where(JournalEntry.kind == "invoice")).one()
        document = document_of(session, source_of_entry(session, entry_id=entry.id))
        number = session.scalars(select(Invoice.number)).one()
    assert document is not None and (document.place, document.key) == ("invoice", number)


def test_every_kind_of_document_that_entries_book_is_found() -> None:
    documents = {kind.document for kind in KINDS.values()} - {"", "journal_entry"}  # a reversal books what it reverses
    assert documents == set(DOCUMENTS)


def test_an_entry_by_hand_is_named_with_its_reason(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        write_manual_entry(
            session, posted_on=NOW.date(), reason="Office chairs", by="staff:x", now=NOW, origin="panel:x",
            lines=[Line("6100", Decimal("50.00")), Line("1010", Decimal("-50.00"))],
        )  # fmt: skip
        entry = session.scalars(select(JournalEntry).where(JournalEntry.kind == "manual")).one()
        document = document_of(session, source_of_entry(session, entry_id=entry.id))
    assert document is not None and document.said == "Office chairs"


def test_what_is_gone_or_unknown_is_named_and_leads_nowhere(company: TestCompany) -> None:
    with company_session(company.id) as session:
        for origin in (f"message:{new_id()}", f"run:{new_id()}", "run:revenue:2026-11", "panel:close_year", "strange",
                       "", f"proposal:{new_id()}", "bank:not-an-id", f"gateway:{new_id()}"):  # fmt: skip
            cause = cause_of(session, origin)
            assert cause.words and not cause.place and not cause.key


def test_nobody_without_the_books_follows_a_cause(company: TestCompany) -> None:
    manager = visitor(create_app(SETTINGS), company, "manager")
    assert manager.get(f"/causes/message:{new_id()}").status_code == 403
    assert visitor(create_app(SETTINGS), company, "owner").get("/causes/run:nothing").status_code == 404
