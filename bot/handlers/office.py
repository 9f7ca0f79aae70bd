"""What managers and owners ask in one turn: the day's figures, what waits for their decision, one customer."""

from __future__ import annotations

from collections.abc import Sequence

from bot.dialog import ROWS_MAX, Chat
from bot.handlers.names import CATEGORY_NAMES
from bot.handlers.registry import Handler
from bot.texts.reply import Button, Reply, Row, Saying, lines, verbatim, words
from bot.understanding.transliteration import roman
from core.crm.models import Document
from core.usecases.assign_ticket import open_tickets as list_open_tickets
from core.usecases.customer_facts import CustomerFacts, Found, customer_facts, find_by_code, find_by_name
from core.usecases.figures_of_day import figures_of_day
from core.usecases.waiting_approvals import Approval, waiting_approvals

FIGURES = Button("today_figures", words("Today's figures"))
APPROVALS = Button("approvals", words("Approvals"))
OUTAGES = Button("outages", words("Outages"))
METHODS = {
    "cash": words("cash"),
    "bank": words("bank"),
    "cheque": words("cheque"),
    "card": words("card"),
    "jazzcash": words("JazzCash"),
    "easypaisa": words("Easypaisa"),
    "gateway": words("online"),
    "voucher": words("recharge card"),
}
LINE_STATES = {
    "active": words("active"),
    "suspended": words("suspended"),
    "paused": words("paused"),
    "ended": words("ended"),
}
KINDS = {
    "claim": words("Payment to check"),
    "handover": words("Cash to count"),
    "refund": words("Refund"),
    "write_off": words("Debt to give up"),
    "expense": words("Expense"),
    "pick_up": words("Equipment to pick up"),
    "termination": words("Service to end"),
    "write_off_proposal": words("Debt to give up"),
    "cuts": words("Suspensions"),
    "link": words("New number for an account"),
    "restock": words("Stock for a technician"),
    "connection": words("New connection"),
    "discount": words("Discount"),
    "plan_price": words("Price of a plan"),
    "promise_extension": words("Longer promise"),
}


def menu(chat: Chat, _: str) -> Reply:
    return Reply(
        words("Salam %(name)s! What do you need?", name=chat.speaker.name), buttons=(FIGURES, APPROVALS, OUTAGES)
    )


def today_figures(chat: Chat, _: str) -> Reply:
    day = figures_of_day(chat.session, today=chat.today)
    body = lines(
        words("Figures of %(day)s:", day=chat.today),
        words("Collected today: %(amount)s", amount=day.collected),
        *(
            words("• %(method)s: %(amount)s", method=METHODS.get(method, verbatim(method)), amount=amount)
            for method, amount in day.by_method.items()
        ),
        words("Still owed in all: %(amount)s", amount=day.owed),
        words(
            "Overdue: %(amount)s from %(count)s customers",
            amount=day.overdue,
            count=day.overdue_customers,
        ),
        words("Promised for today: %(amount)s by %(count)s customers", amount=day.promised, count=day.promises),
        words("Cash in agents' hands: %(amount)s", amount=day.cash_in_hand),
        words("Open complaints: %(count)s", count=day.open_tickets),
    )
    return Reply(body, buttons=(APPROVALS,))


def approvals_of(chat: Chat) -> Sequence[Approval]:
    """What waits, read once a turn."""
    return chat.once("approvals", lambda: waiting_approvals(chat.session, today=chat.today))


def approval_named(chat: Chat, name: str | None) -> Approval | None:
    """The waiting decision that a button carries."""
    return next((waiting for waiting in approvals_of(chat) if waiting.name == name), None)


def approvals(chat: Chat, after: str) -> Reply:
    """One decision at a time: the first, or the one that follows `after`; behind the last comes the first again."""
    waiting = approvals_of(chat)
    if not waiting:
        return Reply(words("Nothing waits for your decision."), buttons=(FIGURES,))
    names = [each.name for each in waiting]
    place = (names.index(after) + 1) % len(waiting) if after in names else 0
    shown = waiting[place]
    body = lines(
        words("*%(place)s of %(count)s: %(kind)s*", place=place + 1, count=len(waiting), kind=KINDS[shown.kind]),
        described(shown),
    )
    choices = [Button(f"flow:approve:{shown.name}", words("Approve"))]
    if shown.kind != "cuts":
        choices.append(Button(f"flow:refuse:{shown.name}", words("Refuse")))
    if len(waiting) > 1:
        choices.append(Button(f"approvals:{shown.name}", words("Next")))
    if shown.document_id is None:
        return Reply(body, buttons=tuple(choices))
    rows = (*(Row(each.action, each.title) for each in choices), Row(f"proof:{shown.name}", words("See the photo")))
    return Reply(body, rows=rows, list_button=words("Choose"))


