"""An employee's words that are meant for a customer, the customer's words for him, and the chat handed back."""

from __future__ import annotations

from bot.desk.notices import tell
from bot.dialog import Chat
from bot.handing_back import give_back
from bot.handlers import talking
from bot.handlers.plain_words import is_menu
from bot.handlers.talking import CHATS, LEAVE, MENU, back_button, left, spoken_to, taken
from bot.texts.reply import Button, Reply, lines, verbatim, words
from bot.understanding.folding import fold
from core.crm.masking import mask_cnic
from core.errors import DomainError
from core.ids import Id
from core.messaging.human import NotWithHuman, ReplyWindowClosed, TakenByOther
from core.staff.permissions import may
from core.usecases.desk_talk import (
    RELAY,
    Talk,
    leave_chats,
    lost_chat,
    quoted_chat,
    say_to_customer,
    talk_about,
    talks_of,
)

PERMISSION = "inbox.answer"
BACK_ACTION = "chat_back"
TALKS = frozenset({"chat_take", "chat_leave", "talk_to"})
WORDS_MAX = 4000


def _folded(*spellings: str) -> frozenset[str]:
    return frozenset(fold(spelling) for spelling in spellings)


_BACK = _folded(
    "back", "hand back", "handback", "give back", "bot", "back to bot", "hand it back", "wapis", "wapas", "wapis karo",
    "bot ko do", "bot ko de do", "bot ko dedo", "chat wapis", "chat wapis karo", "baat khatam", "chat khatam", "over",
    "واپس", "واپس کرو", "واپس کریں", "بوٹ کو دو", "بوٹ کو دے دو", "بات ختم", "چیٹ ختم", "چیٹ واپس",
)  # fmt: skip
_STOP = _folded(
    "stop", "stop talking", "exit", "leave", "bas", "bas karo", "ruko", "nikal", "nikalo", "bahar", "رکو", "بس", "باہر",
    "سٹاپ",
)  # fmt: skip


def answered(chat: Chat) -> Reply | None:
    """What happens to a message of who has customers' chats on his phone; None where it is for the assistant."""
    staff_id = chat.speaker.staff_id
    if staff_id is None or not may(chat.speaker.role, PERMISSION):
        return None
    action = chat.message.action
    if action is not None:
        name, _, key = action.partition(":")
        if name == BACK_ACTION:
            return _handed_back(chat, key)
        if name not in TALKS:  # who taps something of the assistant's speaks to it from then on
            leave_chats(chat.session, staff_id=staff_id)
        return None
    quoted = _quoted(chat)
    mine = list(talks_of(chat.session, staff_id=staff_id))
    talk = spoken_to(mine, quoted)
    if talk is None and quoted is not None:
        return _taken_by_words(chat, quoted)
    if talk is None:
        is_lost = lost_chat(chat.session, staff_id=staff_id)
        return Reply(words("This chat is not yours any more."), buttons=(CHATS, MENU)) if is_lost else None
    said = fold(chat.message.text)
    if said in _BACK:
        return _handed_back(chat, str(talk.conversation_id))
    if said in _STOP:
        return talking.leave(chat, "")
    if is_menu(chat.message.text) and quoted is None:
        leave_chats(chat.session, staff_id=staff_id)
        return None
    return _sent(chat, talk)


def _quoted(chat: Chat) -> Id | None:
    context = chat.message.raw.get("context")
    wamid = context.get("id") if isinstance(context, dict) else None
    if not isinstance(wamid, str):
        return None
    return quoted_chat(chat.session, contact_id=chat.speaker.contact_id, wamid=wamid)


def _taken_by_words(chat: Chat, conversation_id: Id) -> Reply:
    """Words in answer to a card take the chat, where nobody else has it, and go to the customer at once."""
    reply = taken(chat, conversation_id)
    assert chat.speaker.staff_id is not None
    mine = talks_of(chat.session, staff_id=chat.speaker.staff_id, conversation_id=conversation_id)
    return _sent(chat, mine[0]) if mine else reply


def _sent(chat: Chat, talk: Talk) -> Reply:
    """The words to the customer; files stay here."""
    ways_out = (back_button(talk.conversation_id), LEAVE)
    said = chat.message.text.strip()
    if chat.message.media is not None or not said:
        return Reply(words("Only words can go to %(who)s from here.", who=talk.who), buttons=ways_out)
    try:
        with chat.session.begin_nested():
            say_to_customer(
                chat.session, conversation_id=talk.conversation_id, staff_id=talk.staff_id, words=said[:WORDS_MAX],
                key=chat.message.wamid, now=chat.now,
            )  # fmt: skip
    except ReplyWindowClosed:
        return Reply(lines(words("Not sent to %(who)s.", who=talk.who), left(None, chat.now)), buttons=ways_out)
    except (NotWithHuman, TakenByOther):
        return Reply(words("This chat is not yours any more."), buttons=(CHATS, MENU))
    return Reply(lines(words("Sent to *%(who)s*.", who=talk.who), left(talk.closes_at, chat.now)), buttons=ways_out)


def _handed_back(chat: Chat, key: str) -> Reply:
    """The assistant answers the customer again, who hears it."""
    assert chat.speaker.staff_id is not None
    try:
        conversation_id = Id(key)
        mine = talks_of(chat.session, staff_id=chat.speaker.staff_id, conversation_id=conversation_id)
        if not mine:
            return Reply(words("This chat is not yours any more."), buttons=(CHATS, MENU))
        with chat.session.begin_nested():
            give_back(chat.session, conversation_id=conversation_id, now=chat.now)
    except (ValueError, DomainError):
        return Reply(words("This chat is not yours any more."), buttons=(CHATS, MENU))
    leave_chats(chat.session, staff_id=chat.speaker.staff_id)
    return Reply(words("The assistant answers *%(who)s* again.", who=mine[0].who), buttons=(CHATS, MENU))


def pass_on(chat: Chat, conversation_id: Id, talk: Talk | None) -> None:
    """What a customer wrote while people answer goes to who has the chat on his phone; `talk` is as it was before."""
    if talk is None:
        return
    still = talk_about(chat.session, conversation_id=conversation_id)
    if still is None:
        leave_chats(chat.session, staff_id=talk.staff_id)
        reply = Reply(words("*%(who)s* went back to the assistant.", who=talk.who), buttons=(CHATS, MENU))
        tell(chat.session, contact_id=talk.contact_id, reply=reply, lane="reply", now=chat.now,
             dedupe_key=f"went_back:{conversation_id}:{chat.message.wamid}")  # fmt: skip
        return
    said = (
        verbatim(mask_cnic(chat.message.text)) if chat.message.text else words("[a file: see the inbox of the panel]")
    )
    reply = Reply(
        words("*%(who)s*: %(said)s", who=talk.who, said=said),
        buttons=(back_button(conversation_id), Button(f"chat_take:{conversation_id}", words("Answer"))),
    )
    tell(
        chat.session, contact_id=talk.contact_id, reply=reply, lane="reply", now=chat.now,
        dedupe_key=f"{RELAY}:{conversation_id}:{chat.message.wamid}", template=("office_notice", {"what": reply.body}),
    )  # fmt: skip
