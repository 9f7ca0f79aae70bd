"""How much of the line was used: the last days as bars, the month, what the plan includes, and the report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.dialog import Chat
from bot.handlers.customer import MENU, PLANS
from bot.handlers.registry import Handler
from bot.texts.reply import Button, Reply, Saying, lines, verbatim, words
from bot.understanding.hints import gives
from core.network.usage import DayUse
from core.printing.figures import day_text, volume_text
from core.usecases.usage_of_customer import Allowance, use_of_days, use_of_month

DAYS_SHOWN = 7
BAR_MAX = 10
FULL, EMPTY = "▰", "▱"


def usage(chat: Chat, _: str) -> Reply:
    """The last seven days and the month so far; of a month he names, or where he asks for paper, the report."""
    month = chat.understood.entities.get("month")
    earlier = isinstance(month, date) and month.replace(day=1) != chat.today.replace(day=1)
    if earlier or gives(chat.message.text, "report"):
        return report(chat, month.strftime("%Y-%m") if isinstance(month, date) else "")
    week = use_of_days(chat.session, customer_id=chat.account.customer_id, days=DAYS_SHOWN, today=chat.today)
    if week.known_since is None:
        return Reply(words("Your use has not been measured yet. Please ask again tomorrow."), buttons=(PLANS, MENU))
    so_far = use_of_month(
        chat.session, customer_id=chat.account.customer_id, month=chat.today, today=chat.today
    )  # fmt: skip
    since = week.known_since
    body = lines(
        words("Your use of the last days:"),
        *_bars([day for day in week.days if day.day >= since], chat.speaker.language),
        words("This month so far: *%(volume)s*", volume=volume(chat, so_far.total)),
        *(_allowance(chat, allowance) for allowance in so_far.allowances),
    )
    return Reply(body, buttons=(Button("usage_report", words("Usage report (PDF)")), PLANS, MENU))


def volume(chat: Chat, size: int) -> Saying:
    """Bytes as people of this language read them."""
    return verbatim(volume_text(size, chat.speaker.language))


def _bars(days: Sequence[DayUse], language: str) -> list[Saying]:
    most = max((day.bytes for day in days), default=0) or 1
    return [
        verbatim(f"{_bar(day.bytes, most)} {volume_text(day.bytes, language)} · {day_text(day.day, language)}")
        for day in days
    ]


def _bar(size: int, most: int) -> str:
    filled = -(-size * BAR_MAX // most)
    return FULL * filled + EMPTY * (BAR_MAX - filled)


def _allowance(chat: Chat, allowance: Allowance) -> Saying:
    facts = {
        "plan": allowance.plan, "used": volume(chat, allowance.used), "included": volume(chat, allowance.included),
        "percent": str(allowance.percent), "last": date.fromordinal(allowance.until.toordinal() - 1),
    }  # fmt: skip
    said = words("%(plan)s: %(used)s of %(included)s used (%(percent)s%%), until %(last)s.", **facts)
    if allowance.metered:
        return lines(said, words("What exceeds it is charged by the GB."))
    if allowance.throttled_mbps:
        return lines(said, words("After that the speed is %(mbps)s Mbps.", mbps=allowance.throttled_mbps))
    return said


def report(chat: Chat, month: str) -> Reply:
    """The PDF of a month's days, of the present one unless another is named."""
    wanted = _month(month) or chat.today
    use = use_of_month(chat.session, customer_id=chat.account.customer_id, month=wanted, today=chat.today)
    known = use.known_since
    if known is None or not any(day.day >= known for day in use.days):
        since = [words("It is measured since %(day)s.", day=known)] if known else []
        return Reply(lines(words("Nothing was measured in that month."), *since), buttons=(Button("usage", words(
            "My usage")), MENU))  # fmt: skip
    caption = words(
        "Your use from %(first)s to %(last)s: %(volume)s.", first=use.days[0].day, last=use.days[-1].day,
        volume=volume(chat, use.total),
    )  # fmt: skip
    return Reply(
        caption,
        attachment={
            "source": "usage_pdf", "id": str(chat.account.customer_id), "language": chat.speaker.language,
            "month": wanted.replace(day=1).isoformat(), "today": chat.today.isoformat(),
            "filename": f"Usage-{chat.account.number}-{wanted:%Y-%m}.pdf",
        },
    )  # fmt: skip


def _month(text: str) -> date | None:
    try:
        return date.fromisoformat(f"{text}-01") if text else None
    except ValueError:
        return None


HANDLERS = (
    Handler("usage", ("usage",), "chat.usage", usage, needs_account=True),
    Handler("usage_report", (), "chat.usage", report, needs_account=True),
)
