"""What a technician uses at a job, takes back from it, measures at a survey, and asks the store for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from rapidfuzz import fuzz, process
from sqlalchemy import select

from bot.dialog import ROWS_MAX, Answers, Ask, Chat, Choose, Flow, Option, Reject
from bot.flows.field_work import REFUSALS, has_job, job_of, keep_proof, me
from bot.flows.parts import refused_as
from bot.handlers.technician import JOBS, NOT_YOURS, STOCK, show_job
from bot.own_jobs import OwnJob, own_job_numbered
from bot.questions import Typed
from bot.texts.reply import Reply, verbatim, words
from bot.understanding.folding import fold
from core.ids import Id
from core.inventory.item_moves import MoveInvalid, WarrantyOver
from core.inventory.items import SerialUnknown
from core.inventory.models import Item, ItemType
from core.inventory.moving import NotEnoughStock, SerialNotHeld
from core.inventory.restock import RestockInvalid, ask_restock
from core.inventory.types import QuantityInvalid, item_types
from core.inventory.using import PartInvalid, own_stock
from core.printing.figures import plain
from core.service_desk.proofs import add_label
from core.usecases.work_on_job import (
    NoAccountYet,
    note_distance,
    pieces_replaceable,
    replace_part,
    take_back_part,
    use_part_on_job,
)

LIKE_ENOUGH = 80
LENGTH_MAX = Decimal(20_000)
SERIAL_MIN = 5
PHOTO = "photo:"
"""Before the document that shows a label, where the answer is a photo."""
ONE_MORE = "none"
"""In the place of a serial: the piece replaces no other."""


@dataclass(frozen=True)
class Quantity(Typed):
    """How much of something; a number with at most two places."""

    most: Decimal = LENGTH_MAX

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        value = self.given(chat) or chat.message.text.strip().replace(",", ".")
        try:
            amount = Decimal(value)
        except InvalidOperation as wrong:
            raise Reject(words("Please write how much, for example 25")) from wrong
        if not amount.is_finite() or not 0 < amount <= self.most:
            raise Reject(words("Please write how much, for example 25"))
        return str(amount)

    def given(self, chat: Chat) -> Any:
        quantity = chat.understood.entities.get("quantity")
        return str(quantity) if quantity is not None else None

    def load(self, value: Any) -> Any:
        return Decimal(value) if value is not None else None


def carried(chat: Chat) -> Sequence[tuple[ItemType, Decimal, list[Item]]]:
    return chat.once("carried", lambda: own_stock(chat.session, staff_id=me(chat)))


def part_options(chat: Chat, _answers: Answers) -> Sequence[Option]:
    """Pieces by serial first, then what is counted."""
    pieces = [Option(piece.serial, verbatim(piece.serial[:24]), verbatim(kind.name))
              for kind, _, held in carried(chat) for piece in held]  # fmt: skip
    counted = [
        Option(f"type:{kind.id}", verbatim(kind.name[:24]),
               words("%(quantity)s %(unit)s left", quantity=plain(quantity), unit=kind.unit))
        for kind, quantity, held in carried(chat) if not held and quantity > 0
    ]  # fmt: skip
    return [*pieces, *counted]


@dataclass(frozen=True)
class Part(Choose):
    """One of the things he carries: by serial, by its name in his own words, or from the list."""

    saying: Ask = lambda *_: words("What did you use? Choose it, write its serial, or send a photo of its label.")
    options: Any = part_options

    def given(self, chat: Chat) -> Any:
        serial = chat.understood.entities.get("serial")
        if serial is not None:
            return self._piece(chat, str(serial))
        item = chat.understood.entities.get("item")
        return self._type(chat, str(item)) if item is not None else None

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        if tapped is not None:
            return super().read(chat, answers, tapped)
        if (label := keep_proof(chat)) is not None:
            return f"{PHOTO}{label}"
        typed = chat.message.text.strip()
        found = self.given(chat) or self._piece(chat, typed) or self._type(chat, typed)
        if found is None and len(typed.replace(" ", "")) >= SERIAL_MIN and any(letter.isdigit() for letter in typed):
            raise Reject(words("You do not carry a piece with the serial %(serial)s.", serial=typed[:40]), meant=True)
        return super().read(chat, answers, found)

    def _piece(self, chat: Chat, typed: str) -> str | None:
        wanted = _plain_serial(typed)
        held = [piece.serial for _, _, pieces in carried(chat) for piece in pieces]
        exact = [serial for serial in held if _plain_serial(serial) == wanted]
        ends = [serial for serial in held if len(wanted) >= SERIAL_MIN and _plain_serial(serial).endswith(wanted)]
        if exact:
            return exact[0]
        return ends[0] if len(ends) == 1 else None

    def _type(self, chat: Chat, typed: str) -> str | None:
        names = {f"type:{kind.id}": fold(f"{kind.name} {kind.kind}") for kind, quantity, held in carried(chat)
                 if not held and quantity > 0}  # fmt: skip
        return likest(typed, names)


def likest(typed: str, names: dict[str, str]) -> str | None:
    """The key of the one name that the words are like."""
    wanted = fold(typed)
    found = process.extractOne(wanted, names, scorer=fuzz.token_set_ratio, score_cutoff=LIKE_ENOUGH) if wanted else None
    return str(found[2]) if found else None


def _plain_serial(serial: str) -> str:
    return "".join(letter for letter in serial.upper() if letter.isalnum())


CONDITIONS = {"good": words("It works"), "faulty": words("It is faulty")}


def conditions(_chat: Chat, _answers: Answers) -> Sequence[Option]:
    return [Option(value, name) for value, name in CONDITIONS.items()]


def is_counted(_chat: Chat, answers: Answers) -> bool:
    return str(answers.part or "").startswith("type:")


def replaceable(chat: Chat, answers: Answers) -> Sequence[Option]:
    """The pieces that the one in his hand may replace, and that it replaces none."""
    job = own_job_numbered(chat, answers.job)
    if job is None or not answers.part or str(answers.part).startswith(("type:", PHOTO)):
        return []
    pieces = pieces_replaceable(chat.session, job, serial=answers.part)[: ROWS_MAX - 1]
    options = [Option(piece.serial, verbatim(piece.serial[:20]), verbatim(piece.type.name)) for piece in pieces]
    return [*options, Option(ONE_MORE, words("It is one more"))] if options else []


def may_replace(chat: Chat, answers: Answers) -> bool:
    return bool(replaceable(chat, answers))


def replaces(_chat: Chat, answers: Answers) -> bool:
    return answers.replaces not in (None, ONE_MORE)


def _replaced(chat: Chat, answers: Answers) -> Reply:
    replace_part(
        chat.session, job_id=job_of(chat, answers), staff_id=me(chat), old=answers.replaces, new=answers.part,
        condition=answers.condition or "faulty", now=chat.now, key=f"{chat.origin}:part", origin=chat.origin,
    )  # fmt: skip
    job = own_job_numbered(chat, answers.job)
    said = words("Noted: %(new)s is at the customer's in the place of %(old)s, which is in your stock now.",
                 new=answers.part, old=answers.replaces)  # fmt: skip
    return show_job(chat, job, said) if job else Reply(said, buttons=(JOBS,))


def finish_part(chat: Chat, answers: Answers) -> Reply:
    if answers.part is None:
        return Reply(words("You carry nothing of ours."), buttons=(STOCK, JOBS))
    if answers.part.startswith(PHOTO):
        return _to_be_read(chat, answers)
    if replaces(chat, answers):
        return _replaced(chat, answers)
    counted = is_counted(chat, answers)
    movement = use_part_on_job(
        chat.session, job_id=job_of(chat, answers), staff_id=me(chat), now=chat.now, key=f"{chat.origin}:part",
        serial="" if counted else answers.part, origin=chat.origin,
        type_id=_type_id(answers.part) if counted else None, quantity=answers.quantity or Decimal(0),
    )  # fmt: skip
    job = own_job_numbered(chat, answers.job)
    what = str(answers.part)
    if counted:
        kind = chat.session.get_one(ItemType, movement.type_id)
        what = f"{plain(movement.quantity)} {kind.unit} {kind.name}"
    said = words("Noted: %(what)s is at the customer's now.", what=what)
    return show_job(chat, job, said) if job else Reply(said, buttons=(JOBS,))


def _to_be_read(chat: Chat, answers: Answers) -> Reply:
    job = own_job_numbered(chat, answers.job)
    if job is None:
        return Reply(NOT_YOURS, buttons=(JOBS,))
    add_label(chat.session, job, document_id=Id(answers.part.removeprefix(PHOTO)), now=chat.now)
    return Reply(words("I am reading the label. In a moment I tell you what it shows."))


def _type_id(option: str) -> Id:
    return Id(option.removeprefix("type:"))


STOCK_REFUSALS = {
    **refused_as(words("You do not carry that."), (SerialNotHeld, SerialUnknown), STOCK, JOBS),
    **refused_as(words("You do not carry that much."), (NotEnoughStock,), STOCK, JOBS),
    **refused_as(words("That quantity cannot be."), (QuantityInvalid,), STOCK, JOBS),
    **refused_as(words("That piece cannot be handed out: it is faulty, or somebody else's."), (MoveInvalid,), STOCK),
    **refused_as(
        words("The warranty of the old piece is over: it is the customer's. The office has to sell him another."),
        (WarrantyOver,),
        JOBS,
    ),
    **refused_as(words("That piece is not with this customer."), (PartInvalid,), JOBS),
    **refused_as(words("The office has to open the customer's account first."), (NoAccountYet,), JOBS),
}

used = Flow(
    name="part_used",
    intent="part_used",
    permission="chat.jobs",
    title=words("the part you used"),
    questions=[
        OwnJob("job"),
        Part("part", when=has_job),
        Quantity("quantity", lambda *_: words("How much of it?"), when=is_counted),
        Choose(
            "replaces",
            lambda *_: words("Which piece does it replace? You take that one with you."),
            replaceable,
            when=may_replace,
        ),
        Choose("condition", lambda *_: words("Does the old piece still work?"), conditions, when=replaces),
    ],
    finish=finish_part,
    refused={**STOCK_REFUSALS, **REFUSALS},
    needs_account=False,
)


def pieces_there(chat: Chat, answers: Answers) -> Sequence[Option]:
    job = own_job_numbered(chat, answers.job)
    if job is None or job.customer_id is None:
        return []
    items = chat.session.scalars(
        select(Item).where(Item.holder_kind == "customer", Item.holder_id == job.customer_id).order_by(Item.serial)
    )
    return [Option(item.serial, verbatim(item.serial[:24]), verbatim(item.type.name)) for item in items][:ROWS_MAX]


def has_pieces(chat: Chat, answers: Answers) -> bool:
    return bool(pieces_there(chat, answers))


@dataclass(frozen=True)
class PieceThere(Choose):
    """A piece that stands at the customer's."""

    saying: Ask = lambda *_: words("Which piece do you take with you?")
    options: Any = pieces_there
    entity: str = "serial"


