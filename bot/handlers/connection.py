"""Where the network is, and what became of a request for a connection."""

from __future__ import annotations

from bot.desk.leads import state_line
from bot.dialog import Chat
from bot.handlers.registry import Begin, Handler
from bot.localities import Where, matching_places, names_place, shared_point
from bot.texts.reply import Button, Reply, Row, Saying, lines, verbatim, words
from bot.understanding.folding import fold
from core.crm.coverage import Place, nearest_place, places_of
from core.crm.desk import desk_settings
from core.crm.lead_models import OPEN_LEADS
from core.crm.leads import leads_of

MENU = Button("menu", words("Menu"))
PLANS = Button("plan", words("See plans"))
HUMAN = Button("human", words("Talk to a person"))
FLOW = "new_connection"
_STATUS = frozenset(
    word for spelling in ("status", "request", "application", "darkhwast", "bana", "hua", "درخواست", "بنا")
    for word in fold(spelling).split()
)  # fmt: skip


def places(chat: Chat) -> list[Place]:
    """The company's places, read once a turn."""
    return chat.once("places", lambda: places_of(chat.session))


def place_of_zone(chat: Chat, zone: str) -> Place | None:
    """The sub-zone with this id."""
    return next((place for place in places(chat) if str(place.sub_zone_id) == zone), None)


def where_named(chat: Chat, said: str) -> Where:
    """A place in words; its zone only where the words leave no doubt."""
    place, _ = matching_places(said, places(chat))
    return Where(str(place.sub_zone_id) if place else "", None, said)


def where_shared(chat: Chat) -> Where | None:
    """The place of a location that was sent."""
    point = shared_point(chat.message)
    if point is None:
        return None
    found = nearest_place(
        chat.session, latitude=point.latitude, longitude=point.longitude,
        within=desk_settings(chat.session).coverage_metres,
    )  # fmt: skip
    return Where(str(found.sub_zone_id) if found else "", point)


def coverage_line(chat: Chat, where: Where) -> Saying:
    """Whether we are there."""
    place = place_of_zone(chat, where.zone)
    if place is None:
        return words("I do not find this place in our network yet.")
    if place.coverage == "planned":
        return words("We are coming to *%(place)s* soon.", place=place.label)
    if place.coverage == "closed":
        return words("We take no new connections in *%(place)s* at present.", place=place.label)
    return words("Good news: our network is in *%(place)s*.", place=place.label)


def coverage(chat: Chat, _: str) -> Reply:
    """What the shared location or the words of the message say; else the question where."""
    where = where_shared(chat)
    if where is None and chat.message.type == "text":
        named = where_named(chat, chat.message.text)
        likely = matching_places(chat.message.text, places(chat))[1]
        where = named if named.zone or likely else None
    if where is None:
        return Reply(
            words("In which area is the house? Write its name, or send its location: 📎 → Location."), buttons=(MENU,)
        )
    if not where.zone and where.point is None:
        return _which(chat)
    return Reply(
        lines(coverage_line(chat, where), words("Shall I note a request for a connection?")),
        buttons=(Button(f"flow:{FLOW}:{where.packed()}", words("New connection")), PLANS, MENU),
    )


def _which(chat: Chat) -> Reply:
    """Several parts of an area, or areas of like names: which one?"""
    rows = tuple(
        Row(f"flow:{FLOW}:{Where(str(place.sub_zone_id), None, '').packed()}", verbatim(place.name),
            verbatim(place.area))
        for place in matching_places(chat.message.text, places(chat))[1]
    )  # fmt: skip
    return Reply(
        lines(words("Our network is near there. Which of these do you mean?"), words("Your choice begins a request.")),
        rows=rows, list_button=words("Choose"),
    )  # fmt: skip


def connection(chat: Chat, _: str) -> Reply | Begin:
    """A wish for a connection: how far it is where one was asked for, whether we are there, or the first question."""
    mine = leads_of(chat.session, contact_id=chat.speaker.contact_id)
    asks_status = bool(frozenset(fold(chat.message.text).split()) & _STATUS)
    if mine and (asks_status or mine[0].state in OPEN_LEADS):
        return lead_status(chat, "")
    named = where_named(chat, chat.message.text) if chat.message.type == "text" else Where()
    if named.zone or (named.said and names_place(named.said, places(chat))):
        return coverage(chat, "")
    return Begin(FLOW)


def lead_status(chat: Chat, _: str) -> Reply:
    """How far the person's requests are."""
    mine = leads_of(chat.session, contact_id=chat.speaker.contact_id, limit=3)
    if not mine:
        return Reply(
            words("You have asked for no connection yet."),
            buttons=(Button(f"flow:{FLOW}", words("New connection")), MENU),
        )
    again = () if mine[0].state in OPEN_LEADS else (Button(f"flow:{FLOW}", words("New connection")),)
    return Reply(lines(*(state_line(lead) for lead in mine)), buttons=(*again, HUMAN, MENU))


HANDLERS = (
    Handler("connection", ("new_connection",), "chat.connection", connection),
    Handler("lead_status", (), "chat.connection", lead_status),
    Handler("coverage", (), "chat.connection", coverage),
)
