"""At a repair a technician says which piece the new one replaces: its terms go on, and the old one is in his bag."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import utc_now
from core.db import company_session
from core.ids import Id
from core.inventory.item_moves import move_item
from core.inventory.items import item_by_serial
from core.inventory.models import Item
from core.service_desk.job_models import Job
from core.usecases.check_books import check_books
from tests.cast import TestCompany
from tests.phones import choices
from tests.stories.field import GATE, field_day
from tests.stories.money import in_days
from tests.stories.speaking import Speaker

OLD, NEW = "HWTC87654321", "HWTC12345678"
USED = {"en": f"installed onu serial {NEW}", "ur_Latn": f"onu laga diya serial {NEW}", "ur": f"او این یو لگا دیا {NEW}"}


def at_a_repair(client: FlaskClient, company: TestCompany, language: str, ownership: str) -> Speaker:
    """Tariq stands before the customer's ONU, rented by her or sold to her."""
    day = field_day(client, company, language=language)
    _, number = day.customer_with_a_complaint(language)
    with company_session(company.id, "test") as session:
        job = session.scalars(select(Job)).one()
        assert job.customer_id is not None
        old = item_by_serial(session, OLD)
        move_item(session, item=old, to_kind="customer", to_id=job.customer_id, ownership=ownership, reason="test",
                  actor="test", now=utc_now(), site_id=job.site_id, origin="panel:stock")  # fmt: skip
        old.deposit = Decimal(1500)
    tariq = Speaker(client, company, day.tariq.phone, name="Tariq")
    tariq.language = language
    tariq.tells(number)
    tariq.taps_action("job_start")
    tariq.taps_action("flow:job_arrived")
    tariq.shares(GATE)
    return tariq


def holders(company: TestCompany) -> dict[str, tuple[str, str, str, Decimal, date | None]]:
    with company_session(company.id) as session:
        return {
            item.serial: (item.holder_kind, item.ownership, item.condition, item.deposit, item.warranty_until)
            for item in session.scalars(select(Item))
        }


def technician_of(session: Session) -> Id:
    found = session.scalars(select(Job.assigned_to)).one()
    assert found is not None
    return found


def ending(person: Speaker, value: str) -> str:
    return next(action for action in choices(person.last).values() if action.endswith(f":{value}"))


@pytest.mark.parametrize("language", ["en", "ur_Latn", "ur"])
def test_a_rented_piece_is_replaced_and_its_deposit_goes_on(
    client: FlaskClient, company: TestCompany, language: str
) -> None:
    tariq = at_a_repair(client, company, language, "rented")
    tariq.tells(USED[language])
    tariq.taps_action(ending(tariq, OLD))
    said = tariq.taps_action(ending(tariq, "faulty"))
    assert OLD in said and NEW in said
    now = holders(company)
    assert now[OLD][:4] == ("technician", "company", "faulty", Decimal(0))
    assert now[NEW][:4] == ("customer", "rented", "good", Decimal(1500))
    with company_session(company.id) as session:
        assert check_books(session, as_of=in_days(1)) == []


def test_a_sold_piece_is_replaced_within_its_warranty_which_goes_on(client: FlaskClient, company: TestCompany) -> None:
    tariq = at_a_repair(client, company, "en", "sold")
    until = holders(company)[OLD][4]
    tariq.tells(USED["en"])
    tariq.taps_action(ending(tariq, OLD))
    tariq.taps_action(ending(tariq, "faulty"))
    now = holders(company)
    assert until is not None and (now[NEW][1], now[NEW][4]) == ("sold", until)
    assert now[OLD][:3] == ("technician", "company", "faulty")


def test_after_the_warranty_nothing_is_moved_and_he_hears_why(client: FlaskClient, company: TestCompany) -> None:
    tariq = at_a_repair(client, company, "ur_Latn", "sold")
    with company_session(company.id, "test") as session:
        item_by_serial(session, OLD).warranty_until = in_days(-1)
    tariq.tells(USED["ur_Latn"])
    tariq.taps_action(ending(tariq, OLD))
    assert "warranty khatam" in tariq.taps_action(ending(tariq, "faulty"))
    now = holders(company)
    assert (now[OLD][0], now[NEW][0]) == ("customer", "technician")


def test_a_piece_may_be_one_more(client: FlaskClient, company: TestCompany) -> None:
    tariq = at_a_repair(client, company, "en", "rented")
    tariq.tells(USED["en"])
    assert f"{NEW} is at the customer's now" in tariq.taps_action(ending(tariq, "none"))
    assert {holder[0] for holder in holders(company).values()} == {"customer"}


def test_a_piece_that_has_gone_meanwhile_is_not_replaced(client: FlaskClient, company: TestCompany) -> None:
    tariq = at_a_repair(client, company, "en", "rented")
    tariq.tells(USED["en"])
    with company_session(company.id, "test") as session:
        move_item(session, item=item_by_serial(session, OLD), to_kind="technician", to_id=technician_of(session),
                  reason="test", actor="test", now=utc_now())  # fmt: skip
    tariq.touches(ending(tariq, OLD))
    tariq.heard()
    now = holders(company)
    assert (now[OLD][:3], now[NEW][0]) == (("technician", "company", "good"), "customer")


def test_after_a_piece_of_a_photo_the_old_one_is_offered_to_be_taken_back(
    client: FlaskClient, company: TestCompany
) -> None:
    tariq = at_a_repair(client, company, "en", "rented")
    with company_session(company.id) as session:
        number = session.scalars(select(Job.number)).one()
    tariq.touches(f"piece:{number}:{NEW}")
    tariq.reply()
    tariq.taps_action("flow:part_back")
    tariq.taps_action(ending(tariq, OLD))
    tariq.taps_action(ending(tariq, "good"))
    now = holders(company)
    assert (now[OLD][:3], now[NEW][0]) == (("technician", "company", "good"), "customer")
