"""Why an amount is what it is: each part of what is owed, what was paid, and how it adds up."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bot.dialog import Chat
from bot.handlers import customer
from bot.handlers.customer import BALANCE, HOW_TO_PAY, INVOICE, MENU
from bot.handlers.registry import Handler
from bot.texts.render import render
from bot.texts.reply import Button, Reply, Row, Saying, figure, lines, verbatim, words
from bot.understanding.hints import gives
from core.billing.explaining import (
    Comparison,
    ExplainedInvoice,
    Part,
    Settled,
    compare_with_last,
    explain_invoice,
    explain_invoices,
    invoices_of_amount,
    parts_of_amount,
)
from core.billing.invoices import invoices_of
from core.money import ZERO

SHOWN = 4
"""Bills taken apart in one message; the others are named with what is left of them."""
SEARCHED = 8
BUTTON_BODY_MAX = 1000
WRONG = words("This is wrong")
KINDS = {
    "installation": words("Installation"),
    "equipment": words("Equipment"),
    "deposit": words("Refundable deposit"),
    "fee": words("Fee"),
    "tv": words("Cable TV"),
    "rounding": words("Rounding to whole rupees"),
    "opening": words("Balance from before"),
}


def balance(chat: Chat, _: str) -> Reply:
    """What is owed; taken apart where he asks why, or names an amount."""
    asks = gives(chat.message.text, "explain") or "amount" in chat.understood.entities
    return explain(chat, "") if asks and chat.message.action is None else customer.balance(chat, "")


def explain(chat: Chat, number: str) -> Reply:
    """Every part of the bill of that number, or of all that is owed; of an amount he names, the parts it is."""
    wanted = number or str(chat.understood.entities.get("invoice_no") or "")
    if wanted:
        one = explain_invoice(chat.session, customer_id=chat.account.customer_id, number=wanted)
        bills = [one] if one else []
    else:
        bills = explain_invoices(chat.session, customer_id=chat.account.customer_id)
    if not bills:
        return Reply(words("There is no bill on your account yet."), buttons=(BALANCE, MENU))
    amount = chat.understood.entities.get("amount")
    named = _named(chat, bills, amount) if isinstance(amount, Decimal) and not number else _of_kind(chat, bills)
    compared = None if wanted else compare_with_last(chat.session, customer_id=chat.account.customer_id)
    body = lines(
        *named,
        *(_bill(bill, apart=bool(named) or bill is not bills[0]) for bill in bills[:SHOWN]),
        *(
            words("*%(invoice)s*: %(amount)s left to pay", invoice=bill.number, amount=bill.balance)
            for bill in bills[SHOWN:]
        ),
        verbatim("") if len(bills) > 1 else None,
        _together(bills),
        _compared(compared),
        *customer.on_its_way(chat),
    )
    return _with_buttons(chat, body, bills[:SHOWN])


def _with_buttons(chat: Chat, body: Saying, bills: Sequence[ExplainedInvoice]) -> Reply:
    wrong = [f"flow:dispute_bill:{bill.number}" for bill in bills]
    if len(bills) == 1 and len(render(body, chat.speaker.language, chat.company.currency)) <= BUTTON_BODY_MAX:
        return Reply(body, buttons=(Button(wrong[0], WRONG), HOW_TO_PAY if bills[0].balance else INVOICE, MENU))
    rows = (
        *(Row(action, WRONG, verbatim(bill.number)) for action, bill in zip(wrong, bills, strict=True)),
        *(Row(f"invoice:{bill.number}", words("Invoice (PDF)"), verbatim(bill.number)) for bill in bills),
        Row("how_to_pay", words("How to pay"), words("JazzCash, bank and other ways")),
        Row("menu", words("Menu")),
    )
    return Reply(body, rows=rows, list_button=words("Choose"))


def _bill(bill: ExplainedInvoice, *, apart: bool) -> Saying:
    taken = sum((each.amount for each in bill.settled), ZERO)
    return lines(
        verbatim("") if apart else None,
        words("*%(invoice)s*, issued %(day)s, to pay by %(due)s", invoice=bill.number, day=bill.issued_on,
              due=bill.due_on),
        *(words("• %(what)s: %(amount)s", what=described(part), amount=part.amount) for part in bill.parts),
        words("The whole bill: %(amount)s", amount=bill.total),
        *(_settled(each) for each in bill.settled),
        words("Left of it: %(total)s − %(taken)s = *%(amount)s*", total=bill.total, taken=taken, amount=bill.balance)
        if bill.settled
        else None,
    )  # fmt: skip


def _settled(each: Settled) -> Saying:
    facts = {"amount": each.amount, "day": each.day, "number": each.number}
    if each.kind == "credit":
        return words("− %(amount)s taken off on %(day)s, credit note %(number)s", **facts)
    if each.kind == "advance":
        return words("− %(amount)s from your advance on %(day)s, receipt %(number)s", **facts)
    if each.kind == "rest":
        return words("− %(amount)s, a small rest that was let off", amount=each.amount)
    return words("− %(amount)s paid on %(day)s, receipt %(number)s", **facts)


def described(part: Part) -> Saying:
    """One line of a bill in words; names of plans and taxes stay as they are."""
    what = _described(part)
    if part.discount > 0:
        return words("%(what)s, after a discount of %(discount)s", what=what, discount=part.discount)
    return what


def _described(part: Part) -> Saying:
    facts = {"name": part.name, "first": part.first, "last": part.last}
    if part.kind == "late_fee":
        return words("Late fee, because %(invoice)s was not paid in time", invoice=part.about)
    if part.kind == "tax":
        return words("%(name)s, %(percent)s%%", name=part.name, percent=f"{(part.percent or ZERO).normalize():f}")
    if part.kind == "usage":
        return words("%(name)s, use beyond what is included, %(first)s to %(last)s", **facts)
    if part.kind in ("plan", "addon", "site"):
        if part.days is not None:
            return words(
                "%(name)s for %(days)s days, %(first)s to %(last)s (a whole month is %(whole)s)",
                **facts, days=part.days, whole=part.whole,
            )  # fmt: skip
        return words("%(name)s, %(first)s to %(last)s", **facts) if part.first else verbatim(part.name)
    kind = KINDS.get(part.kind)
    if kind is None or part.kind in ("rounding", "opening"):
        return kind or verbatim(part.name)
    return words("%(kind)s (%(name)s)", kind=kind, name=part.name)


def _together(bills: Sequence[ExplainedInvoice]) -> Saying | None:
    open_ = [bill for bill in bills if bill.balance > 0]
    if not open_:
        return words("Nothing is left to pay of it.")
    whole = sum((bill.balance for bill in open_), ZERO)
    if len(open_) == 1:
        return words("Balance to pay: *%(amount)s*", amount=whole)
    places = " + ".join(f"%(b{place})s" for place in range(len(open_)))
    added = Saying(places, {f"b{place}": figure(bill.balance) for place, bill in enumerate(open_)}, plain=True)
    return words("Together: %(sum)s = *%(amount)s*", sum=added, amount=whole)


def _compared(compared: Comparison | None) -> Saying | None:
    if compared is None:
        return None
    facts = {"invoice": compared.number, "earlier": compared.earlier_number}
    more = compared.total - compared.earlier_total
    return lines(
        words("%(invoice)s is %(amount)s more than %(earlier)s:", amount=more, **facts)
        if more > 0
        else words("%(invoice)s is %(amount)s less than %(earlier)s:", amount=-more, **facts),
        *(
            words("• %(what)s: %(before)s before, %(now)s now", what=KINDS.get(change.kind, verbatim(change.name)),
                  before=change.before, now=change.now)
            for change in compared.changes
        ),
    )  # fmt: skip


def _named(chat: Chat, bills: Sequence[ExplainedInvoice], amount: Decimal) -> list[Saying]:
    """What an amount he names is: lines of open bills, else of the last ones."""
    found = parts_of_amount(bills, amount)
    if not found and not invoices_of_amount(bills, amount):
        found = parts_of_amount(_lately(chat, bills), amount)
    if found:
        return [
            words("*%(amount)s* on %(invoice)s is: %(what)s.", amount=part.amount, invoice=bill.number,
                  what=described(part))
            for bill, part in found[:3]
        ]  # fmt: skip
    whole = invoices_of_amount(bills, amount)
    if whole:
        return [words("*%(amount)s* is what %(invoice)s comes to.", amount=amount, invoice=whole[0].number)]
    return [words("No single line of your bills is %(amount)s. This is what they are made of:", amount=amount)]


def _of_kind(chat: Chat, bills: Sequence[ExplainedInvoice]) -> list[Saying]:
    """What he asks about by its kind: late fees or taxes."""
    if chat.message.action is not None:
        return []
    kind = next((kind for kind in ("late_fee", "tax") if gives(chat.message.text, kind)), None)
    if kind is None:
        return []
    found = [(bill, part) for bill in bills for part in bill.parts if part.kind == kind]
    if not found:
        return [words("There is no late fee on these bills.")] if kind == "late_fee" else []
    whole = sum((part.amount for _, part in found), ZERO)
    return [
        words("Late fees in all: *%(amount)s*", amount=whole)
        if kind == "late_fee"
        else words("Taxes in all: *%(amount)s*", amount=whole),
        *(
            words("*%(amount)s* on %(invoice)s is: %(what)s.", amount=part.amount, invoice=bill.number,
                  what=described(part))
            for bill, part in found
        ),
    ]  # fmt: skip


def _lately(chat: Chat, bills: Sequence[ExplainedInvoice]) -> list[ExplainedInvoice]:
    known = {bill.number for bill in bills}
    issued = invoices_of(chat.session, customer_id=chat.account.customer_id, limit=SEARCHED)
    explained = (
        explain_invoice(chat.session, customer_id=chat.account.customer_id, number=bill.number)
        for bill in issued
        if bill.number and bill.number not in known
    )
    return [bill for bill in explained if bill is not None]


HANDLERS = (
    Handler("balance", ("balance",), "chat.balance", balance, needs_account=True),
    Handler("explain", (), "chat.balance", explain, needs_account=True),
)
