"""A manager or owner switches his own daily summary on or off, gives it an hour, or reads it now."""

from __future__ import annotations

from datetime import time

from bot.dialog import Chat
from bot.handlers.office import FIGURES
from bot.handlers.registry import Handler
from bot.texts.reply import Button, Reply, Saying, lines, verbatim, words
from bot.understanding.clock import find_time
from bot.understanding.hints import gives
from core.staff.alerts import alert_policy, choose_summary, summary_choice

ON = Button("summary:on", words("Summary on"))
OFF = Button("summary:off", words("Summary off"))


def settings(chat: Chat, argument: str) -> Reply:
    """What the words or the button want; where they want nothing, how it stands."""
    assert chat.speaker.staff_id is not None
    staff_id = chat.speaker.staff_id
    wish, _, told = argument.partition(":")
    if not argument and chat.message.action is None:
        wish = _wish(chat.message.text)
    clock = None if argument else find_time(chat.message.text)
    if wish == "at":
        return _at(chat, _time(told), sure=True)
    if clock is not None and wish != "off":
        return _at(chat, clock.at, sure=clock.sure)
    if wish in ("on", "off"):
        choose_summary(chat.session, staff_id=staff_id, wanted=wish == "on", now=chat.now)
    return Reply(_standing(chat), buttons=(OFF if _is_on(chat) else ON, FIGURES))


def _wish(text: str) -> str:
    return "off" if gives(text, "switch_off") else "on" if gives(text, "switch_on") else ""


def _time(told: str) -> time | None:
    try:
        return time.fromisoformat(told)
    except ValueError:
        return None


def _at(chat: Chat, at: time | None, *, sure: bool) -> Reply:
    assert chat.speaker.staff_id is not None
    choose_summary(chat.session, staff_id=chat.speaker.staff_id, wanted=True, at=at, now=chat.now)
    buttons: tuple[Button, ...] = (OFF, FIGURES)
    if at is not None and not sure:
        other = at.replace(hour=(at.hour + 12) % 24)
        buttons = (Button(f"summary:at:{other:%H:%M}", verbatim(f"{other:%H:%M}")), *buttons)
    return Reply(_standing(chat), buttons=buttons)


def _is_on(chat: Chat) -> bool:
    assert chat.speaker.staff_id is not None
    choice, policy = summary_choice(chat.session, staff_id=chat.speaker.staff_id), alert_policy(chat.session)
    if choice is not None and choice.wanted is not None:
        return choice.wanted
    return policy.summary_on and policy.summary_to in ("both", f"{chat.speaker.role}s")


def _standing(chat: Chat) -> Saying:
    assert chat.speaker.staff_id is not None
    if not _is_on(chat):
        return words("You get no daily summary.")
    choice, policy = summary_choice(chat.session, staff_id=chat.speaker.staff_id), alert_policy(chat.session)
    at = (choice.at if choice else None) or policy.summary_at
    return lines(
        words("Your daily summary comes at %(at)s.", at=f"{at:%H:%M}"),
        words("Before noon it tells of the day before.") if at < time(12) else None,
    )


HANDLERS = (Handler("summary", ("summary_settings",), "chat.figures", settings),)
