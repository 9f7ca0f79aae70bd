"""One turn of a conversation: who speaks, what is meant, one reply, the state kept. One transaction, the caller's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot import engine, router
from bot.dialog import Chat, Flow, Reject, Speaker
from bot.flows import ALL_FLOWS
from bot.handlers import anyone
from bot.inbound import SILENT_TYPES, IncomingMessage
from bot.texts.deliver import queue_reply
from bot.texts.reply import Button, Reply, lines, words
from bot.understanding import MAYBE, SURE, Understanding, understand
from core.clock import business_day
from core.companies import Company, current_company
from core.crm.contacts import LinkedAccount, accounts_of, change_number, identify
from core.crm.models import Contact
from core.db import act_as, table_of
from core.ids import Id, new_id
from core.messaging.models import Conversation, InboundMessage
from core.messaging.outbox import queue_read_mark
from core.staff.models import Staff

ESCAPES = frozenset({"menu", "human", "language", "opt_out", "opt_in", "balance", "invoice", "complaint_status"})
"""Wishes that may interrupt even a question that takes free text."""
WORDS_OF_A_WISH_MAX = 6
INBOUND = table_of(InboundMessage)
CONVERSATIONS = table_of(Conversation)
LOST_AFTER = 2

State = dict[str, Any]


@dataclass(frozen=True)
class Route:
    """Where a message arrived."""

    company_id: Id
    business_number_id: Id
    event_id: Id | None


def take_turn(session: Session, message: IncomingMessage, route: Route, now: datetime) -> bool:
    """Answer one message; False when it was answered before. The caller owns the transaction.

    Locks the conversation until the transaction ends, so two messages of one person take turns.
    """
    contact = identify(
        session, phone=message.sender.phone, user_id=message.sender.user_id,
        name=message.sender.name, username=message.sender.username,
    )  # fmt: skip
    session.flush()
    inbound_id = _remember(session, message, contact, route, now)
    if inbound_id is None:
        return False
    if message.in_group or message.type in SILENT_TYPES:
        _note_change(session, message, contact)
        return True
    conversation_id, state = _lock(session, contact, route, min(message.sent_at or now, now))
    company = current_company(session)
    chat = _chat(session, message, contact, company, state, route, now, inbound_id)
    act_as(session, chat.speaker.actor)
    before = repr(state)
    reply = _decide(chat, state)
    _deliver(chat, contact, reply, inbound_id)
    if repr(state) != before:
        session.execute(update(CONVERSATIONS).where(CONVERSATIONS.c.id == conversation_id).values(state=state))
    return True


def _remember(session: Session, message: IncomingMessage, contact: Contact, route: Route, now: datetime) -> Id | None:
    """Keep the message under Meta's id; None when it is kept already, also by a transaction running now."""
    statement = (
        insert(INBOUND)
        .values(
            id=new_id(), wamid=message.wamid, contact_id=contact.id, business_number_id=route.business_number_id,
            event_id=route.event_id, type=message.type, text=message.text, content=message.raw,
            sent_at=message.sent_at or now,
        )
        .on_conflict_do_nothing(index_elements=["company_id", "wamid"])
        .returning(INBOUND.c.id)
    )  # fmt: skip
    kept: Id | None = session.scalar(statement)
    return kept


def _note_change(session: Session, message: IncomingMessage, contact: Contact) -> None:
    system = message.raw.get("system") if message.type == "system" else None
    if not isinstance(system, dict) or "changed" not in str(system.get("type")):
        return
    digits = "".join(c for c in str(system.get("wa_id") or system.get("new_wa_id") or "") if c.isdigit())
    user_id = system.get("user_id")
    if digits or user_id:
        phone = f"+{digits}" if digits else contact.phone
        change_number(session, contact=contact, phone=phone, user_id=str(user_id) if user_id else contact.user_id)


def _lock(session: Session, contact: Contact, route: Route, heard_at: datetime) -> tuple[Id, State]:
    """The conversation's id and state, locked; its window never moves backwards."""
    statement = insert(CONVERSATIONS).values(
        id=new_id(), contact_id=contact.id, business_number_id=route.business_number_id, state={},
        last_inbound_at=heard_at,
    )  # fmt: skip
    row = session.execute(
        statement.on_conflict_do_update(
            index_elements=["company_id", "contact_id", "business_number_id"],
            set_={
                "last_inbound_at": func.greatest(CONVERSATIONS.c.last_inbound_at, statement.excluded.last_inbound_at)
            },
        ).returning(CONVERSATIONS.c.id, CONVERSATIONS.c.state)
    ).one()
    return row[0], dict(row[1])


