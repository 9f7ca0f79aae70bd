"""What a message gets for an answer: an open question's reading, a wish's handler, a flow that begins or goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot import engine, router
from bot.dialog import Chat, Flow, Reject
from bot.handlers import anger, anyone, wordless
from bot.handlers.first import code_reply, photo_reply
from bot.handlers.human import show_file
from bot.handlers.names import INTENT_NAMES
from bot.handlers.papers import card_in_text, card_reply, not_in_chat
from bot.handlers.plain_words import is_menu
from bot.handlers.registry import Begin
from bot.kept_files import drop_file, is_picture_kept, keep_file, note_use, purpose_of, takes_files, with_file
from bot.parking import keep, may_go_on, next_put_by, offer_parked, offer_waiting, park
from bot.places import keep_place, shared_place
from bot.secrecy import names_card
from bot.speaker import PROSPECT, SWITCH, understood_in
from bot.texts.reply import Button, Reply, lines, words
from bot.understanding import EXACT, MAYBE, SURE, Understanding
from bot.wishes import HUMAN, Called, meant, put_by, several
from core.crm.contacts import LinkedAccount
from core.messaging.human import conversation_with, hand_back

ESCAPES = frozenset({"menu", "human", "language", "opt_out", "opt_in", "balance", "invoice", "complaint_status"})
"""Wishes that may interrupt even a question that takes free text."""
WORDS_OF_A_WISH_MAX = 6
LOST_AFTER = 2
MENU = "menu"
LATER = "later"
ALL_SAID = "said"
"""In the place of a wish, on the row of an account: whatever the words wanted that asked for it."""
BESIDE_PEOPLE = frozenset({"link.deny", "link.undo", "opt_out", "cash_paid", "cash_not_paid"})
"""Taps that are answered without taking the chat from the people who answer in it."""

State = dict[str, Any]


def beside_people(chat: Chat, state: State) -> Reply | None:
    """While people answer, words are theirs: nothing is said but to codes, to a stop, and to who wants the bot back."""
    action = chat.message.action
    if action is not None and action.partition(":")[0] in BESIDE_PEOPLE:
        return _tapped(chat, state, action)
    understood = chat.understood
    if action is None and not is_menu(chat.message.text):
        show_file(chat)
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
    card = photo_reply(chat) or (card_reply(chat) if card_in_text(chat) else _kept_card(chat, state))
    if card is not None:
        drop_file(state)
        return card
    if (place := shared_place(chat.message)) is not None:
        keep_place(state, place, chat.now)
        role = chat.speaker.role
        near = router.for_intent(role, "worklist") or router.for_intent(role, "jobs")
        if near is not None:  # it has served: kept, it would prove a visit hours later
            return _run(chat, state, near, "", router.action_of(near))
    keep_file(state, chat.message, chat.now)
    if not chat.message.text:
        return _wordless(chat, state)
    return offer_parked(chat, state, _wish(chat, state))


def _kept_card(chat: Chat, state: State) -> Reply | None:
    """The picture just sent is an identity card, as these words say."""
    return card_reply(chat) if is_picture_kept(state, chat.now) and names_card(chat.message.text) else None


def _wordless(chat: Chat, state: State) -> Reply:
    """From a stranger a location asks whether we are there; from a technician a picture is proof of a job."""
    proof = router.flow_of(chat.speaker.role, "job_photo") if chat.message.type in ("image", "document") else None
    if proof is not None:
        return _run(chat, state, proof, "", router.action_of(proof))
    asks = chat.speaker.role == PROSPECT and chat.message.type == "location"
    target = router.for_action(chat.speaker.role, "coverage") if asks else None
    return _run(chat, state, target[0], "", "coverage") if target else _about_it(chat, state)


def _about_it(chat: Chat, state: State) -> Reply:
    """What is said to a picture or place alone; what a complaint has taken is kept for another purpose only."""
    reply = wordless.answer(chat)
    if wordless.is_for_complaint(chat):
        keep_file(state, chat.message, chat.now, not_for="file_complaint")
    return reply


def _tapped(chat: Chat, state: State, action: str) -> Reply:
    tap = engine.parse_tap(action)
    if tap is not None:
        return _tapped_answer(chat, state, tap)
    verb, _, argument = action.partition(":")
    if verb == "account":
        number, _, wish = argument.partition(":")
        return _account_chosen(chat, state, number, wish)
    if verb in ("resume", "drop"):
        return _parked(chat, state, resume=verb == "resume", put_by=argument == LATER)
    if verb == SWITCH:
        return _role_taken(chat, state, argument)
    target = router.for_action(chat.speaker.role, action)
    if target is None:
        return anyone.unclear(chat, lost=False)
    park(state)
    state.pop("tries", None)
    return _run(chat, state, target[0], target[1], action)


def _tapped_answer(chat: Chat, state: State, tap: engine.Tap) -> Reply:
    progress = state.get("flow")
    flow = router.flow_of(chat.speaker.role, tap.flow)
    if flow is None or not progress or progress["flow"] != tap.flow or not may_go_on(chat, flow):
        return Reply(words("That question is closed by now."), buttons=(anyone.MENU,))
    return _stepped(chat, state, flow, progress, tap)


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
        stopped = Reply(words("All right, I have stopped %(what)s.", what=flow.title), buttons=(anyone.MENU,))
        return offer_waiting(chat, state, stopped)
    if _is_another_wish(chat, flow, progress):
        park(state)
        return offer_parked(chat, state, _wish(chat, state))
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
    early = tap is None and engine.take_early(flow, chat, progress)
    try:
        step = engine.answer(flow, chat, progress, tap=tap, now=chat.now)
    except Reject as reject:
        if chat.message.media is not None and not early:
            keep_file(state, chat.message, chat.now)
        if not early and not reject.meant and _wants_another(chat, flow):
            park(state)
            return offer_parked(chat, state, _wish(chat, state))
        step = engine.again(flow, chat, progress, wordless.rejected(chat, reject, early=early))
    keep(state, step)
    return offer_waiting(chat, state, step.reply)


def _wants_another(chat: Chat, flow: Flow) -> bool:
    """Whether words that do not answer the flow's question are surely another wish, or several."""
    another = router.for_intent(chat.speaker.role, chat.understood.intent)
    return (another not in (None, flow) and chat.understood.confidence >= SURE) or bool(several(chat))


