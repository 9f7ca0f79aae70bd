"""The vocabulary of flows: a list of named questions and one finish. Questions ask; only `finish` acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.inbound import IncomingMessage
from bot.texts.reply import Button, Reply, Row, Saying, calendar_day, figure, words
from bot.understanding import Understanding
from bot.understanding.dates import find_date
from bot.understanding.folding import normalise
from core.companies import Company
from core.crm.contacts import LinkedAccount
from core.crm.distance import Place
from core.errors import DomainError
from core.ids import Id
from core.money import AmountInvalid, parse_amount

Facts = TypeVar("Facts")

ROWS_MAX = 10
BUTTONS_MAX = 3


@dataclass(frozen=True)
class Speaker:
    """Who is talking and in which role this turn."""

    contact_id: Id
    role: str
    name: str
    language: str
    staff_id: Id | None
    """Set while he works; None while he writes as a customer."""
    accounts: Sequence[LinkedAccount]
    account: LinkedAccount | None
    """The account meant, when there is only one or the person has chosen."""
    roles: Sequence[str] = ()
    """Every role the person may take, this one among them."""

    @property
    def actor(self) -> str:
        return f"staff:{self.staff_id}" if self.staff_id else f"contact:{self.contact_id}"


@dataclass(frozen=True)
class Chat:
    """All that a question, a handler or a finish may look at; the turn owns the transaction."""

    session: Session
    company: Company
    speaker: Speaker
    message: IncomingMessage
    understood: Understanding
    business_number_id: Id
    now: datetime
    today: date
    origin: str
    here: Place | None = None
    """Where the person last said he is, where that is not long ago."""

    @property
    def account(self) -> LinkedAccount:
        """The chosen account; only flows and handlers that need one run, so it is there."""
        assert self.speaker.account is not None
        return self.speaker.account

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.company.timezone)

    def once(self, key: str, read: Callable[[], Facts]) -> Facts:
        """What `read` found the first time in this turn: questions look at the same facts again and again."""
        kept: dict[str, Facts] = self.session.info.setdefault("read_this_turn", {})
        if key not in kept:
            kept[key] = read()
        return kept[key]


class Reject(Exception):
    """This message does not answer the question; the saying tells what would.

    `meant` where it is an answer all the same, only not one that will do: then it is no other wish.
    """

    def __init__(self, saying: Saying, *, meant: bool = False) -> None:
        super().__init__(saying.text)
        self.saying, self.meant = saying, meant


class Answers(Mapping[str, Any]):
    """The answers so far by question name; a skipped one reads as None, a misspelt name raises."""

    def __init__(self, names: Sequence[str], values: Mapping[str, Any]) -> None:
        self._values = {name: values.get(name) for name in names}

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError as missing:
            raise AttributeError(f"no question is called {name!r}") from missing

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Any:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


Ask = Callable[[Chat, Answers], Saying]
Check = Callable[[Chat, Answers, Any], None]


class Question(Protocol):
    """A named question. `read` turns a message or a tapped value into a JSON value, or raises Reject."""

    @property
    def name(self) -> str: ...
    @property
    def when(self) -> Callable[[Chat, Answers], bool] | None: ...
    def ask(self, chat: Chat, answers: Answers, tap: Callable[[str], str]) -> Reply: ...
    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any: ...
    def given(self, chat: Chat) -> Any: ...
    def load(self, value: Any) -> Any: ...


@dataclass(frozen=True)
class Option:
    """One thing to choose: the value kept, and how it reads."""

    value: str
    title: Saying
    description: Saying | None = None


@dataclass(frozen=True)
class Choose:
    """Pick one: three options make buttons, more make a list. A single option answers itself."""

    name: str
    saying: Ask
    options: Callable[[Chat, Answers], Sequence[Option]]
    entity: str = ""
    """The entity of the understanding that answers this question when it names an option."""
    when: Callable[[Chat, Answers], bool] | None = None

    def ask(self, chat: Chat, answers: Answers, tap: Callable[[str], str]) -> Reply:
        options = list(self.options(chat, answers))[:ROWS_MAX]
        body = self.saying(chat, answers)
        if len(options) <= BUTTONS_MAX:
            return Reply(body, buttons=tuple(Button(tap(o.value), o.title) for o in options))
        rows = tuple(Row(tap(o.value), o.title, o.description) for o in options)
        return Reply(body, rows=rows, list_button=words("Choose"))

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        options = list(self.options(chat, answers))
        said = tapped if tapped is not None else chat.understood.entities.get(self.entity)
        if any(option.value == said for option in options):
            return said
        typed = chat.message.text.strip()
        if typed.isdecimal() and 1 <= int(typed) <= len(options):
            return options[int(typed) - 1].value
        raise Reject(words("Please choose one of the options."))

    def given(self, chat: Chat) -> Any:
        return chat.understood.entities.get(self.entity) if self.entity else None

    def load(self, value: Any) -> Any:
        return value


@dataclass(frozen=True)
class Day(Choose):
    """A day out of some; the first ten are on the list, and any of them may be typed."""

    entity: str = "date"

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        said = tapped or self.given(chat)
        days = [option.value for option in self.options(chat, answers)]
        if said not in days:
            said = day_ahead(chat) or said
        if said in days:
            return said
        if said is None:
            raise Reject(words("Please choose a day, or write one such as 5 December."))
        first, last = self.load(days[0]), self.load(days[-1])
        raise Reject(words("It must be a day from %(first)s to %(last)s.", first=first, last=last), meant=True)

    def given(self, chat: Chat) -> Any:
        day = chat.understood.entities.get(self.entity)
        return day.isoformat() if isinstance(day, date) else None

    def load(self, value: Any) -> Any:
        return date.fromisoformat(value) if value is not None else None


def day_ahead(chat: Chat) -> str | None:
    """The day that the words name when they are read as one to come, whatever wish they would be alone."""
    day, _ = find_date(normalise(chat.message.text), today=chat.today, past=False)
    return day.isoformat() if day is not None else None


def day_options(days: Sequence[date]) -> list[Option]:
    """Days as options of a question."""
    return [Option(day.isoformat(), calendar_day(day)) for day in days]


@dataclass(frozen=True)
class Text:
    """Free words, kept as they were written."""

    name: str
    saying: Ask
    max_length: int = 1000
    when: Callable[[Chat, Answers], bool] | None = None

    def ask(self, chat: Chat, answers: Answers, tap: Callable[[str], str]) -> Reply:
        return Reply(self.saying(chat, answers))

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        if not chat.message.text:
            raise Reject(words("Please write it in a few words."))
        return chat.message.text[: self.max_length]

    def given(self, chat: Chat) -> Any:
        return None

    def load(self, value: Any) -> Any:
        return value


@dataclass(frozen=True)
class Rupees:
    """An amount of money, in figures or words, or one of a few on buttons."""

    name: str
    saying: Ask
    check: Check | None = None
    """Raises Reject for an amount that will not do."""
    when: Callable[[Chat, Answers], bool] | None = None
    offers: Callable[[Chat, Answers], Sequence[Decimal]] | None = None

    def ask(self, chat: Chat, answers: Answers, tap: Callable[[str], str]) -> Reply:
        offered = self.offers(chat, answers)[:BUTTONS_MAX] if self.offers else ()
        return Reply(
            self.saying(chat, answers), buttons=tuple(Button(tap(str(amount)), figure(amount)) for amount in offered)
        )

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        amount = tapped if tapped is not None else chat.understood.entities.get("amount")
        if not isinstance(amount, Decimal | str):
            raise Reject(words("Please send the amount in figures, for example 2500."))
        try:
            exact = parse_amount(amount)
        except AmountInvalid as wrong:
            raise Reject(words("Please send the amount in figures, for example 2500.")) from wrong
        if exact <= 0:
            raise Reject(words("Please send the amount in figures, for example 2500."))
        if self.check:
            self.check(chat, answers, exact)
        return str(exact)

    def given(self, chat: Chat) -> Any:
        amount = chat.understood.entities.get("amount")
        return str(amount) if isinstance(amount, Decimal) and amount > 0 else None

    def load(self, value: Any) -> Any:
        return Decimal(value) if value is not None else None


SKIP = "skip"


@dataclass(frozen=True)
class Photo:
    """A picture or document; the value is the vault document's id, or None when skipped."""

    name: str
    saying: Ask
    save: Callable[[Chat], Id | None]
    """Registers the message's media and returns the document's id; the file is fetched later."""
    when: Callable[[Chat, Answers], bool] | None = None

    def ask(self, chat: Chat, answers: Answers, tap: Callable[[str], str]) -> Reply:
        return Reply(self.saying(chat, answers), buttons=(Button(tap(SKIP), words("Skip")),))

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        if tapped == SKIP or chat.message.text.strip().casefold() in {"skip", "no", "nahi", "nahin", "نہیں"}:
            return SKIP
        saved = self.save(chat)
        if saved is None:
            raise Reject(words("Please send a photo, or tap Skip."))
        return str(saved)

    def given(self, chat: Chat) -> Any:
        saved = self.save(chat) if chat.message.media is not None else None
        return str(saved) if saved is not None else None

    def load(self, value: Any) -> Any:
        return Id(value) if value not in (None, SKIP) else None