def _chat(
    session: Session, message: IncomingMessage, contact: Contact, company: Company, state: State,
    route: Route, now: datetime, inbound_id: Id,
) -> Chat:  # fmt: skip
    staff = session.get(Staff, contact.staff_id) if contact.staff_id else None
    if staff is not None and staff.state != "active":
        staff = None
    accounts = accounts_of(session, contact)
    role = staff.role if staff else "customer" if accounts else "prospect"
    today = business_day(now, company.timezone)
    understood = understand(message.text, role, today)
    language = _language(contact, company, message, understood)
    chosen = next((a for a in accounts if a.number == state.get("account")), None)
    speaker = Speaker(
        contact_id=contact.id, role=role, name=staff.name if staff else contact.name, language=language,
        staff_id=staff.id if staff else None, accounts=accounts,
        account=accounts[0] if len(accounts) == 1 else chosen,
    )  # fmt: skip
    return Chat(
        session=session, company=company, speaker=speaker, message=message, understood=understood,
        business_number_id=route.business_number_id, now=now, today=today, origin=f"message:{inbound_id}",
    )  # fmt: skip


def _language(contact: Contact, company: Company, message: IncomingMessage, understood: Understanding) -> str:
    """The person's choice, else the language of this message, else of the last one, else the company's."""
    if contact.language_chosen and contact.language:
        return contact.language
    heard = understood.language if message.action is None and message.type == "text" else None
    # A lone Latin word ("menu", "bill", "cancel") is used in every language and proves none.
    proves = heard == "ur" or len(message.text.split()) > 1
    if heard and (proves or contact.language is None) and heard != contact.language:
        contact.language = heard
    return contact.language or company.default_language


def _deliver(chat: Chat, contact: Contact, reply: Reply, inbound_id: Id) -> None:
    if contact.language_chosen and contact.language != chat.speaker.language:
        chat = replace(chat, speaker=replace(chat.speaker, language=contact.language or "en"))
    queue_read_mark(
        chat.session, contact_id=contact.id, business_number_id=chat.business_number_id,
        wamid=chat.message.wamid, typing=True, now=chat.now,
    )  # fmt: skip
    queue_reply(
        chat.session, reply, language=chat.speaker.language, currency=chat.company.currency, contact_id=contact.id,
        business_number_id=chat.business_number_id, dedupe_key=f"{inbound_id}:1", now=chat.now,
    )  # fmt: skip


def _decide(chat: Chat, state: State) -> Reply:
    """The reply to this message; writes what must be remembered into `state`."""
    if chat.message.action is not None:
        return _tapped(chat, state, chat.message.action)
    progress = state.get("flow")
    if progress and engine.is_stale(progress, chat.now):
        state["parked"] = state.pop("flow")
        progress = None
    if progress:
        return _in_flow(chat, state, progress)
    if not chat.message.text:
        return anyone.cannot_read(chat) if chat.message.type != "location" else anyone.unclear(chat, lost=False)
    return _offer_parked(chat, state, _wish(chat, state))


def _tapped(chat: Chat, state: State, action: str) -> Reply:
    tap = engine.parse_tap(action)
    if tap is not None:
        return _tapped_answer(chat, state, tap)
    verb, _, argument = action.partition(":")
    if verb == "account":
        number, _, wish = argument.partition(":")
        return _account_chosen(chat, state, number, wish)
    if verb in ("resume", "drop"):
        return _parked(chat, state, resume=verb == "resume")
    target = router.for_action(chat.speaker.role, action)
    if target is None:
        return anyone.unclear(chat, lost=False)
    _park(state)
    state.pop("tries", None)
    return _run(chat, state, target[0], target[1], action)


def _tapped_answer(chat: Chat, state: State, tap: engine.Tap) -> Reply:
    progress = state.get("flow")
    flow = ALL_FLOWS.get(tap.flow)
    if flow is None or not progress or progress["flow"] != tap.flow:
        return Reply(words("That question is closed by now."), buttons=(anyone.MENU,))
    return _stepped(chat, state, flow, progress, tap)


def _in_flow(chat: Chat, state: State, progress: State) -> Reply:
    flow = ALL_FLOWS.get(progress["flow"])
    if flow is None or chat.speaker.account is None:
        state.pop("flow")
        return _wish(chat, state)
    understood = chat.understood
    if understood.intent == "cancel" and understood.confidence >= SURE:
        state.pop("flow")
        return Reply(words("All right, I have stopped %(what)s.", what=flow.title), buttons=(anyone.MENU,))
    if _is_another_wish(chat, flow, progress):
        _park(state)
        return _offer_parked(chat, state, _wish(chat, state))
    return _stepped(chat, state, flow, progress, None)


def _is_another_wish(chat: Chat, flow: Flow, progress: State) -> bool:
    understood = chat.understood
    if chat.message.media is not None or understood.confidence < SURE or understood.intent not in ESCAPES:
        return False
    if engine.wants_free_text(flow, progress):
        return len(chat.message.text.split()) <= WORDS_OF_A_WISH_MAX and not understood.entities.get("amount")
    return True