def described(waiting: Approval) -> Saying:
    """The facts a decision needs."""
    if waiting.kind == "cuts":
        return words("%(count)s suspensions are planned today, more than may happen by themselves.",
                     count=waiting.count)  # fmt: skip
    if waiting.kind == "link":
        return lines(
            words("%(who)s asks for account *%(number)s*.", who=waiting.who, number=waiting.number),
            None if waiting.count else words("There is no such account."),
            words("Says: %(why)s", why=waiting.why) if waiting.why else None,
        )
    if waiting.kind == "restock":
        return words("%(who)s asks for %(what)s (%(number)s)", who=waiting.who, what=waiting.why, number=waiting.number)
    if waiting.kind == "connection":
        return lines(
            words("%(who)s asks for %(what)s (%(number)s)", who=waiting.who, what=waiting.why, number=waiting.number),
            words("Installation: %(amount)s", amount=waiting.amount) if waiting.amount else None,
        )
    return lines(
        words("%(who)s: *%(amount)s*", who=waiting.who, amount=waiting.amount),
        words("Number: %(number)s", number=waiting.number) if waiting.number else None,
        words("Reference or reason: %(why)s", why=waiting.why) if waiting.why else None,
        words("⚠ The same reference or photo came with %(claim)s.", claim=waiting.same_as) if waiting.same_as else None,
        words("⚠ This reference is booked already, receipt %(receipt)s.", receipt=waiting.paid_with)
        if waiting.paid_with
        else None,
    )


def proof(chat: Chat, name: str) -> Reply:
    """The photo of a claim or the bill of an expense."""
    waiting = approval_named(chat, name)
    document = chat.session.get(Document, waiting.document_id) if waiting and waiting.document_id else None
    if document is None or document.state != "stored":
        return Reply(words("The photo is not here yet. Please try again in a minute."), buttons=(APPROVALS,))
    source = {"source": "document", "id": str(document.id), "filename": document.filename or "photo.jpg"}
    return Reply(words("The photo of this request."), attachment=source)


def customers_meant(chat: Chat, number: str) -> Sequence[Found]:
    """Whom a button, a number, a phone or a name in the words means; several where that is not sure."""
    entities = chat.understood.entities
    wanted = number or str(entities.get("customer_no") or entities.get("phone") or "")
    if wanted or chat.message.action is not None:
        return find_by_code(chat.session, wanted=wanted) if wanted else ()
    return find_by_name(chat.session, words=roman(chat.message.text))


def lookup(chat: Chat, number: str) -> Reply:
    """One customer with what an answer to him needs; a choice where several fit."""
    found = customers_meant(chat, number)
    if not found:
        return Reply(words("I found nobody. Please write a name, a phone or a number such as C-2001."),
                     buttons=(FIGURES,))  # fmt: skip
    if len(found) > 1:
        rows = tuple(
            Row(f"customer_lookup:{each.number}", verbatim(each.name), verbatim(f"{each.number}, {each.sub_zone}"))
            for each in found[:ROWS_MAX]
        )
        return Reply(words("Which customer?"), rows=rows, list_button=words("Choose"))
    customer = found[0]
    facts = customer_facts(chat.session, customer_id=customer.id, today=chat.today)
    buttons = (Button(f"talk_to:{customer.number}", words("Chat")), FIGURES, APPROVALS)
    return Reply(_facts_told(customer, facts), buttons=buttons)


def _facts_told(customer: Found, facts: CustomerFacts) -> Saying:
    owed, promise = facts.balance, facts.promise
    return lines(
        words("*%(number)s %(name)s*, %(place)s", number=customer.number, name=customer.name, place=customer.sub_zone),
        verbatim(customer.phone) if customer.phone else None,
        *(
            words("• %(plan)s: %(state)s", plan=plan, state=LINE_STATES[state])
            for plan, state in facts.lines
        ),
        words("Balance to pay: *%(amount)s*", amount=owed.due),
        words("Advance: %(amount)s", amount=owed.advance) if owed.advance else None,
        words("Overdue: %(amount)s since %(day)s", amount=owed.overdue, day=owed.oldest_due_on)
        if owed.overdue
        else None,
        words("Promised: %(amount)s by %(day)s", amount=promise.amount, day=promise.due_on) if promise else None,
        words("Promises kept: %(kept)s, broken: %(broken)s", kept=facts.kept, broken=facts.broken)
        if facts.kept or facts.broken
        else None,
        *(
            words("Open: %(ticket)s, %(what)s", ticket=number, what=CATEGORY_NAMES[category])
            for number, category in facts.open_tickets
        ),
        *(
            words("Paid: %(amount)s on %(day)s, %(method)s", amount=amount, day=day,
                  method=METHODS.get(method, verbatim(method)))
            for day, amount, method in facts.payments
        ),
    )  # fmt: skip


def open_tickets(chat: Chat, _: str) -> Reply:
    """Open complaints, those of nobody first; a tap gives one to a technician."""
    waiting = list_open_tickets(chat.session, limit=ROWS_MAX)
    if not waiting:
        return Reply(words("No ticket is open."), buttons=(FIGURES,))
    rows = tuple(
        Row(f"flow:assign_ticket:{each.number}", verbatim(each.number),
            words("%(what)s, due %(when)s", what=CATEGORY_NAMES[each.category], when=each.due_at.astimezone(chat.zone)))
        for each in waiting
    )  # fmt: skip
    return Reply(words("Open tickets, tap one to give it to somebody:"), rows=rows, list_button=words("Choose"))


HANDLERS = (
    Handler("open_tickets", (), "ticket.write", open_tickets),
    Handler("menu", ("menu",), "chat.menu", menu),
    Handler("today_figures", (), "chat.figures", today_figures),
    Handler("approvals", ("approvals",), "chat.approve", approvals),
    Handler("proof", (), "chat.approve", proof),
    Handler("customer_lookup", ("customer_lookup",), "chat.lookup", lookup),
)
