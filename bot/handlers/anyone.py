"""What everyone may say at any moment: language, opt-out, an account chosen, a role switched, a wish unclear."""

from __future__ import annotations

from dataclasses import replace

from bot.dialog import ROWS_MAX, Chat
from bot.handlers.registry import Handler
from bot.texts.reply import Button, Reply, Row, lines, verbatim, words
from bot.understanding.folding import fold
from core.crm.consents import note_choice
from core.crm.contacts import set_language

LANGUAGE_NAMES = {"en": "English", "ur_Latn": "Roman Urdu", "ur": "اردو"}
MENU = Button("menu", words("Menu"))
ROLE_MENUS = {
    "customer": words("Customer menu"),
    "technician": words("Technician menu"),
    "recovery_agent": words("Recovery menu"),
    "manager": words("Manager menu"),
    "owner": words("Owner menu"),
}


def language(chat: Chat, code: str) -> Reply:
    chosen = code or str(chat.understood.entities.get("language") or "")
    if chosen not in LANGUAGE_NAMES:
        buttons = tuple(Button(f"language:{c}", verbatim(name)) for c, name in LANGUAGE_NAMES.items())
        return Reply(words("Which language shall I use?"), buttons=buttons)
    set_language(chat.session, contact_id=chat.speaker.contact_id, language=chosen, chosen=True)
    return Reply(words("Done. I will write in this language."), buttons=(MENU,), language=chosen)


_OFFERS = frozenset(
    word for spelling in ("offer", "offers", "marketing", "promotion", "promo", "ads", "ad", "ishtehar", "advert",
                          "آفر", "اشتہار", "اشتہارات")
    for word in fold(spelling).split()
)  # fmt: skip


def opt_out(chat: Chat, what: str) -> Reply:
    """Stops all that was not asked for, or offers alone where the words or the tap say so."""
    if what == "marketing" or frozenset(fold(chat.message.text).split()) & _OFFERS:
        _choose(chat, "stop", "marketing")
        if what == "marketing":  # the tap that takes back a part of the stop just said
            _choose(chat, "resume", "notices")
        return Reply(words("You will get no offers from us. Bills and service notices still come."), buttons=(MENU,))
    _choose(chat, "stop", "marketing", "notices")
    return Reply(
        words("You will get no more notices from us. Write START to get them again. You can still ask me anything."),
        buttons=(Button("opt_out:marketing", words("Only no offers")),),
    )


def opt_in(chat: Chat, _: str) -> Reply:
    _choose(chat, "resume", "marketing", "notices")
    return Reply(words("You will get our notices again."), buttons=(MENU,))


def _choose(chat: Chat, choice: str, *categories: str) -> None:
    for category in categories:
        note_choice(
            chat.session, contact_id=chat.speaker.contact_id, category=category, choice=choice, how=chat.origin,
            told_at=chat.now,
        )  # fmt: skip


def which_account(chat: Chat, wish: str) -> Reply:
    """Asks which of the person's accounts is meant; the answer carries the wish on."""
    rows = tuple(
        Row(f"account:{account.number}:{wish}", verbatim(account.number), verbatim(account.name))
        for account in chat.speaker.accounts[:10]
    )
    return Reply(words("Which account do you mean?"), rows=rows, list_button=words("Choose"))


def no_account(chat: Chat) -> Reply:
    return Reply(
        words(
            "This number is not linked to an account of %(company)s. If you are our customer, link your account here"
            " or call %(phone)s.",
            company=chat.company.name,
            phone=chat.company.support_phone or "-",
        ),
        buttons=(Button("flow:link_account", words("Link my account")), Button("plan", words("See plans")), MENU),
    )


def unclear(chat: Chat, *, lost: bool) -> Reply:
    """Not understood: the menu is one tap away; lost twice in a row, a person is offered too."""
    if lost:
        return Reply(
            words("I am sorry, I still do not understand. Shall a person of our team call you?"),
            buttons=(Button("human", words("Talk to a person")), MENU),
        )
    return Reply(words("Sorry, I did not understand. Please say it in other words, or open the menu."), buttons=(MENU,))


def with_other_roles(chat: Chat, menu: Reply) -> Reply:
    """A menu with one tap to each other role of the person; the last entries make room where there is none."""
    others = [role for role in chat.speaker.roles if role != chat.speaker.role]
    if not others:
        return menu
    rows = menu.rows or tuple(Row(button.action, button.title) for button in menu.buttons)
    switches = tuple(Row(f"role:{role}", ROLE_MENUS[role], words("Switch to this role")) for role in others)
    return replace(
        menu, buttons=(), rows=(*rows[: ROWS_MAX - len(switches)], *switches),
        list_button=menu.list_button or words("Choose"),
    )  # fmt: skip


def role_taken(role: str, menu: Reply) -> Reply:
    """The menu of the role just taken, told which one it is."""
    return replace(menu, body=lines(words("You are in the %(menu)s now.", menu=ROLE_MENUS[role]), menu.body))


def out_of_scope(chat: Chat, _: str) -> Reply:
    return Reply(words("I can only help with your internet connection and bills."), buttons=(MENU,))


HANDLERS = (
    Handler("language", ("language",), "chat.menu", language),
    Handler("opt_out", ("opt_out",), "chat.menu", opt_out),
    Handler("opt_in", ("opt_in",), "chat.menu", opt_in),
    Handler("out_of_scope", ("out_of_scope",), "chat.menu", out_of_scope),
)
