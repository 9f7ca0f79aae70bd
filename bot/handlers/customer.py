"""What a customer asks and gets in one turn."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from bot.dialog import Chat
from bot.handlers.registry import Handler
from bot.texts.reply import Button, Reply, Row, Saying, lines, verbatim, words
from bot.understanding.folding import fold
from core.billing.balance import AccountBalance, account_balance
from core.billing.invoice_models import Invoice
from core.billing.invoices import invoices_of
from core.billing.payments import payments_of
from core.billing.plans import offered_plans
from core.billing.subscription_models import Subscription
from core.billing.subscriptions import current_subscription
from core.service_desk.models import OPEN_STATES, Ticket
from core.service_desk.tickets import TicketAlreadyOpen, add_note, open_ticket, tickets_of
from core.usecases.money_on_its_way import money_on_its_way

CATEGORY_NAMES = {
    "no_internet": words("No internet"),
    "slow_speed": words("Slow speed"),
    "intermittent": words("Comes and goes"),
    "router_wifi": words("Router or Wi-Fi"),
    "cable_damage": words("Cable damage"),
    "billing_dispute": words("A bill is wrong"),
    "other": words("Something else"),
}
TICKET_NAMES = CATEGORY_NAMES | {"pick_up": words("Equipment to pick up")}
"""Of every ticket; a customer can only open the former."""
TICKET_STATES = {
    "open": words("received, a technician will be assigned"),
    "assigned": words("a technician is assigned"),
    "in_progress": words("a technician is working on it"),
    "resolved": words("resolved"),
    "closed": words("closed"),
}
BALANCE = Button("balance", words("My balance"))
INVOICE = Button("invoice", words("Invoice (PDF)"))
HOW_TO_PAY = Button("how_to_pay", words("How to pay"))
HAVE_PAID = Button("flow:claim_payment", words("I have paid"))
COMPLAIN = Button("flow:file_complaint", words("Report a problem"))
HUMAN = Button("human", words("Talk to a person"))
MENU = Button("menu", words("Menu"))
RECEIPT = Button("receipt", words("Last receipt"))
PROMISE = Button("flow:promise_to_pay", words("Pay later"))
RECHARGE = Button("flow:redeem_card", words("Recharge card"))
RENEW = Button("flow:renew_prepaid", words("Renew"))
PLANS = Button("plan", words("My plan"))
CHANGE_PLAN = Button("flow:change_plan", words("Change plan"))
_RECEIPT_WORDS = frozenset({"receipt", "raseed", "rasid", "raseedein", "رسید"})


def menu(chat: Chat, _: str) -> Reply:
    name = chat.speaker.account.name if chat.speaker.account else chat.speaker.name
    rows = (
        Row("balance", words("My balance"), words("What I owe and by when")),
        Row("invoice", words("Invoice (PDF)"), words("The bill of this or another month")),
        Row("how_to_pay", words("How to pay"), words("JazzCash, bank and other ways")),
        Row("flow:claim_payment", words("I have paid"), words("Send your payment's proof")),
        Row("flow:promise_to_pay", words("Pay later"), words("Promise a day and an amount")),
        Row("flow:file_complaint", words("Report a problem"), words("No internet, slow, Wi-Fi, cable")),
        Row("complaint_status", words("My complaints"), words("How far my complaint is")),
        Row("plan", words("My plan"), words("Speed, price and other plans")),
        Row("language", words("Language"), words("English, Roman Urdu, Urdu")),
        Row("human", words("Talk to a person"), words("Our staff will call you")),
    )
    body = words("Salam %(name)s! This is %(company)s. How can I help?", name=name, company=chat.company.name)
    return Reply(body, rows=rows, list_button=words("Choose"))


def balance(chat: Chat, _: str) -> Reply:
    owed = account_balance(chat.session, customer_id=chat.account.customer_id, today=chat.today)
    if owed.due <= 0:
        return _all_paid(chat, owed)
    body = lines(
        words("Account %(number)s, %(name)s", number=chat.account.number, name=chat.account.name),
        words("Balance to pay: *%(amount)s*", amount=owed.due),
        _due_line(owed),
        *(
            words(
                "• %(invoice)s: %(amount)s, due %(day)s",
                invoice=bill.number,
                amount=bill.balance,
                day=bill.due_on,
            )
            for bill in owed.unpaid[:6]
        ),
        *_on_its_way(chat),
    )
    return Reply(body, buttons=(INVOICE, HOW_TO_PAY, HAVE_PAID))


def _all_paid(chat: Chat, owed: AccountBalance) -> Reply:
    mine = current_subscription(chat.session, customer_id=chat.account.customer_id)
    body = lines(_nothing_owed(chat, owed), _prepaid_line(chat, mine), *_on_its_way(chat))
    if mine is not None and mine.plan.validity_days is not None:
        return Reply(body, buttons=(RENEW, RECHARGE, MENU))
    paid = payments_of(chat.session, customer_id=chat.account.customer_id, limit=1)
    return Reply(body, buttons=(INVOICE, RECEIPT if paid else COMPLAIN, MENU))


def _prepaid_line(chat: Chat, mine: Subscription | None) -> Saying | None:
    if mine is None or mine.plan.validity_days is None or mine.paid_until is None:
        return None
    return words("Your plan runs until *%(until)s*.", until=mine.paid_until.astimezone(chat.zone))


def _on_its_way(chat: Chat) -> list[Saying]:
    """A promise that runs, and payments of which he told and which the office has not checked yet."""
    coming = money_on_its_way(chat.session, customer_id=chat.account.customer_id)
    promised = (
        [words("You promised %(amount)s by %(day)s.", amount=coming.promise.amount, day=coming.promise.due_on)]
        if coming.promise
        else []
    )
    return promised + [
        words("Your payment *%(claim)s* of %(amount)s is being checked.", claim=claim.number, amount=claim.amount)
        for claim in coming.claims
    ]


def receipt(chat: Chat, _: str) -> Reply:
    """The PDF of the newest receipt."""
    paid = payments_of(chat.session, customer_id=chat.account.customer_id, limit=1)
    if not paid:
        return Reply(words("There is no payment on your account yet."), buttons=(BALANCE, HOW_TO_PAY, MENU))
    caption = words(
        "Receipt %(receipt)s: %(amount)s on %(day)s.",
        receipt=paid[0].number, amount=paid[0].amount, day=paid[0].received_on,
    )  # fmt: skip
    return Reply(
        caption,
        attachment={
            "source": "receipt_pdf",
            "id": str(paid[0].id),
            "filename": f"{paid[0].number}.pdf",
            "language": chat.speaker.language,
        },
    )


def _nothing_owed(chat: Chat, owed: AccountBalance) -> Saying:
    clear = words("Nothing is owed on account %(number)s. Thank you!", number=chat.account.number)
    if owed.advance > 0:
        return lines(clear, words("You have %(amount)s in advance.", amount=owed.advance))
    return clear


def _due_line(owed: AccountBalance) -> Saying | None:
    if owed.overdue > 0:
        return words("%(amount)s of it is overdue since %(day)s.", amount=owed.overdue, day=owed.oldest_due_on)
    return words("Please pay by %(day)s.", day=owed.oldest_due_on) if owed.oldest_due_on else None


def invoice(chat: Chat, number: str) -> Reply:
    """The PDF of the invoice named, of the month asked for, or of the newest; who says receipt gets that one."""
    if not number and _RECEIPT_WORDS & set(fold(chat.message.text).split()):
        return receipt(chat, "")
    bills = invoices_of(chat.session, customer_id=chat.account.customer_id)
    if not bills:
        return Reply(words("There is no invoice on your account yet."), buttons=(BALANCE, MENU))
    chosen = _chosen(chat, bills, number)
    if chosen is None:
        rows = tuple(Row(f"invoice:{bill.number}", verbatim(bill.number or ""), _issued(bill)) for bill in bills[:10])
        return Reply(words("I have no such invoice. These are yours:"), rows=rows, list_button=words("Choose"))
    caption = words(
        "Invoice %(invoice)s: %(amount)s, due %(day)s.",
        invoice=chosen.number,
        amount=chosen.total,
        day=chosen.due_on,
    )
    return Reply(
        caption,
        attachment={
            "source": "invoice_pdf",
            "id": str(chosen.id),
            "filename": f"{chosen.number}.pdf",
            "language": chat.speaker.language,
        },
    )


def _issued(bill: Invoice) -> Saying:
    return words("%(amount)s, issued %(day)s", amount=bill.total, day=bill.issued_on)


def _chosen(chat: Chat, bills: list[Invoice], number: str) -> Invoice | None:
    wanted = number or chat.understood.entities.get("invoice_no")
    if wanted:
        return next((bill for bill in bills if bill.number == wanted), None)
    month = chat.understood.entities.get("month")
    if isinstance(month, date) and not number:
        of_month = (
            b for b in bills if (b.period_start or b.issued_on or chat.today).replace(day=1) == month.replace(day=1)
        )
        return next(of_month, None)
    return bills[0]


def how_to_pay(chat: Chat, _: str) -> Reply:
    ways = [verbatim(f"• {way}: {number}") for way, number in chat.company.payment_methods.items()]
    if not ways:
        return Reply(words("Please ask our office how to pay: %(phone)s", phone=chat.company.support_phone or "-"))
    heading = words(
        "You can pay here. Please write your account number %(number)s as the reference:", number=chat.account.number
    )
    return Reply(lines(heading, *ways), buttons=(HAVE_PAID, PROMISE, MENU))


def complaint_status(chat: Chat, number: str) -> Reply:
    own = tickets_of(chat.session, customer_id=chat.account.customer_id)
    tickets = [ticket for ticket in own if ticket.category in CATEGORY_NAMES]
    wanted = number or chat.understood.entities.get("ticket_no")
    if wanted:
        tickets = [ticket for ticket in tickets if ticket.number == wanted]
        if not tickets:
            return Reply(words("You have no complaint %(ticket)s.", ticket=wanted), buttons=(COMPLAIN, MENU))
    if not tickets:
        return Reply(words("You have no complaint with us. Is something wrong?"), buttons=(COMPLAIN, MENU))
    is_open = [ticket for ticket in tickets if ticket.state in OPEN_STATES]
    shown = (is_open or tickets)[:3]
    body = lines(*(_ticket_line(chat, ticket) for ticket in shown))
    return Reply(body, buttons=(COMPLAIN, HUMAN, MENU) if not is_open else (HUMAN, MENU))


def _ticket_line(chat: Chat, ticket: Ticket) -> Saying:
    zone = ZoneInfo(chat.company.timezone)
    told = next((note.body for note in reversed(ticket.notes) if note.public), None)
    return lines(
        words(
            "*%(ticket)s* (%(what)s): %(state)s.",
            ticket=ticket.number, what=CATEGORY_NAMES[ticket.category], state=TICKET_STATES[ticket.state],
        ),
        words("We aim to solve it by %(day)s.", day=ticket.due_at.astimezone(zone))
        if ticket.state in OPEN_STATES and ticket.due_at > chat.now
        else words("It is taking longer than we promised; we are sorry.") if ticket.state in OPEN_STATES else None,
        verbatim(f"“{told}”") if told else None,
    )  # fmt: skip


def plan(chat: Chat, _: str) -> Reply:
    mine = None
    if chat.speaker.account:
        mine = current_subscription(chat.session, customer_id=chat.speaker.account.customer_id)
    offers = offered_plans(chat.session, day=chat.today)
    body = lines(
        words("Your plan: *%(plan)s* (%(mbps)s Mbps).", plan=mine.plan.name, mbps=mine.plan.download_mbps)
        if mine
        else None,
        words("Our plans, per month before taxes:"),
        *(
            words(
                "• %(plan)s: %(mbps)s Mbps, %(amount)s",
                plan=offer.name,
                mbps=offer.download_mbps,
                amount=price,
            )
            for offer, price in offers
        ),
    )
    if mine is None:
        return Reply(body, buttons=(HUMAN, MENU))
    if mine.plan.validity_days is not None:
        return Reply(lines(_prepaid_line(chat, mine), body), buttons=(RENEW, RECHARGE, MENU))
    return Reply(body, buttons=(CHANGE_PLAN, HUMAN, MENU))


def human(chat: Chat, _: str) -> Reply:
    """Registers the wish as a ticket, so that it is seen and counted; a second wish joins the first."""
    if chat.speaker.account is None:
        return Reply(words("Please call our office: %(phone)s", phone=chat.company.support_phone or "-"))
    try:
        with chat.session.begin_nested():
            ticket = open_ticket(
                chat.session, customer_id=chat.account.customer_id, category="other", priority="high",
                description=chat.message.text or "asks to talk to a person",
                opened_by=chat.speaker.actor, now=chat.now,
            )  # fmt: skip
    except TicketAlreadyOpen as running:
        ticket = running.ticket
        add_note(
            chat.session, ticket_id=ticket.id, author=chat.speaker.actor, public=False,
            body=chat.message.text or "asks to talk to a person again",
        )  # fmt: skip
    return Reply(
        words("A person of our team will call you. Your reference is *%(ticket)s*.", ticket=ticket.number),
        buttons=(MENU,),
    )


def not_in_chat_yet(chat: Chat, _: str) -> Reply:
    return Reply(words("I cannot do this in chat yet. Shall a person of our team call you?"), buttons=(HUMAN, MENU))


def thanks(chat: Chat, _: str) -> Reply:
    return Reply(words("You are welcome!"))


HANDLERS = (
    Handler("balance", ("balance",), "chat.balance", balance, needs_account=True),
    Handler("invoice", ("invoice",), "chat.invoice", invoice, needs_account=True),
    Handler("receipt", (), "chat.receipt", receipt, needs_account=True),
    Handler("how_to_pay", ("how_to_pay",), "chat.how_to_pay", how_to_pay, needs_account=True),
    Handler("complaint_status", ("complaint_status", "outage"), "chat.complaint_status", complaint_status, True),
    Handler("plan", ("plan_list", "plan_change"), "chat.plans", plan),
    Handler("menu", ("menu",), "chat.menu", menu),
    Handler("human", ("human",), "chat.human", human),
    Handler("thanks", ("thanks",), "chat.menu", thanks),
    Handler(
        "not_in_chat_yet",
        ("usage", "new_connection", "relocation", "disconnect", "wifi_password"),
        "chat.menu", not_in_chat_yet,
    ),
)  # fmt: skip