def finish_back(chat: Chat, answers: Answers) -> Reply:
    if answers.serial is None:
        return Reply(words("No piece of ours is on file at this customer."), buttons=(JOBS,))
    take_back_part(
        chat.session, job_id=job_of(chat, answers), staff_id=me(chat), serial=answers.serial,
        condition=answers.condition or "good", now=chat.now, key=f"{chat.origin}:back", origin=chat.origin,
    )  # fmt: skip
    job = own_job_numbered(chat, answers.job)
    said = words("Noted: %(what)s is in your stock now.", what=answers.serial)
    return show_job(chat, job, said) if job else Reply(said, buttons=(JOBS,))


back = Flow(
    name="part_back",
    intent="",
    permission="chat.jobs",
    title=words("the piece you take back"),
    questions=[
        OwnJob("job"),
        PieceThere("serial", when=has_pieces),
        Choose("condition", lambda *_: words("Does it still work?"),
               conditions, when=has_pieces),
    ],
    finish=finish_back,
    refused={**STOCK_REFUSALS, **REFUSALS},
    needs_account=False,
)  # fmt: skip


def finish_distance(chat: Chat, answers: Answers) -> Reply:
    job = own_job_numbered(chat, answers.job)
    if job is None or job.state != "arrived":
        return Reply(NOT_YOURS, buttons=(JOBS,)) if job is None else show_job(chat, job)
    note_distance(chat.session, job, metres=answers.metres, actor=chat.speaker.actor, now=chat.now)
    return show_job(chat, job, words("Noted: %(metres)s m.", metres=plain(answers.metres)))


