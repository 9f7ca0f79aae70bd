"""Bills and receipts as PDF: the newest, of a month, of a number, or a list where several are meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from bot.dialog import ROWS_MAX, Chat
from bot.handlers.customer import BALANCE, HOW_TO_PAY, MENU
from bot.handlers.registry import Handler
from bot.texts.reply import Reply, Row, Saying, verbatim, words
from bot.understanding.folding import fold, normalise
from bot.understanding.hints import gives
from core.billing.invoice_models import Invoice
from core.billing.invoices import invoices_of
from core.billing.payment_models import Payment
from core.billing.payments import payments_of

LOOKED_AT = 60
"""Five years of monthly bills."""
ALL_WORDS = frozenset({"all", "list", "sab", "sare", "saray", "tamam", "purane", "سب", "سارے", "تمام", "فہرست"})
RECEIPT_NO = re.compile(r"\br[\s-]?(\d{4})[\s/-]*(\d{2})[\s/-]*(\d{1,6})\b")


def invoice(chat: Chat, number: str) -> Reply:
    """The PDF of the invoice named, of the month asked for, or of the newest; who says receipt gets that one."""
    said = set(fold(chat.message.text).split()) if chat.message.action is None else set()
    if not number and ((said and gives(chat.message.text, "receipt")) or _receipt_number(chat)):
        return receipt(chat, "")
    bills = invoices_of(chat.session, customer_id=chat.account.customer_id, limit=LOOKED_AT)
    if not bills:
        return Reply(words("There is no invoice on your account yet."), buttons=(BALANCE, MENU))
    wanted = number or chat.understood.entities.get("invoice_no")
    if wanted:
        chosen = [bill for bill in bills if bill.number == wanted]
        return _bill(chat, chosen[0]) if chosen else _bills(words("I have no such invoice. These are yours:"), bills)
    month = chat.understood.entities.get("month")
    if isinstance(month, date):
        of_month = [bill for bill in bills if _month_of(bill) == month.replace(day=1)]
        monthly = [bill for bill in of_month if bill.reason == "period"]
        if len(of_month) == 1 or len(monthly) == 1:
            return _bill(chat, (monthly or of_month)[0])
        if of_month:
            return _bills(words("There are several bills of that month. Which one?"), of_month)
        return _bills(words("I have no such invoice. These are yours:"), bills)
    if ALL_WORDS & said:
        return _bills(words("These are your bills. Which one?"), bills)
    return _bill(chat, bills[0])


def _month_of(bill: Invoice) -> date | None:
    day = bill.period_start or bill.issued_on
    return day.replace(day=1) if day else None


def _bill(chat: Chat, bill: Invoice) -> Reply:
    caption = words(
        "Invoice %(invoice)s: %(amount)s, due %(day)s.", invoice=bill.number, amount=bill.total, day=bill.due_on
    )
    return _attached(chat, caption, "invoice_pdf", str(bill.id), bill.number or "")


def _bills(question: Saying, bills: Sequence[Invoice]) -> Reply:
    rows = tuple(
        Row(f"invoice:{bill.number}", verbatim(bill.number or ""),
            words("%(amount)s, issued %(day)s", amount=bill.total, day=bill.issued_on))
        for bill in bills[:ROWS_MAX]
    )  # fmt: skip
    return Reply(question, rows=rows, list_button=words("Choose"))


def receipt(chat: Chat, number: str) -> Reply:
    """The PDF of the receipt named, of the month asked for, or of the newest."""
    paid = payments_of(chat.session, customer_id=chat.account.customer_id, limit=LOOKED_AT)
    if not paid:
        return Reply(words("There is no payment on your account yet."), buttons=(BALANCE, HOW_TO_PAY, MENU))
    wanted = number or _receipt_number(chat)
    if wanted:
        chosen = [payment for payment in paid if payment.number == wanted]
        if chosen:
            return _receipt(chat, chosen[0])
        return _receipts(words("I have no such receipt. These are yours:"), paid)
    month = chat.understood.entities.get("month")
    if isinstance(month, date) and chat.message.action is None:
        of_month = [payment for payment in paid if payment.received_on.replace(day=1) == month.replace(day=1)]
        if len(of_month) == 1:
            return _receipt(chat, of_month[0])
        if of_month:
            return _receipts(words("You paid several times in that month. Which receipt?"), of_month)
        return _receipts(words("I have no receipt of that month. These are yours:"), paid)
    if chat.message.action is None and ALL_WORDS & set(fold(chat.message.text).split()):
        return _receipts(words("These are your receipts. Which one?"), paid)
    return _receipt(chat, paid[0])


def _receipt_number(chat: Chat) -> str | None:
    found = RECEIPT_NO.search(normalise(chat.message.text)) if chat.message.action is None else None
    return f"R-{found[1]}-{found[2]}-{int(found[3]):06d}" if found else None


def _receipt(chat: Chat, payment: Payment) -> Reply:
    caption = words(
        "Receipt %(receipt)s: %(amount)s on %(day)s.",
        receipt=payment.number, amount=payment.amount, day=payment.received_on,
    )  # fmt: skip
    return _attached(chat, caption, "receipt_pdf", str(payment.id), payment.number)


def _receipts(question: Saying, paid: Sequence[Payment]) -> Reply:
    rows = tuple(
        Row(f"receipt:{payment.number}", verbatim(payment.number),
            words("%(amount)s on %(day)s", amount=payment.amount, day=payment.received_on))
        for payment in paid[:ROWS_MAX]
    )  # fmt: skip
    return Reply(question, rows=rows, list_button=words("Choose"))


def _attached(chat: Chat, caption: Saying, source: str, identifier: str, number: str) -> Reply:
    return Reply(
        caption,
        attachment={
            "source": source,
            "id": identifier,
            "filename": f"{number}.pdf",
            "language": chat.speaker.language,
        },
    )


HANDLERS = (
    Handler("invoice", ("invoice",), "chat.invoice", invoice, needs_account=True),
    Handler("receipt", (), "chat.receipt", receipt, needs_account=True),
)
