"""Reads a story of `told/` and plays it through the front door; README.txt there says how one is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.understanding import detect_language
from core.billing.balance import account_balance
from core.billing.payment_models import PaymentClaim
from core.crm.models import Contact, Customer, CustomerPhone
from core.db import company_session
from core.ids import Id
from core.messaging.models import OutboundMessage
from core.recovery.case_models import Promise
from core.service_desk.models import Ticket
from tests.builders import a_phone, make_customer, make_plan, make_staff, make_subscription
from tests.cast import TestCompany
from tests.phones import Phone, choices
from tests.stories.money import agent_with_cases, debtor, in_days, manager_with_work, prepaid_customer


class Untrue(AssertionError):
    """A line of the story is not so; the text names the file and the line."""


def _paid_up(session: Session, company: TestCompany, phone: str) -> None:
    customer = make_customer(session, company, phone=phone)
    make_subscription(session, customer, make_plan(session))


def _technician(session: Session, company: TestCompany, phone: str) -> None:
    make_staff(session, company, role="technician", phone=phone)


def _owner(session: Session, company: TestCompany, phone: str) -> None:
    make_staff(session, company, role="owner", phone=phone)


WHO: dict[str, Callable[[Session, TestCompany, str], object]] = {
    "a customer who owes 3435.63": debtor,
    "a customer who owes nothing": _paid_up,
    "a prepaid customer": prepaid_customer,
    "a stranger": lambda *_: None,
    "a technician": _technician,
    "a recovery agent with cases": agent_with_cases,
    "a manager with work": manager_with_work,
    "an owner": _owner,
}
KINDS: dict[str, tuple[str, dict[str, object]]] = {
    "a photo": ("image", {"id": "told-photo", "mime_type": "image/jpeg", "sha256": "x"}),
    "a voice note": ("audio", {"id": "told-voice", "mime_type": "audio/ogg", "voice": True}),
    "a sticker": ("sticker", {"id": "told-sticker", "mime_type": "image/webp"}),
    "a location": ("location", {"latitude": 31.5204, "longitude": 74.3587}),
}


@dataclass
class Teller:
    """One story as it is played."""

    path: Path
    client: FlaskClient
    company: TestCompany
    people: dict[str, Phone] = field(default_factory=dict)
    answer: OutboundMessage | None = None
    before: list[OutboundMessage] = field(default_factory=list)
    """Messages of the same answer that came before its last one."""
    line: int = 0

    def play(self) -> None:
        """Every line in its order; raises Untrue."""
        for number, raw in enumerate(self.path.read_text(encoding="utf-8").splitlines(), 1):
            self.line = number
            said = raw.strip()
            if said and not said.startswith(("#", "story ")) and said != "people":
                self._line(said)

    def _line(self, said: str) -> None:
        for pattern, act in _LINES:
            if found := pattern.fullmatch(said):
                act(self, *found.groups())
                return
        self.fail(f"this line is of no known kind: {said}")

    def fail(self, why: str) -> None:
        last = f"; the last answer was:\n{self.answer.text}" if self.answer else ""
        raise Untrue(f"{self.path.name}, line {self.line}: {why}{last}")

    def expect(self, true: bool, why: str) -> None:
        if not true:
            self.fail(why)

    def person(self, name: str) -> Phone:
        if name not in self.people:
            self.fail(f"nobody called {name} is introduced")
        return self.people[name]

    def last(self) -> OutboundMessage:
        if self.answer is None:
            self.fail("nobody has said anything yet")
        assert self.answer is not None
        return self.answer


def _introduce(teller: Teller, name: str, who: str) -> None:
    if who not in WHO:
        teller.fail(f"nobody can be {who!r}; known are: {', '.join(WHO)}")
    phone = a_phone()
    with company_session(teller.company.id, "test") as session:
        WHO[who](session, teller.company, phone)
    teller.people[name] = Phone(teller.client, teller.company, phone, name=name)


def _hear(teller: Teller, name: str, kind: str, content: dict[str, object]) -> None:
    person = teller.person(name)
    person.replies()
    teller.expect(person.sends(kind, content) == 200, "the webhook refused it")
    new = person.replies()
    teller.expect(len(new) >= 1, "nothing was answered")
    *teller.before, teller.answer = new
    person.last = new[-1]


def _writes(teller: Teller, name: str, words: str) -> None:
    _hear(teller, name, "text", {"body": words})


def _taps(teller: Teller, name: str, title: str) -> None:
    offered = choices(teller.last())
    teller.expect(title in offered, f"there is no {title!r} to tap, only {', '.join(offered) or 'nothing'}")
    _hear(teller, name, "interactive", {
        "type": "button_reply", "button_reply": {"id": offered.get(title), "title": title},
    })  # fmt: skip


def _sends(teller: Teller, name: str, what: str) -> None:
    if what not in KINDS:
        teller.fail(f"nobody can send {what!r}; known are: {', '.join(KINDS)}")
    _hear(teller, name, *KINDS[what])


def _says(teller: Teller, words: str) -> None:
    teller.expect(words in teller.last().text, f"{words!r} is not said")


def _says_before(teller: Teller, words: str) -> None:
    said = "\n".join(message.text for message in teller.before)
    teller.expect(words in said, f"{words!r} is not said before, only {said!r}")


def _sends_before(teller: Teller, start: str) -> None:
    names = [(message.attachment or {}).get("filename", "") for message in teller.before]
    teller.expect(any(name.startswith(start) for name in names), f"the documents before are {names}")


def _messages(teller: Teller, count: str) -> None:
    teller.expect(len(teller.before) + 1 == int(count), f"{len(teller.before) + 1} messages came")


def _says_not(teller: Teller, words: str) -> None:
    teller.expect(words not in teller.last().text, f"{words!r} is said")


def _offers(teller: Teller, title: str) -> None:
    offered = choices(teller.last())
    teller.expect(title in offered, f"{title!r} is not offered, only {', '.join(offered) or 'nothing'}")


def _document(teller: Teller, start: str) -> None:
    name = (teller.last().attachment or {}).get("filename", "")
    teller.expect(name.startswith(start), f"the document is {name!r}")


def _speaks(teller: Teller, language: str) -> None:
    heard = detect_language(teller.last().text)
    teller.expect(heard == language, f"the answer is in {heard}")


def _owes(teller: Teller, name: str, amount: str) -> None:
    with company_session(teller.company.id) as session:
        due = account_balance(session, customer_id=_customer(teller, session, name), today=in_days(0)).due
    teller.expect(due == Decimal(amount), f"{name} owes {due}")


def _has_ticket(teller: Teller, name: str, category: str, state: str) -> None:
    found = _tickets(teller, name)
    teller.expect((category, state) in found, f"{name} has {found or 'no ticket'}")


def _has_no_ticket(teller: Teller, name: str) -> None:
    found = _tickets(teller, name)
    teller.expect(not found, f"{name} has {found}")


def _tickets(teller: Teller, name: str) -> list[tuple[str, str]]:
    with company_session(teller.company.id) as session:
        mine = select(Ticket.category, Ticket.state).where(Ticket.customer_id == _customer(teller, session, name))
        return [(category, state) for category, state in session.execute(mine)]


def _promised(teller: Teller, name: str, amount: str) -> None:
    with company_session(teller.company.id) as session:
        mine = select(Promise.amount).where(
            Promise.customer_id == _customer(teller, session, name), Promise.state == "open"
        )
        found = list(session.scalars(mine))
    teller.expect(found == [Decimal(amount)], f"{name} promised {found or 'nothing'}")


def _claimed(teller: Teller, name: str, amount: str, reference: str) -> None:
    with company_session(teller.company.id) as session:
        mine = select(PaymentClaim.amount, PaymentClaim.reference).where(
            PaymentClaim.customer_id == _customer(teller, session, name)
        )
        found = [(told, of) for told, of in session.execute(mine)]
    teller.expect((Decimal(amount), reference) in found, f"{name} claimed {found or 'nothing'}")


def _spoken_to_in(teller: Teller, name: str, language: str) -> None:
    with company_session(teller.company.id) as session:
        phone = teller.person(name).phone
        found = session.scalar(select(Contact.language).where(Contact.phone == phone))
    teller.expect(found == language, f"{name} is spoken to in {found}")


def _customer(teller: Teller, session: Session, name: str) -> Id:
    phone = teller.person(name).phone
    found = session.scalar(
        select(Customer.id).join(CustomerPhone, CustomerPhone.customer_id == Customer.id).where(
            CustomerPhone.phone == phone
        )
    )  # fmt: skip
    if found is None:
        teller.fail(f"{name} is no customer")
    assert found is not None
    return found


NAME = r"([A-Z][a-z]+)"
_LINES: tuple[tuple[re.Pattern[str], Callable[..., None]], ...] = tuple(
    (re.compile(pattern), act)
    for pattern, act in (
        (r"says: (.+)", _says),
        (r"says before: (.+)", _says_before),
        (r"sends before: (.+)", _sends_before),
        (r"messages: (\d)", _messages),
        (r"does not say: (.+)", _says_not),
        (r"offers: (.+)", _offers),
        (r"sends: (.+)", _document),
        (r"speaks: (en|ur_Latn|ur)", _speaks),
        (rf"fact: {NAME} owes ([0-9.]+)", _owes),
        (rf"fact: {NAME} has a (\w+) ticket that is (\w+)", _has_ticket),
        (rf"fact: {NAME} has no ticket", _has_no_ticket),
        (rf"fact: {NAME} promised ([0-9.]+)", _promised),
        (rf"fact: {NAME} claimed ([0-9.]+) with reference (\S+)", _claimed),
        (rf"fact: {NAME} is spoken to in (en|ur_Latn|ur)", _spoken_to_in),
        (rf"{NAME} is (.+)", _introduce),
        (rf"{NAME} taps: (.+)", _taps),
        (rf"{NAME} sends (.+)", _sends),
        (rf"{NAME}: (.+)", _writes),
    )
)