def _wish(chat: Chat, state: State) -> Reply:
    chat = anger.calmed(chat)
    understood = chat.understood
    wishes = several(chat)
    if wishes:
        state.pop("tries", None)
        return _answered_all(chat, state, wishes)
    called = _shown(chat, state) or meant(chat)
    target = router.for_intent(chat.speaker.role, understood.intent)
    if _is_sure_of(chat, "cancel"):
        state.pop("parked", None)
        state.pop("later", None)
        return Reply(words("All right."), buttons=(anyone.MENU,))
    if called is not None:
        state.pop("tries", None)
        return _run(chat, state, called.target, called.argument, called.action)
    hinted = router.for_hint(chat.speaker.role, chat.message.text, understood.entities)
    if hinted is not None:
        return _run(chat, state, hinted, "", router.action_of(hinted))
    if chat.message.media is not None:
        return _about_it(chat, state)
    if target is not None and understood.confidence >= MAYBE:
        return _did_you_mean(chat, understood)
    state["tries"] = state.get("tries", 0) + 1
    return anyone.unclear(chat, lost=state["tries"] >= LOST_AFTER)


def _shown(chat: Chat, state: State) -> Called | None:
    """What a picture is for that is kept, or came with these words, where they surely want nothing else."""
    flow = router.flow_of(chat.speaker.role, purpose_of(chat.message.text) or "")
    wish = router.for_intent(chat.speaker.role, chat.understood.intent)
    is_other = chat.understood.confidence >= SURE and wish is not flow
    if flow is None or is_other or not is_picture_kept(state, chat.now):
        return None
    return Called(chat, flow, "", router.action_of(flow))


def _answered_all(chat: Chat, state: State, wishes: Sequence[Called]) -> Reply:
    """Every wish that is answered in one turn, then at most one flow; a flow that finds no room waits its turn.

    Where a person is asked for people answer from then on: a flow waits on a button under that answer.
    """
    unknown = chat.speaker.account is None and len(chat.speaker.accounts) > 1
    if unknown and any(called.target.needs_account for called in wishes):
        state["words"] = {"wish": ALL_SAID, "text": chat.message.text}
        return anyone.which_account(chat, ALL_SAID)
    replies: list[Reply] = []
    calls_person = wishes[-1].target.name == HUMAN
    put_off: list[Flow] = []
    for called in wishes:
        if isinstance(called.target, Flow) and (calls_person or "flow" in state):
            put_by(state, called, chat.now)
            put_off.append(called.target)
            continue
        language = (replies and replies[-1].language) or chat.speaker.language
        own = replace(called.chat, speaker=replace(called.chat.speaker, language=language))
        reply = _run(own, state, called.target, called.argument, called.action)
        said = replace(reply, language=reply.language or language)
        replies += [said] if said not in replies else []
    return replace(_with_put_off(replies[-1], put_off, by_tap=calls_person), before=tuple(replies[:-1]))


def _with_put_off(reply: Reply, put_off: Sequence[Flow], *, by_tap: bool) -> Reply:
    """The last answer, naming what comes after it."""
    if not put_off:
        return reply
    if by_tap:
        name = INTENT_NAMES.get(put_off[0].intent, words("Continue"))
        return replace(reply, buttons=(*reply.buttons[:2], Button(f"resume:{LATER}", name)))
    after = (words("After this we go on with %(what)s.", what=flow.title) for flow in put_off)
    return replace(reply, body=lines(reply.body, *after))


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
        brought = with_file(chat, state, target.name) if takes_files(target) else chat
        step = engine.begin(target, brought, run=state["run"], now=chat.now, about=argument)
        keep(state, step)
        if step.progress is not None:
            note_use(state, brought, target, step.progress)
        return step.reply
    if target.name == HUMAN:
        show_file(with_file(chat, state))
        drop_file(state)
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
    if wish == ALL_SAID and chosen.message.action is None:
        return _wish(chosen, state)
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
    park(state)
    return anyone.role_taken(role, _run(chat, state, target[0], "", MENU))


def _parked(chat: Chat, state: State, *, resume: bool, put_by: bool) -> Reply:
    """Go on with what was parked, or drop it; `put_by` asks for the wish that was put by, whatever is parked."""
    parked = (None if put_by else state.pop("parked", None)) or next_put_by(chat, state)
    flow = router.flow_of(chat.speaker.role, parked["flow"]) if parked else None
    if parked is None or flow is None or not may_go_on(chat, flow):
        return Reply(words("That question is closed by now."), buttons=(anyone.MENU,))
    if not resume:
        stopped = Reply(words("All right, I have stopped %(what)s.", what=flow.title), buttons=(anyone.MENU,))
        return offer_waiting(chat, state, stopped)
    if "words" in parked:
        understood = understood_in(chat.speaker.role, parked["words"], chat.today)
        said = replace(chat.message, text=parked["words"], action=None)
        return _run(replace(chat, message=said, understood=understood), state, flow, "", router.action_of(flow))
    step = engine.proceed(flow, chat, parked, now=chat.now)
    keep(state, step)
    return step.reply