YES, NO = "yes", "no"
_YES_WORDS = frozenset(
    {"yes", "y", "ok", "haan", "han", "ha", "ji", "jee", "g", "👍", "جی", "ہاں", "theek", "theek hai"}
)
_NO_WORDS = frozenset({"no", "n", "nahi", "nahin", "nai", "na", "نہیں", "👎"})


@dataclass(frozen=True)
class Confirm:
    """The summary with yes and no; nothing happens without a yes."""

    name: str
    saying: Ask
    when: Callable[[Chat, Answers], bool] | None = None

    def ask(self, chat: Chat, answers: Answers, tap: Callable[[str], str]) -> Reply:
        buttons = (Button(tap(YES), words("Yes")), Button(tap(NO), words("No")))
        return Reply(self.saying(chat, answers), buttons=buttons)

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        said = tapped or chat.message.text.strip().casefold().rstrip(".!")
        if said in _YES_WORDS or said == YES:
            return True
        if said in _NO_WORDS or said == NO:
            return False
        raise Reject(words("Please tap Yes or No."))

    def given(self, chat: Chat) -> Any:
        return None

    def load(self, value: Any) -> Any:
        return value


@dataclass(frozen=True)
class Flow:
    """A conversation of more than one message, as an ordered list of questions and one effect."""

    name: str
    intent: str
    permission: str
    title: Saying
    """What the flow is called when it is offered back: "your complaint"."""
    questions: Sequence[Question]
    finish: Callable[[Chat, Answers], Reply]
    """Makes one core call in the turn's transaction."""
    refused: Mapping[type[DomainError], Callable[[Any], Reply]] = field(default_factory=dict)
    needs_account: bool = True
    first: Callable[[Chat], Reply | None] | None = None
    """What is said in place of the first question when the wish came in words; a button in it may begin the flow."""

    def question(self, name: str) -> Question | None:
        return next((q for q in self.questions if q.name == name), None)
