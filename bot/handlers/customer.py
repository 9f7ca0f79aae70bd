"""What a customer asks and gets in one turn."""

from __future__ import annotations

from bot.dialog import Chat
from bot.handlers.registry import Handler
from bot.texts.reply import Button, Reply, Row, Saying, lines, verbatim, words
from core.billing.balance import AccountBalance, account_balance
from core.billing.payments import payments_of
from core.billing.subscription_models import Subscription
from core.billing.subscriptions import current_subscription
from core.service_desk.tickets import TicketAlreadyOpen, add_note, open_ticket
from core.usecases.money_on_its_way import money_on_its_way

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
        Row("more", words("More"), words("Usage, moving, Wi-Fi password, pause, language")),
        Row("human", words("Talk to a person"), words("Our staff will call you")),
    )
    body = words("Salam %(name)s! This is %(company)s. How can I help?", name=name, company=chat.company.name)
    return Reply(body, rows=rows, list_button=words("Choose"))


def more(_chat: Chat, _: str) -> Reply:
    """What the menu has no room for."""
    rows = (
        Row("usage", words("My usage"), words("GB by day, and a report as PDF")),
        Row("outage", words("Outage in my area"), words("Whether the internet is off around you")),
        Row("receipt", words("Last receipt"), words("The receipt of your last payment as PDF")),
        Row("explain", words("Explain my bill"), words("Each part of it, and what was paid")),
        Row("flow:change_plan", words("Change plan"), words("Faster or cheaper, with the price shown first")),
        Row("flow:wifi_password", words("Wi-Fi name, password"), words("We set a new one for you")),
        Row("flow:relocate", words("Moving house"), words("Take the connection along")),
        Row("flow:pause_line", words("Pause the line"), words("While you are away")),
        Row("flow:disconnect", words("End the connection"), words("We are sorry to see you go")),
        Row("language", words("Language"), words("English, Roman Urdu, Urdu")),
    )
    return Reply(words("What else can I do for you?"), rows=rows, list_button=words("Choose"))


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
        *on_its_way(chat),
    )
    return Reply(body, buttons=(INVOICE, HOW_TO_PAY, HAVE_PAID))


def _all_paid(chat: Chat, owed: AccountBalance) -> Reply:
    mine = current_subscription(chat.session, customer_id=chat.account.customer_id)
    body = lines(_nothing_owed(chat, owed), prepaid_line(chat, mine), *on_its_way(chat))
    if mine is not None and mine.plan.validity_days is not None:
        return Reply(body, buttons=(RENEW, RECHARGE, MENU))
    paid = payments_of(chat.session, customer_id=chat.account.customer_id, limit=1)
    return Reply(body, buttons=(INVOICE, RECEIPT if paid else COMPLAIN, MENU))


def prepaid_line(chat: Chat, mine: Subscription | None) -> Saying | None:
    """Until when a prepaid plan runs."""
    if mine is None or mine.plan.validity_days is None or mine.paid_until is None:
        return None
    return words("Your plan runs until *%(until)s*.", until=mine.paid_until.astimezone(chat.zone))


def on_its_way(chat: Chat) -> list[Saying]:
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


def _nothing_owed(chat: Chat, owed: AccountBalance) -> Saying:
    clear = words("Nothing is owed on account %(number)s. Thank you!", number=chat.account.number)
    if owed.advance > 0:
        return lines(clear, words("You have %(amount)s in advance.", amount=owed.advance))
    return clear


def _due_line(owed: AccountBalance) -> Saying | None:
    if owed.overdue > 0:
        return words("%(amount)s of it is overdue since %(day)s.", amount=owed.overdue, day=owed.oldest_due_on)
    return words("Please pay by %(day)s.", day=owed.oldest_due_on) if owed.oldest_due_on else None


def how_to_pay(chat: Chat, _: str) -> Reply:
    ways = [verbatim(f"• {way}: {number}") for way, number in chat.company.payment_methods.items()]
    if not ways:
        return Reply(words("Please ask our office how to pay: %(phone)s", phone=chat.company.support_phone or "-"))
    heading = words(
        "You can pay here. Please write your account number %(number)s as the reference:", number=chat.account.number
    )
    return Reply(lines(heading, *ways), buttons=(HAVE_PAID, PROMISE, MENU))


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
    Handler("how_to_pay", ("how_to_pay",), "chat.how_to_pay", how_to_pay, needs_account=True),
    Handler("menu", ("menu",), "chat.menu", menu),
    Handler("more", (), "chat.menu", more),
    Handler("human", ("human",), "chat.human", human),
    Handler("thanks", ("thanks",), "chat.menu", thanks),
    Handler(
        "not_in_chat_yet",
        ("new_connection",),
        "chat.menu", not_in_chat_yet,
    ),
)  # fmt: skip
