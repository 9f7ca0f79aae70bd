"""What customers are told about a debt: facts, ways to pay, to object and to stop the messages; never a threat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from core.printing.figures import amount_text, day_text

LANGUAGES = ("en", "ur_Latn", "ur")
FOOT = {
    "en": "How to pay: %(how_to_pay)s. Reply BILL for the invoice, COMPLAINT if something is wrong,"
          " STOP for no more reminders.",
    "ur_Latn": "Adaigi: %(how_to_pay)s. Bill ke liye BILL likhein, kuch ghalat ho to COMPLAINT,"
               " yaad-dihani band karne ke liye STOP.",
    "ur": "ادائیگی: %(how_to_pay)s۔ بل کے لیے BILL لکھیں، کچھ غلط ہو تو COMPLAINT، یاد دہانی بند کرنے کے لیے STOP۔",
}  # fmt: skip
"""Reference money 4.7: how to pay, the invoice, how to dispute, how to stop."""
MESSAGES: Mapping[str, Mapping[str, str]] = {
    "due_soon": {
        "en": "%(company)s: %(name)s (%(number)s), your bill of %(amount)s is due on %(due_on)s.",
        "ur_Latn": "%(company)s: %(name)s (%(number)s), aap ka bill %(amount)s %(due_on)s tak ada karna hai.",
        "ur": "%(company)s: %(name)s (%(number)s)، آپ کا بل %(amount)s %(due_on)s تک ادا کرنا ہے۔",
    },
    "overdue": {
        "en": "%(company)s: %(name)s (%(number)s), %(amount)s was due on %(due_on)s (%(days)s days ago)."
              " If you have paid already, please send us the receipt.",
        "ur_Latn": "%(company)s: %(name)s (%(number)s), %(amount)s ki akhri tareekh %(due_on)s thi (%(days)s din"
                   " pehle). Agar ada kar chuke hain to raseed bhej dein.",
        "ur": "%(company)s: %(name)s (%(number)s)، %(amount)s کی آخری تاریخ %(due_on)s تھی (%(days)s دن پہلے)۔"
              " اگر ادا کر چکے ہیں تو رسید بھیج دیں۔",
    },
    "still_overdue": {
        "en": "%(company)s: %(name)s (%(number)s), %(amount)s is open since %(due_on)s (%(days)s days)."
              " If you need some days more, tell us which day suits you.",
        "ur_Latn": "%(company)s: %(name)s (%(number)s), %(amount)s %(due_on)s se baqi hai (%(days)s din)."
                   " Agar kuch din aur chahiye hon to din bata dein.",
        "ur": "%(company)s: %(name)s (%(number)s)، %(amount)s %(due_on)s سے باقی ہے (%(days)s دن)۔"
              " اگر کچھ دن اور چاہئیں تو دن بتا دیں۔",
    },
    "final_notice": {
        "en": "%(company)s: %(name)s (%(number)s), %(amount)s is open since %(due_on)s (%(days)s days). The service"
              " will be suspended on %(cut_on)s if it is still unpaid then. Once it is paid the service comes back"
              " by itself. If you cannot pay at once, tell us which day suits you.",
        "ur_Latn": "%(company)s: %(name)s (%(number)s), %(amount)s %(due_on)s se baqi hai (%(days)s din). Adaigi na"
                   " hone par %(cut_on)s ko service moattal hogi, aur adaigi par khud bahal ho jayegi. Agar abhi ada"
                   " nahi kar sakte to din bata dein.",
        "ur": "%(company)s: %(name)s (%(number)s)، %(amount)s %(due_on)s سے باقی ہے (%(days)s دن)۔ ادائیگی نہ ہونے پر"
              " %(cut_on)s کو سروس معطل ہوگی، اور ادائیگی پر خود بحال ہو جائے گی۔ اگر ابھی ادا نہیں کر سکتے تو دن"
              " بتا دیں۔",
    },
    "service_cut": {
        "en": "%(company)s: %(name)s (%(number)s), the service is suspended because %(amount)s is open since"
              " %(due_on)s (%(days)s days). It comes back by itself as soon as this is paid.",
        "ur_Latn": "%(company)s: %(name)s (%(number)s), %(amount)s %(due_on)s se baqi hone (%(days)s din) ki wajah se"
                   " service moattal hai. Adaigi hote hi khud bahal ho jayegi.",
        "ur": "%(company)s: %(name)s (%(number)s)، %(amount)s %(due_on)s سے باقی ہونے (%(days)s دن) کی وجہ سے سروس"
              " معطل ہے۔ ادائیگی ہوتے ہی خود بحال ہو جائے گی۔",
    },
}  # fmt: skip
"""Message key → language → words. A company's ladder names the first four."""
RESTORED = {
    "en": "%(company)s: %(name)s (%(number)s), thank you. Your service is being switched on again.",
    "ur_Latn": "%(company)s: %(name)s (%(number)s), shukriya. Aap ki service dobara chalu ki ja rahi hai.",
    "ur": "%(company)s: %(name)s (%(number)s)، شکریہ۔ آپ کی سروس دوبارہ چالو کی جا رہی ہے۔",
}
TEMPLATES = {"en": ("", "en"), "ur_Latn": ("_roman", "ur"), "ur": ("", "ur")}
"""Suffix of the approved template's name, and the language it is approved in; WhatsApp knows no Roman Urdu."""


@dataclass(frozen=True)
class Debt:
    """What a message is about; `how_to_pay` is printed as it stands."""

    company: str
    currency: str
    name: str
    number: str
    amount: Decimal
    due_on: date
    days: int
    how_to_pay: str
    cut_on: date | None = None


def said(key: str, language: str, debt: Debt) -> str:
    """The message's words; a language without words is spoken to in English."""
    language = language if language in LANGUAGES else "en"
    return f"{MESSAGES[key][language]}\n\n{FOOT[language]}" % facts(debt, language)


def said_restored(language: str, debt: Debt) -> str:
    """The words that tell that the service comes back."""
    language = language if language in LANGUAGES else "en"
    return RESTORED[language] % facts(debt, language)


def twin(key: str, language: str, debt: Debt) -> dict[str, Any]:
    """The approved template that says the same outside the 24-hour window."""
    language = language if language in LANGUAGES else "en"
    suffix, approved = TEMPLATES[language]
    words = (RESTORED if key == "service_restored" else MESSAGES[key])[language]
    words += "" if key == "service_restored" else FOOT[language]
    parameters = {name: value for name, value in facts(debt, language).items() if f"%({name})s" in words}
    return {"name": f"recovery_{key}{suffix}", "language": approved, "parameters": parameters}


def facts(debt: Debt, language: str) -> dict[str, str]:
    """The variables of the messages, written as `language` reads them and on one line."""
    values = {
        "company": debt.company,
        "name": debt.name,
        "number": debt.number,
        "amount": amount_text(debt.amount, language, debt.currency),
        "due_on": day_text(debt.due_on, language),
        "days": str(debt.days),
        "how_to_pay": debt.how_to_pay,
        "cut_on": day_text(debt.cut_on, language) if debt.cut_on else "",
    }
    return {name: " ".join(value.split()) for name, value in values.items()}
