"""People change their number: Meta says so in a system message, and the accounts stay with the person."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core.crm.models import Contact
from core.db import company_session
from tests.builders import a_phone, customer_who_owes
from tests.cast import TestCompany
from tests.phones import Phone, envelope, new_wamid, post, webhook_client

OLD_ID, NEW_ID = "PK.1000000000001", "PK.2000000000002"


@pytest.fixture
def client(database: str) -> FlaskClient:
    return webhook_client()


def debtor(client: FlaskClient, company: TestCompany, user_id: str | None = OLD_ID) -> Phone:
    """A customer who owes Rs 3,435.63 and has written before."""
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
    person = Phone(client, company, phone, user_id)
    assert sees_the_account(person)
    return person


def sees_the_account(person: Phone) -> bool:
    person.replies()
    return "3,435.63" in person.says("what is my balance").text


def system(person: Phone, told: dict[str, Any], **sender: str) -> None:
    """Meta's notice about a person: it has no contacts block."""
    message = {"id": new_wamid(), "timestamp": "1795500000", "type": "system", "system": told, **sender}
    assert post(person.client, envelope(person.company.phone_number_id, messages=[message])) == 200
    assert person.replies() == []


def digits(phone: str | None) -> str:
    return (phone or "").lstrip("+")


def contacts(company: TestCompany) -> list[tuple[str | None, str | None]]:
    with company_session(company.id) as session:
        rows = session.execute(select(Contact.phone, Contact.user_id).order_by(Contact.id))
        return [(phone, user_id) for phone, user_id in rows if not (user_id or "").startswith("former:")]


def test_a_changed_number_moves_both_identifiers(client: FlaskClient, company: TestCompany) -> None:
    person, new = debtor(client, company), a_phone()
    told = {"type": "user_changed_number", "body": "changed", "wa_id": digits(new), "user_id": NEW_ID,
            "previous_user_id": OLD_ID}  # fmt: skip
    system(person, told, **{"from": digits(person.phone), "from_user_id": OLD_ID})
    assert contacts(company) == [(new, NEW_ID)]
    assert sees_the_account(Phone(client, company, new, NEW_ID))
    assert sees_the_account(Phone(client, company, None, NEW_ID))
    assert sees_the_account(Phone(client, company, new, None))


@pytest.mark.parametrize("known_by", ["phone", "user_id"])
def test_one_identifier_is_enough_to_know_whose_number_changed(
    client: FlaskClient, company: TestCompany, known_by: str
) -> None:
    person, new = debtor(client, company), a_phone()
    told = {"type": "user_changed_number", "wa_id": digits(new), "user_id": NEW_ID}
    if known_by == "phone":
        system(person, told, **{"from": digits(person.phone)})
    else:
        system(person, told | {"previous_user_id": OLD_ID})
    assert sees_the_account(Phone(client, company, new, NEW_ID))


def test_the_new_identifiers_may_stand_where_the_sender_does(client: FlaskClient, company: TestCompany) -> None:
    person, new = debtor(client, company), a_phone()
    told = {"type": "user_changed_number", "wa_id": digits(new), "user_id": NEW_ID, "previous_user_id": OLD_ID}
    system(person, told, **{"from": digits(new), "from_user_id": NEW_ID})
    assert contacts(company) == [(new, NEW_ID)]
    assert sees_the_account(Phone(client, company, new, NEW_ID))


def test_a_new_number_that_is_withheld_leaves_the_user_id(client: FlaskClient, company: TestCompany) -> None:
    person = debtor(client, company)
    told = {"type": "user_changed_number", "user_id": NEW_ID, "previous_user_id": OLD_ID}
    system(person, told, **{"from": digits(person.phone)})
    assert contacts(company) == [(None, NEW_ID)]
    assert sees_the_account(Phone(client, company, None, NEW_ID))