def _stepped(chat: Chat, state: State, flow: Flow, progress: State, tap: engine.Tap | None) -> Reply:
    try:
        step = engine.answer(flow, chat, progress, tap=tap, now=chat.now)
    except Reject as reject:
        another = router.for_intent(chat.speaker.role, chat.understood.intent)
        if another not in (None, flow) and chat.understood.confidence >= SURE:
            _park(state)
            return _offer_parked(chat, state, _wish(chat, state))
        step = engine.again(flow, chat, progress, reject)
    _keep(state, step)
    return step.reply


def _wish(chat: Chat, state: State) -> Reply:
    understood = chat.understood
    target = router.for_intent(chat.speaker.role, understood.intent)
    if understood.intent == "cancel":
        state.pop("parked", None)
        return Reply(words("All right."), buttons=(anyone.MENU,))
    if target is not None and understood.confidence >= SURE:
        state.pop("tries", None)
        return _run(chat, state, target, "", _action_of(target))
    if target is not None and understood.confidence >= MAYBE:
        return _did_you_mean(chat, understood)
    state["tries"] = state.get("tries", 0) + 1
    return anyone.unclear(chat, lost=state["tries"] >= LOST_AFTER)


def _did_you_mean(chat: Chat, understood: Understanding) -> Reply:
    intents = [understood.intent, *(intent for intent, _ in understood.alternatives)]
    buttons: list[Button] = []
    for intent in intents:
        target = router.for_intent(chat.speaker.role, intent)
        name = INTENT_NAMES.get(intent)
        if target is not None and name is not None and len(buttons) < 2:
            button = Button(_action_of(target), name)
            buttons += [button] if button not in buttons else []
    return Reply(words("Did you mean this?"), buttons=(*buttons, anyone.MENU))


INTENT_NAMES = {
    "balance": words("My balance"),
    "invoice": words("Invoice (PDF)"),
    "how_to_pay": words("How to pay"),
    "payment_made": words("I have paid"),
    "complaint_new": words("Report a problem"),
    "complaint_status": words("My complaints"),
    "plan_list": words("My plan"),
    "human": words("Talk to a person"),
    "language": words("Language"),
    "jobs": words("My jobs"),
    "worklist": words("My worklist"),
    "today_figures": words("Today's figures"),
}


def _action_of(target: Any) -> str:
    return f"{router.FLOW_PREFIX}:{target.name}" if isinstance(target, Flow) else str(target.name)


def _run(chat: Chat, state: State, target: Any, argument: str, action: str) -> Reply:
    if target.needs_account and chat.speaker.account is None:
        if not chat.speaker.accounts:
            return anyone.no_account(chat)
        return anyone.which_account(chat, action)
    if isinstance(target, Flow):
        state["run"] = state.get("run", 0) + 1
        step = engine.begin(target, chat, run=state["run"], now=chat.now)
        _keep(state, step)
        return step.reply
    reply: Reply = target.run(chat, argument)
    return reply


def _account_chosen(chat: Chat, state: State, number: str, wish: str) -> Reply:
    account: LinkedAccount | None = next((a for a in chat.speaker.accounts if a.number == number), None)
    if account is None:
        return anyone.unclear(chat, lost=False)
    state["account"] = account.number
    chosen = replace(chat, speaker=replace(chat.speaker, account=account))
    target = router.for_action(chat.speaker.role, wish or "menu")
    if target is None:
        return anyone.unclear(chat, lost=False)
    return _run(chosen, state, target[0], target[1], wish or "menu")


def _park(state: State) -> None:
    if "flow" in state:
        state["parked"] = state.pop("flow")


def _keep(state: State, step: engine.Step) -> None:
    state.pop("flow", None)
    if step.progress is not None:
        state["flow"] = step.progress


def _offer_parked(chat: Chat, state: State, reply: Reply) -> Reply:
    """The answer, and the parked flow offered back where there is room for two buttons."""
    parked = state.get("parked")
    flow = ALL_FLOWS.get(parked["flow"]) if parked and "flow" not in state else None
    if flow is None or reply.rows or reply.attachment or flow.intent == chat.understood.intent:
        return reply
    offer = (Button("resume", words("Continue")), Button("drop", words("Leave it")))
    body = lines(reply.body, words("Shall we go on with %(what)s?", what=flow.title))
    return Reply(body, buttons=(*offer, *reply.buttons[:1]))


def _parked(chat: Chat, state: State, *, resume: bool) -> Reply:
    parked = state.pop("parked", None)
    flow = ALL_FLOWS.get(parked["flow"]) if parked else None
    if flow is None or chat.speaker.account is None:
        return Reply(words("That question is closed by now."), buttons=(anyone.MENU,))
    if not resume:
        return Reply(words("All right, I have stopped %(what)s.", what=flow.title), buttons=(anyone.MENU,))
    step = engine.proceed(flow, chat, parked, now=chat.now)
    _keep(state, step)
    return step.reply
