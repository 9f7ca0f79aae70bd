"""What a customer is told about his money, in his language: plain words, and the template's twin beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.printing.figures import amount_text, day_text

RECEIPT = {
    "en": "Receipt *{number}*\nReceived: *{amount}* on {day}\nBy: {method}\nTaken by: {collector}\n"
          "{balance}\nThank you.",
    "ur_Latn": "Raseed *{number}*\nMili hui raqam: *{amount}*, {day}\nZariya: {method}\n"
               "Vasool karne wala: {collector}\n{balance}\nShukriya.",
    "ur": "رسید *{number}*\nموصول رقم: *{amount}*، {day}\nذریعہ: {method}\n"
          "وصول کرنے والا: {collector}\n{balance}\nشکریہ۔",
}  # fmt: skip
OWED = {"en": "Still to pay: {amount}", "ur_Latn": "Baqi raqam: {amount}", "ur": "باقی رقم: {amount}"}
CLEAR = {"en": "Nothing is left to pay.", "ur_Latn": "Ab kuch baqi nahi.", "ur": "اب کچھ باقی نہیں۔"}
ADVANCE = {
    "en": "Nothing is left to pay. Advance: {amount}",
    "ur_Latn": "Ab kuch baqi nahi. Advance: {amount}",
    "ur": "اب کچھ باقی نہیں۔ پیشگی رقم: {amount}",
}
REJECTED = {
    "en": "We could not confirm your payment {number} of {amount}: {reason}\nWrite to us if this is not right.",
    "ur_Latn": "Aap ki payment {number} ({amount}) ki tasdeeq nahi ho saki: {reason}\n"
               "Agar yeh sahi nahi to humein likhein.",
    "ur": "آپ کی ادائیگی {number} ({amount}) کی تصدیق نہیں ہو سکی: {reason}\nاگر یہ درست نہیں تو ہمیں لکھیں۔",
}  # fmt: skip
METHODS = {
    "cash": {"en": "cash", "ur_Latn": "naqad", "ur": "نقد"},
    "bank": {"en": "bank transfer", "ur_Latn": "bank transfer", "ur": "بینک ٹرانسفر"},
    "cheque": {"en": "cheque", "ur_Latn": "cheque", "ur": "چیک"},
    "jazzcash": {"en": "JazzCash", "ur_Latn": "JazzCash", "ur": "جاز کیش"},
    "easypaisa": {"en": "Easypaisa", "ur_Latn": "Easypaisa", "ur": "ایزی پیسہ"},
    "card": {"en": "card", "ur_Latn": "card", "ur": "کارڈ"},
    "gateway": {"en": "online payment", "ur_Latn": "online payment", "ur": "آن لائن ادائیگی"},
    "voucher": {"en": "recharge card", "ur_Latn": "recharge card", "ur": "ریچارج کارڈ"},
}
CASH_ASKED = {
    "en": "Is this what you gave in cash? Please tap.",
    "ur_Latn": "Kya aap ne itna hi cash diya? Button dabayein.",
    "ur": "کیا آپ نے اتنا ہی کیش دیا؟ بٹن دبائیں۔",
}
CASH_BUTTONS: Sequence[tuple[str, Mapping[str, str]]] = (
    ("cash_paid", {"en": "Yes, I paid this", "ur_Latn": "Ji, itna hi diya", "ur": "جی، اتنا ہی دیا"}),
    ("flow:cash_amount", {"en": "Another amount", "ur_Latn": "Raqam aur thi", "ur": "رقم کچھ اور تھی"}),
    ("cash_not_paid", {"en": "I did not pay", "ur_Latn": "Maine nahi diya", "ur": "میں نے نہیں دیا"}),
)
"""What the customer may say of cash that an employee received, each followed by the receipt's number."""
APPROVED = {"en": ("", "en"), "ur_Latn": ("_roman", "ur"), "ur": ("", "ur")}
"""Suffix of the approved template's name, and the language it is approved in; WhatsApp knows no Roman Urdu."""
OFFICE = {"en": "our office", "ur_Latn": "hamara daftar", "ur": "ہمارا دفتر"}


@dataclass(frozen=True)
class Receipt:
    """The facts of a receipt; `owed` and `advance` stand after the payment, `collector` is empty for the office."""

    number: str
    amount: Decimal
    received_on: date
    method: str
    reference: str
    collector: str
    owed: Decimal
    advance: Decimal
    currency: str


def receipt_text(receipt: Receipt, language: str) -> str:
    """The receipt in words; a language that is not known reads English."""
    return RECEIPT[_known(language)].format(**_parts(receipt, language))


def receipt_template(receipt: Receipt, language: str) -> dict[str, object]:
    """The twin `payment_receipt`, for outside the 24-hour window."""
    suffix, approved = APPROVED[_known(language)]
    return {"name": f"payment_receipt{suffix}", "language": approved, "parameters": _parts(receipt, language)}


def cash_receipt_text(receipt: Receipt, language: str) -> str:
    """The receipt of cash taken in the field, asking whether it is right."""
    return f"{receipt_text(receipt, language)}\n\n{CASH_ASKED[_known(language)]}"


def cash_buttons(number: str, language: str) -> list[tuple[str, str]]:
    """(id, title) of the buttons under such a receipt."""
    return [(f"{action}:{number}", titles[_known(language)]) for action, titles in CASH_BUTTONS]


def cash_receipt_template(receipt: Receipt, language: str) -> dict[str, object]:
    """The twin `cash_receipt`, with the three buttons as quick replies."""
    suffix, approved = APPROVED[_known(language)]
    return {"name": f"cash_receipt{suffix}", "language": approved, "parameters": _parts(receipt, language),
            "buttons": [action for action, _ in cash_buttons(receipt.number, language)]}  # fmt: skip


def rejected_text(*, number: str, amount: Decimal, reason: str, currency: str, language: str) -> str:
    """Why a claim was not taken for money."""
    said = REJECTED[_known(language)]
    return said.format(number=number, amount=amount_text(amount, language, currency), reason=reason)


def _parts(receipt: Receipt, language: str) -> Mapping[str, str]:
    language = _known(language)
    method = METHODS.get(receipt.method, {}).get(language, receipt.method)
    if receipt.owed > 0:
        balance = OWED[language].format(amount=amount_text(receipt.owed, language, receipt.currency))
    else:
        said = ADVANCE if receipt.advance > 0 else CLEAR
        balance = said[language].format(amount=amount_text(receipt.advance, language, receipt.currency))
    return {
        "number": receipt.number,
        "amount": amount_text(receipt.amount, language, receipt.currency),
        "day": day_text(receipt.received_on, language),
        "method": f"{method} {receipt.reference}".rstrip(),
        "collector": receipt.collector or OFFICE[language],
        "balance": balance,
    }


def _known(language: str) -> str:
    return language if language in RECEIPT else "en"
