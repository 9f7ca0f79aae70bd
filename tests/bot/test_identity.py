"""Numbers that change hands and people who hide theirs: nobody sees an account that is not his."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core.crm.models import Contact, ContactAccount, Customer
from core.db import company_session
from core.ids import new_id
from tests.builders import a_phone, customer_who_owes, make_customer, make_staff
from tests.cast import TestCompany
from tests.phones import Phone, choices, webhook_client

OLD_ID, NEW_ID = "PK.1000000000001", "PK.2000000000002"


@pytest.fixture
def client(database: str) -> FlaskClient:
    return webhook_client()


def debtor(client: FlaskClient, company: TestCompany, user_id: str | None = OLD_ID) -> Phone:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
    return Phone(client, company, phone, user_id)


def sees_the_account(person: Phone) -> bool:
    person.replies()
    return "3,435.63" in person.says("what is my balance").text


def test_another_user_id_under_the_same_number_is_another_person(client: FlaskClient, company: TestCompany) -> None:
    person = debtor(client, company)
    assert sees_the_account(person)
    newcomer = Phone(client, company, person.phone, NEW_ID)
    assert not sees_the_account(newcomer)
    assert not sees_the_account(Phone(client, company, person.phone))
    assert sees_the_account(Phone(client, company, None, OLD_ID))


def test_a_hidden_number_shows_nothing_until_it_is_linked(client: FlaskClient, company: TestCompany) -> None:
    person = debtor(client, company)
    hidden = Phone(client, company, None, NEW_ID)
    assert not sees_the_account(hidden)
    with company_session(company.id, "test") as session:
        contact = session.scalars(select(Contact).where(Contact.user_id == NEW_ID)).one()
        customer = session.scalars(select(Customer)).one()
        session.add(ContactAccount(id=new_id(), contact_id=contact.id, customer_id=customer.id, linked_by="staff"))
    assert sees_the_account(hidden)
    assert sees_the_account(person)


def test_a_known_person_on_another_number_keeps_his_accounts_and_gets_none_of_its(
    client: FlaskClient, company: TestCompany
) -> None:
    person = debtor(client, company)
    assert sees_the_account(person)
    taken = a_phone()
    with company_session(company.id, "test") as session:
        make_customer(session, company, name="Bilal Khan", phone=taken)
        session.add(Contact(id=new_id(), phone=taken))  # met by the office, never wrote
    moved = Phone(client, company, taken, OLD_ID)
    assert sees_the_account(moved)
    assert choices(moved.says("menu"))
    with company_session(company.id) as session:
        mine = session.scalars(select(Contact).where(Contact.user_id == OLD_ID)).one()
        accounts = session.scalars(select(ContactAccount).where(ContactAccount.contact_id == mine.id)).all()
    assert (mine.phone, mine.phone_trusted, len(accounts)) == (taken, False, 1)


def test_his_replies_go_to_the_number_he_writes_from(client: FlaskClient, company: TestCompany) -> None:
    person = debtor(client, company)
    assert sees_the_account(person)
    new = a_phone()
    moved = Phone(client, company, new, OLD_ID)
    assert sees_the_account(moved)
    with company_session(company.id) as session:
        phones = session.scalars(select(Contact.phone).where(Contact.user_id == OLD_ID)).all()
    assert phones == [new]
    assert not sees_the_account(Phone(client, company, person.phone, NEW_ID))


def test_what_a_hidden_person_said_is_kept_when_his_number_shows(client: FlaskClient, company: TestCompany) -> None:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
        session.add(Contact(id=new_id(), phone=phone))
    hidden = Phone(client, company, None, NEW_ID)
    hidden.says("stop")
    hidden.says("اردو میں بات کریں")
    shown = Phone(client, company, phone, NEW_ID)
    assert sees_the_account(shown) or "3,435.63" in shown.last.text
    with company_session(company.id) as session:
        contact = session.scalars(select(Contact)).one()
    assert contact.opted_out_at is not None and contact.user_id == NEW_ID


def test_an_employees_number_that_changed_hands_opens_no_work(client: FlaskClient, company: TestCompany) -> None:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        make_staff(session, company, role="manager", name="Shazia", phone=phone)
    assert "approvals" in choices(Phone(client, company, phone, OLD_ID).says("menu")).values()
    newcomer = Phone(client, company, phone, NEW_ID)
    newcomer.replies()
    assert "approvals" not in choices(newcomer.says("menu")).values()


def test_a_customer_who_left_is_a_stranger(client: FlaskClient, company: TestCompany) -> None:
    person = debtor(client, company)
    assert sees_the_account(person)
    with company_session(company.id, "test") as session:
        session.scalars(select(Customer)).one().state = "left"
    assert not sees_the_account(person)
