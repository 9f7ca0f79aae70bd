"""Somebody wants to be connected: where, who, which plan, when; then a request is registered and the office told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot.desk.leads import tell_office_of_lead
from bot.desk.papers import upload_words
from bot.dialog import (
    SKIP,
    Answers,
    Chat,
    Choose,
    Confirm,
    Day,
    Flow,
    Option,
    Question,
    Reject,
    Text,
    day_options,
)
from bot.flows.parts import said_with_tap
from bot.handlers.connection import coverage_line, place_of_zone, places, where_named, where_shared
from bot.localities import Where, matching_places, shared_point, unpacked
from bot.texts.reply import Button, Reply, Saying, lines, verbatim, words
from core.billing.plans import offered_plans
from core.crm.intake import PhoneInvalid, e164
from core.crm.leads import Wish, open_lead
from core.crm.masking import mask_cnic
from core.crm.models import Contact
from core.ids import Id

DAYS_AHEAD = 30
PLANS_SHOWN = 9
NO_PLAN, NO_ZONE = "none", "none"
MENU = Button("menu", words("Menu"))
ASK_WHERE = words("In which area is the house? Write its name, or send its location: 📎 → Location.")
Tap = Callable[[str], str]


@dataclass(frozen=True)
class Place:
    """An area in words, or a location that was shared."""

    name: str
    when: Callable[[Chat, Answers], bool] | None = None

    def ask(self, chat: Chat, answers: Answers, tap: Tap) -> Reply:
        return Reply(ASK_WHERE)

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        shared = where_shared(chat)
        if shared is not None:
            return shared.packed()
        said = tapped or chat.message.text.strip()
        if not said:
            raise Reject(words("Please write the area's name, or send its location."))
        return where_named(chat, said).packed()

    def given(self, chat: Chat) -> Any:
        return said_with_tap(chat, "new_connection") or None

    def load(self, value: Any) -> Any:
        return unpacked(str(value))


@dataclass(frozen=True)
class Pin:
    """The exact spot, as a shared location; may be skipped."""

    name: str
    when: Callable[[Chat, Answers], bool] | None = None

    def ask(self, chat: Chat, answers: Answers, tap: Tap) -> Reply:
        said = words("Please send the location of the house: 📎 → Location. It saves our team a call.")
        return Reply(said, buttons=(Button(tap(SKIP), words("Skip")),))

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        point = shared_point(chat.message)
        if point is not None:
            return Where(point=point).packed()
        if tapped == SKIP or chat.message.text:
            return SKIP  # who writes something instead has no location to send
        raise Reject(words("Please send the location, or tap Skip."))

    def given(self, chat: Chat) -> Any:
        return None

    def load(self, value: Any) -> Any:
        return unpacked(str(value)).point if value not in (None, SKIP) else None


@dataclass(frozen=True)
class Phone(Text):
    """A number that can be dialled."""

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        try:
            return e164(str(chat.understood.entities.get("phone") or chat.message.text), chat.company.country)
        except PhoneInvalid as wrong:
            raise Reject(words("Please write a phone number such as 0300 1234567.")) from wrong


@dataclass(frozen=True)
class Words(Text):
    """Free words, in which no CNIC is kept."""

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        return mask_cnic(super().read(chat, answers, tapped))


def is_ambiguous(chat: Chat, answers: Answers) -> bool:
    where = answers.place
    return where is not None and not where.zone and where.point is None and len(likely(chat, answers)) > 1


def likely(chat: Chat, answers: Answers) -> Sequence[Option]:
    _, found = matching_places(answers.place.said, places(chat)) if answers.place else (None, ())
    options = [Option(str(place.sub_zone_id), verbatim(place.label)) for place in found]
    return [*options, Option(NO_ZONE, words("None of these"))] if options else []


def plans(chat: Chat, _answers: Answers) -> Sequence[Option]:
    offered = offered_plans(chat.session, day=chat.today)
    named = [
        Option(str(plan.id), verbatim(plan.name),
               words("%(mbps)s Mbps, %(amount)s", mbps=plan.download_mbps, amount=price))
        for plan, price in offered
        if plan.service_class == "internet"
    ][:PLANS_SHOWN]  # fmt: skip
    return [*named, Option(NO_PLAN, words("Not sure yet"))]


def has_no_account(chat: Chat, _answers: Answers) -> bool:
    return not chat.speaker.accounts


def has_no_phone(chat: Chat, _answers: Answers) -> bool:
    return _own_phone(chat) is None


def _own_phone(chat: Chat) -> str | None:
    return chat.once("own_phone", lambda: chat.session.get_one(Contact, chat.speaker.contact_id).phone)


def has_no_point(_chat: Chat, answers: Answers) -> bool:
    return answers.place is None or answers.place.point is None


def asked_name(chat: Chat, answers: Answers) -> Saying:
    return lines(coverage_line(chat, _where(answers)), words("What is your full name?"))


def asked_address(chat: Chat, answers: Answers) -> Saying:
    line = None if has_no_account(chat, answers) else coverage_line(chat, _where(answers))
    return lines(line, words("What is the address? House, street, and something near it."))


def _where(answers: Answers) -> Where:
    where: Where = answers.place or Where()
    return replace(where, zone=answers.zone) if answers.zone and answers.zone != NO_ZONE else where


def _name(chat: Chat, answers: Answers) -> str:
    account = chat.speaker.account or (chat.speaker.accounts[0] if chat.speaker.accounts else None)
    return answers.name or (account.name if account else chat.speaker.name) or "-"


def summary(chat: Chat, answers: Answers) -> Saying:
    where = _where(answers)
    place = place_of_zone(chat, where.zone)
    plan = next((plan for plan, _ in offered_plans(chat.session, day=chat.today) if str(plan.id) == answers.plan), None)
    return lines(
        words("Shall I note this request?"),
        words("Name: %(name)s", name=_name(chat, answers)),
        words("Area: %(place)s", place=place.label if place else where.said or "-"),
        words("Address: %(address)s", address=answers.address),
        words("Plan: %(plan)s", plan=plan.name) if plan else None,
        words("Wished day: %(day)s", day=answers.wished) if answers.wished else None,
        words("Phone: %(phone)s", phone=answers.phone) if answers.phone else None,
    )


def finish(chat: Chat, answers: Answers) -> Reply:
    if not answers.confirmed:
        return Reply(words("All right, nothing was registered."), buttons=(MENU,))
    where = _where(answers)
    point = answers.pin or where.point
    account = chat.speaker.account or (chat.speaker.accounts[0] if chat.speaker.accounts else None)
    place = place_of_zone(chat, where.zone)
    opened = open_lead(
        chat.session, contact_id=chat.speaker.contact_id, customer_id=account.customer_id if account else None,
        opened_by=chat.speaker.actor, now=chat.now,
        wish=Wish(
            name=_name(chat, answers)[:200], phone=answers.phone or _own_phone(chat) or "",
            place=where.said or (place.label if place else ""), sub_zone_id=place.sub_zone_id if place else None,
            address=answers.address, latitude=point.latitude if point else None,
            longitude=point.longitude if point else None, plan_id=_plan_id(chat, answers), wished_on=answers.wished,
        ),
    )  # fmt: skip
    lead = opened.lead
    if opened.joined:
        said = words("You have a request already: *%(lead)s*. I added what is new.", lead=lead.number)
    else:
        said = words("Your request is registered: *%(lead)s*. Our team will call you.", lead=lead.number)
        tell_office_of_lead(chat.session, lead=lead, now=chat.now)
    link = upload_words(
        chat.session, company=chat.company, contact_id=chat.speaker.contact_id, lead_id=lead.id,
        customer_id=lead.customer_id, language=chat.speaker.language, now=chat.now,
    )  # fmt: skip
    return Reply(lines(said, link), buttons=(Button("lead_status", words("My request")), MENU))


def _plan_id(chat: Chat, answers: Answers) -> Id | None:
    offered = {str(plan.id): plan.id for plan, _ in offered_plans(chat.session, day=chat.today)}
    return offered.get(answers.plan or "")


QUESTIONS: Sequence[Question] = [
    Place("place"),
    Choose("zone", lambda *_: words("Which of these do you mean?"), likely, when=is_ambiguous),
    Words("name", asked_name, max_length=100, when=has_no_account),
    Words("address", asked_address, max_length=300),
    Pin("pin", when=has_no_point),
    Choose("plan", lambda *_: words("Which plan would you like?"), plans),
    Day("wished", lambda *_: words("On which day shall we connect you?"),
        lambda chat, _: day_options([chat.today + timedelta(days=ahead) for ahead in range(1, DAYS_AHEAD)])),
    Phone("phone", lambda *_: words("On which phone can we call you?"), when=has_no_phone),
    Confirm("confirmed", summary),
]  # fmt: skip
flow = Flow(
    name="new_connection",
    intent="",
    permission="chat.connection",
    title=words("your new connection"),
    questions=QUESTIONS,
    finish=finish,
    needs_account=False,
)