distance = Flow(
    name="survey_metres",
    intent="",
    permission="chat.jobs",
    title=words("the distance"),
    questions=[
        OwnJob("job"),
        Quantity("metres", lambda *_: words("How many metres is it to our line?"), when=has_job),
    ],
    finish=finish_distance,
    refused=REFUSALS,
    needs_account=False,
)


def type_options(chat: Chat, _answers: Answers) -> Sequence[Option]:
    return [Option(str(kind.id), verbatim(kind.name[:24]), verbatim(kind.unit)) for kind in _kept(chat)]


def _kept(chat: Chat) -> Sequence[ItemType]:
    return chat.once("item_types", lambda: [kind for kind in item_types(chat.session) if kind.active])


@dataclass(frozen=True)
class Article(Choose):
    """Something the store keeps, by its name in the technician's own words or from the list."""

    saying: Ask = lambda *_: words("What do you need?")
    options: Any = type_options

    def given(self, chat: Chat) -> Any:
        item = chat.understood.entities.get("item")
        return likest(str(item), {str(kind.id): fold(f"{kind.name} {kind.kind}") for kind in _kept(chat)}) if (
            item is not None) else None  # fmt: skip

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        names = {str(kind.id): fold(f"{kind.name} {kind.kind} {kind.code}") for kind in _kept(chat)}
        return super().read(chat, answers, tapped or self.given(chat) or likest(chat.message.text, names))


def finish_restock(chat: Chat, answers: Answers) -> Reply:
    if answers.article is None:
        return Reply(words("The store keeps nothing yet."), buttons=(JOBS,))
    kind = next(each for each in _kept(chat) if str(each.id) == answers.article)
    request = ask_restock(
        chat.session, staff_id=me(chat), lines=[(kind.id, answers.quantity)], idempotency_key=chat.origin, now=chat.now
    )
    said = words("Asked for: *%(request)s*, %(quantity)s %(unit)s %(name)s. You hear when it is decided.",
                 request=request.number, quantity=plain(answers.quantity), unit=kind.unit, name=kind.name)  # fmt: skip
    return Reply(said, buttons=(STOCK, JOBS))


restock = Flow(
    name="restock_request",
    intent="restock_request",
    permission="chat.stock",
    title=words("your request to the store"),
    questions=[
        Article("article"),
        Quantity("quantity", lambda *_: words("How much of it?"), when=lambda _, answers: answers.article is not None),
    ],
    finish=finish_restock,
    refused=refused_as(words("That quantity cannot be."), (QuantityInvalid, RestockInvalid), STOCK, JOBS),
    needs_account=False,
)

FLOWS = (used, back, distance, restock)