def test_a_changed_user_id_keeps_the_number(client: FlaskClient, company: TestCompany) -> None:
    person = debtor(client, company)
    system(person, {"type": "user_changed_user_id", "user_id": NEW_ID, "previous_user_id": OLD_ID})
    assert contacts(company) == [(person.phone, NEW_ID)]
    assert sees_the_account(Phone(client, company, person.phone, NEW_ID))


@pytest.mark.parametrize("name", ["new_wa_id", "wa_id"])
def test_the_older_spelling_with_a_number_alone_is_read(client: FlaskClient, company: TestCompany, name: str) -> None:
    person, new = debtor(client, company), a_phone()
    told = {"type": "customer_changed_number", "body": "A changed from 1 to 2", name: digits(new),
            "customer": digits(person.phone)}  # fmt: skip
    system(person, told, **{"from": digits(person.phone)})
    assert contacts(company) == [(new, None)]
    assert sees_the_account(Phone(client, company, new, NEW_ID))


def test_the_older_spelling_may_name_the_person_by_customer_only(client: FlaskClient, company: TestCompany) -> None:
    person, new = debtor(client, company, user_id=None), a_phone()
    told = {"type": "customer_changed_number", "new_wa_id": digits(new), "customer": digits(person.phone)}
    system(person, told)
    assert sees_the_account(Phone(client, company, new))


@pytest.mark.parametrize("user_id", [None, "PK.3000000000003"])
def test_whoever_gets_the_old_number_next_does_not_see_the_account(
    client: FlaskClient, company: TestCompany, user_id: str | None
) -> None:
    person = debtor(client, company)
    system(
        person, {"type": "user_changed_number", "wa_id": digits(a_phone()), "user_id": NEW_ID},
        **{"from": digits(person.phone)},
    )  # fmt: skip
    stranger = Phone(client, company, person.phone, user_id, name="Stranger")
    assert not sees_the_account(stranger)
    assert not sees_the_account(stranger)
    assert sees_the_account(Phone(client, company, None, NEW_ID))


def test_a_number_taken_over_from_another_person_leaves_him_his_user_id(
    client: FlaskClient, company: TestCompany
) -> None:
    person = debtor(client, company)
    other = Phone(client, company, a_phone(), "PK.4000000000004", name="Bilal")
    other.replies()
    other.says("menu")
    told = {"type": "user_changed_number", "wa_id": digits(other.phone), "user_id": NEW_ID, "previous_user_id": OLD_ID}
    person.replies()
    system(person, told)
    assert set(contacts(company)) == {(other.phone, NEW_ID), (None, "PK.4000000000004")}
    assert sees_the_account(Phone(client, company, other.phone, NEW_ID))


def test_the_same_notice_twice_changes_nothing_more(client: FlaskClient, company: TestCompany) -> None:
    person, new = debtor(client, company), a_phone()
    told = {"type": "user_changed_number", "wa_id": digits(new), "user_id": NEW_ID, "previous_user_id": OLD_ID}
    message = {"id": new_wamid(), "timestamp": "1795500000", "type": "system", "system": told,
               "from": digits(person.phone)}  # fmt: skip
    for _ in range(2):
        assert post(client, envelope(company.phone_number_id, messages=[message])) == 200
    assert contacts(company) == [(new, NEW_ID)]


@pytest.mark.parametrize(
    "told",
    [{}, {"type": "user_changed_number"}, {"type": "customer_identity_changed", "identity": {"hash": "x"}},
     {"type": "user_changed_user_id"}, {"type": "user_changed_number", "wa_id": {"a": 1}, "user_id": 7}],
)  # fmt: skip
def test_a_notice_that_tells_nothing_new_changes_nothing(
    client: FlaskClient, company: TestCompany, told: dict[str, Any]
) -> None:
    person = debtor(client, company)
    system(person, told, **{"from": digits(person.phone)})
    assert contacts(company) == [(person.phone, OLD_ID)]
