"""Who is on the simulator's phones: customers of every kind, all staff, two strangers."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select

from core.billing.balance import AccountBalance, account_balance
from core.companies import current_company
from core.crm.models import Contact, ContactAccount, Customer
from core.db import company_session
from core.ids import Id, new_id
from core.printing.figures import amount_text
from core.staff.models import Staff

CUSTOMERS_SHOWN = 14
WITHHELD_USER_ID = "PK.7731905528840127"
GROUPS = {"owner": "Managers", "manager": "Managers", "recovery_agent": "Recovery agents", "technician": "Technicians"}


def write_people(path: Path, company_id: Id, today: date) -> None:
    """Write the list the simulator reads; links the one person who withholds his number."""
    with company_session(company_id, "demo") as session:
        customers = list(session.scalars(select(Customer).order_by(Customer.number).limit(CUSTOMERS_SHOWN + 1)))
        currency = current_company(session).currency
        people = []
        phones: set[str] = set()
        for number, customer in enumerate(customers):
            phone = customer.phones[0].phone
            owed = account_balance(session, customer_id=customer.id, today=today)
            if phone in phones:
                continue
            phones.add(phone)
            person = _person(phone, customer.name, "Customers", _label(customer.number, owed, currency))
            if number == CUSTOMERS_SHOWN:
                contact = Contact(id=new_id(), user_id=WITHHELD_USER_ID, name=customer.name, username="fiber.fan")
                session.add(contact)
                session.flush()
                session.add(ContactAccount(id=new_id(), contact_id=contact.id, customer_id=customer.id,
                                           linked_by="staff"))  # fmt: skip
                person |= {"user_id": WITHHELD_USER_ID, "withhold_phone": True, "label": "number withheld"}
            people.append(person)
        for staff in session.scalars(select(Staff).where(Staff.state == "active").order_by(Staff.phone)):
            people.append(_person(staff.phone, staff.name, GROUPS[staff.role], staff.role.replace("_", " ")))
    people += [
        _person("+923211112233", "Kamran Yousaf", "Prospects", "not a customer yet"),
        _person("+923334445566", "Sidra Tariq", "Prospects", "not a customer yet"),
    ]
    path.write_text(json.dumps(people, ensure_ascii=False, indent=1))


def _person(phone: str, name: str, group: str, label: str) -> dict[str, Any]:
    user_id = f"PK.{int(phone[1:]) * 7919 % 10**16:016d}"
    return {"phone": phone, "name": name, "group": group, "label": label, "user_id": user_id}


def _label(number: str, owed: AccountBalance, currency: str) -> str:
    if not owed.due and owed.advance:
        return f"{number} · {amount_text(owed.advance, 'en', currency)} in advance"
    due = f"owes {amount_text(owed.due, 'en', currency)}" if owed.due else "owes nothing"
    return f"{number} · {due}{' · overdue' if owed.overdue else ''}"
