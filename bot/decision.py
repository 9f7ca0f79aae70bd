"""What a message gets for an answer: an open question's reading, a wish's handler, a flow that begins or goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot import engine, router
from bot.dialog import Chat, Flow, Reject
from bot.handlers import anger, anyone, wordless
from bot.handlers.first import code_reply, photo_reply
from bot.handlers.human import keep_file
from bot.handlers.names import INTENT_NAMES
from bot.handlers.papers import card_in_text, card_reply, not_in_chat
from bot.handlers.plain_words import is_menu, plain_wish
from bot.handlers.registry import Begin
from bot.places import keep_place, shared_place
from bot.speaker import PROSPECT, SWITCH, understood_in
from bot.texts.reply import Button, Reply, lines, words
from bot.understanding import EXACT, MAYBE, SURE, Understanding
from core.crm.contacts import LinkedAccount
from core.messaging.human import conversation_with, hand_back

ESCAPES = frozenset({"menu", "human", "language", "opt_out", "opt_in", "balance", "invoice", "complaint_status"})
"""Wishes that may interrupt even a question that takes free text."""
WORDS_OF_A_WISH_MAX = 6
LOST_AFTER = 2
MENU = "menu"
BESIDE_PEOPLE = frozenset({"link.deny", "link.undo", "opt_out"})
"""Taps that are answered without taking the chat from the people who answer in it."""

State = dict[str, Any]


def beside_people(chat: Chat, state: State) -> Reply | None:
    """While people answer, words are theirs: nothing is said but to codes, to a stop, and to who wants the bot back."""
    action = chat.message.action
    if action is not None and action.partition(":")[0] in BESIDE_PEOPLE:
        return _tapped(chat, state, action)
    understood = chat.understood
    if action is None and not is_menu(chat.message.text):
        keep_file(chat)
        stops = understood.intent in ("opt_out", "opt_in") and understood.confidence >= EXACT
        return _wish(chat, state) if stops else code_reply(chat, in_flow="flow" in state)
    conversation = conversation_with(
        chat.session, contact_id=chat.speaker.contact_id, business_number_id=chat.business_number_id
    )
    hand_back(chat.session, conversation=conversation)
    return decide(chat, state)


def decide(chat: Chat, state: State) -> Reply:
    """The reply to this message; writes what must be remembered into `state`."""
    if chat.message.action is not None:
        return _tapped(chat, state, chat.message.action)
    coded = code_reply(chat, in_flow="flow" in state)
    if coded is not None:
        return coded
    progress = state.get("flow")
    if progress and engine.is_stale(progress, chat.now):
        state["parked"] = state.pop("flow")
        progress = None
    if progress:
        return _in_flow(chat, state, progress)
    card = photo_reply(chat) or (card_reply(chat) if card_in_text(chat) else None)
    if card is not None:
        return card
    if (place := shared_place(chat.message)) is not None:
        keep_place(state, place, chat.now)
        role = chat.speaker.role
        near = router.for_intent(role, "worklist") or router.for_intent(role, "jobs")
        if near is not None:
            return _run(chat, state, near, "", router.action_of(near))
    if not chat.message.text:
        return _wordless(chat, state)
    return _offer_parked(chat, state, _wish(chat, state))


def _wordless(chat: Chat, state: State) -> Reply:
    """From a stranger a location asks whether we are there; from a technician a picture is proof of a job."""
    proof = router.flow_of(chat.speaker.role, "job_photo") if chat.message.type in ("image", "document") else None
    if proof is not None:
        return _run(chat, state, proof, "", router.action_of(proof))
    asks = chat.speaker.role == PROSPECT and chat.message.type == "location"
    target = router.for_action(chat.speaker.role, "coverage") if asks else None
    return _run(chat, state, target[0], "", "coverage") if target else wordless.answer(chat)


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
    if verb == SWITCH:
        return _role_taken(chat, state, argument)
    target = router.for_action(chat.speaker.role, action)
    if target is None:
        return anyone.unclear(chat, lost=False)
    _park(state)
    state.pop("tries", None)
    return _run(chat, state, target[0], target[1], action)


def _tapped_answer(chat: Chat, state: State, tap: engine.Tap) -> Reply:
    progress = state.get("flow")
    flow = router.flow_of(chat.speaker.role, tap.flow)
    if flow is None or not progress or progress["flow"] != tap.flow or not may_go_on(chat, flow):
        return Reply(words("That question is closed by now."), buttons=(anyone.MENU,))
    return _stepped(chat, state, flow, progress, tap)


def may_go_on(chat: Chat, flow: Flow) -> bool:
    """Whether the account a flow is about can still be told."""
    return chat.speaker.account is not None or not flow.needs_account


def _in_flow(chat: Chat, state: State, progress: State) -> Reply:
    flow = router.flow_of(chat.speaker.role, progress["flow"])
    if flow is None or not may_go_on(chat, flow):
        state.pop("flow")
        return _wish(chat, state)
    if card_in_text(chat):
        step = engine.again(flow, chat, progress, Reject(not_in_chat(chat)))
        keep(state, step)
        return step.reply
    if _cancels(chat, flow, progress):
        state.pop("flow")
        return Reply(words("All right, I have stopped %(what)s.", what=flow.title), buttons=(anyone.MENU,))
    if _is_another_wish(chat, flow, progress):
        _park(state)
        return _offer_parked(chat, state, _wish(chat, state))
    return _stepped(chat, state, flow, progress, None)


def _cancels(chat: Chat, flow: Flow, progress: State) -> bool:
    return _is_sure_of(chat, "cancel") and _may_interrupt(chat, flow, progress)


def _is_another_wish(chat: Chat, flow: Flow, progress: State) -> bool:
    if chat.message.media is not None or not _is_sure_of(chat, *ESCAPES):
        return False
    if engine.is_answered(flow, chat, progress):
        return False
    return _may_interrupt(chat, flow, progress)


def _is_sure_of(chat: Chat, *intents: str) -> bool:
    return chat.understood.intent in intents and chat.understood.confidence >= SURE


def _may_interrupt(chat: Chat, flow: Flow, progress: State) -> bool:
    """Not where the question takes any words and these are many or name an amount: then they answer it."""
    if not engine.wants_free_text(flow, progress):
        return True
    return len(chat.message.text.split()) <= WORDS_OF_A_WISH_MAX and not chat.understood.entities.get("amount")


def _stepped(chat: Chat, state: State, flow: Flow, progress: State, tap: engine.Tap | None) -> Reply:
    try:
        step = engine.answer(flow, chat, progress, tap=tap, now=chat.now)
    except Reject as reject:
        another = router.for_intent(chat.speaker.role, chat.understood.intent)
        if another not in (None, flow) and chat.understood.confidence >= SURE and not reject.meant:
            _park(state)
            return _offer_parked(chat, state, _wish(chat, state))
        step = engine.again(flow, chat, progress, wordless.rejected(chat, reject))
    keep(state, step)
    return step.reply


def _wish(chat: Chat, state: State) -> Reply:
    chat = anger.calmed(chat)
    understood = chat.understood
    named = plain_wish(chat)
    called = router.for_action(chat.speaker.role, named) if named else None
    if named and called:
        state.pop("tries", None)
        return _run(chat, state, *called, named)
    target = router.for_intent(chat.speaker.role, understood.intent)
    if _is_sure_of(chat, "cancel"):
        state.pop("parked", None)
        return Reply(words("All right."), buttons=(anyone.MENU,))
    if target is not None and understood.confidence >= SURE:
        state.pop("tries", None)
        return _run(chat, state, target, "", router.action_of(target))
    hinted = router.for_hint(chat.speaker.role, chat.message.text, understood.entities)
    if hinted is not None:
        return _run(chat, state, hinted, "", router.action_of(hinted))
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
            button = Button(router.action_of(target), name)
            buttons += [button] if button not in buttons else []
    return Reply(words("Did you mean this?"), buttons=(*buttons, anyone.MENU))


def _run(chat: Chat, state: State, target: router.Target, argument: str, action: str) -> Reply:
    if target.needs_account and chat.speaker.account is None:
        if not chat.speaker.accounts:
            return anyone.no_account(chat)
        if chat.message.action is None:
            state["words"] = {"wish": action, "text": chat.message.text}
        return anyone.which_account(chat, action)
    if isinstance(target, Flow):
        instead = target.first(chat) if target.first and not argument and chat.message.action is None else None
        if instead is not None:
            return instead
        state["run"] = state.get("run", 0) + 1
        step = engine.begin(target, chat, run=state["run"], now=chat.now, about=argument)
        keep(state, step)
        return step.reply
    reply = target.run(chat, argument)
    if isinstance(reply, Begin):
        flow = router.flow_of(chat.speaker.role, reply.flow)
        return _run(chat, state, flow, reply.about, action) if flow else anyone.unclear(chat, lost=False)
    return anyone.with_other_roles(chat, reply) if target.name == MENU else reply


def _account_chosen(chat: Chat, state: State, number: str, wish: str) -> Reply:
    account: LinkedAccount | None = next((a for a in chat.speaker.accounts if a.number == number), None)
    if account is None:
        return anyone.unclear(chat, lost=False)
    state["account"] = account.number
    chosen = _as_it_was_said(replace(chat, speaker=replace(chat.speaker, account=account)), state, wish)
    target = router.for_action(chat.speaker.role, wish or "menu")
    if target is None:
        return anyone.unclear(chat, lost=False)
    return _run(chosen, state, target[0], target[1], wish or "menu")


def _as_it_was_said(chat: Chat, state: State, wish: str) -> Chat:
    """The chat with the words for which the account was asked, so that a month or an amount in them still counts."""
    kept = state.pop("words", None)
    if not kept or kept["wish"] != wish:
        return chat
    understood = understood_in(chat.speaker.role, kept["text"], chat.today)
    return replace(chat, message=replace(chat.message, text=kept["text"], action=None), understood=understood)


def _role_taken(chat: Chat, state: State, role: str) -> Reply:
    """The menu of the role that the tap has put in force; what he was doing in the other one is parked."""
    target = router.for_action(role, MENU)
    if role != chat.speaker.role or target is None:
        return anyone.unclear(chat, lost=False)
    _park(state)
    return anyone.role_taken(role, _run(chat, state, target[0], "", MENU))


def _park(state: State) -> None:
    if "flow" in state:
        state["parked"] = state.pop("flow")


def keep(state: State, step: engine.Step) -> None:
    state.pop("flow", None)
    if step.progress is not None:
        state["flow"] = step.progress


def _offer_parked(chat: Chat, state: State, reply: Reply) -> Reply:
    """The answer, and the parked flow offered back where there is room for two buttons."""
    parked = state.get("parked")
    flow = router.flow_of(chat.speaker.role, parked["flow"]) if parked and "flow" not in state else None
    if flow is None or reply.rows or reply.attachment or chat.understood.intent in (flow.intent, "human"):
        return reply
    offer = (Button("resume", words("Continue")), Button("drop", words("Leave it")))
    body = lines(reply.body, words("Shall we go on with %(what)s?", what=flow.title))
    return Reply(body, buttons=(*offer, *reply.buttons[:1]))


def _parked(chat: Chat, state: State, *, resume: bool) -> Reply:
    parked = state.pop("parked", None)
    flow = router.flow_of(chat.speaker.role, parked["flow"]) if parked else None
    if flow is None or not may_go_on(chat, flow):
        return Reply(words("That question is closed by now."), buttons=(anyone.MENU,))
    if not resume:
        return Reply(words("All right, I have stopped %(what)s.", what=flow.title), buttons=(anyone.MENU,))
    step = engine.proceed(flow, chat, parked, now=chat.now)
    keep(state, step)
    return step.reply
