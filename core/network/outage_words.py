"""What is told of an outage unasked: to managers that one is suspected, to reporters that it is over or was none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from core.network.outage_models import Outage
from core.printing.figures import day_text

LANGUAGES = ("en", "ur_Latn", "ur")
MESSAGES: Mapping[str, Mapping[str, str]] = {
    "outage_suspected": {
        "en": "%(count)s customers of %(place)s report that the internet is off. Is it an outage there?",
        "ur_Latn": "%(place)s ke %(count)s customers ne internet band hone ki shikayat ki hai. Kya wahan outage hai?",
        "ur": "%(place)s کے %(count)s صارفین نے انٹرنیٹ بند ہونے کی شکایت کی ہے۔ کیا وہاں بندش ہے؟",
    },
    "outage_seen": {
        "en": "The network shows that %(count)s of %(total)s lines in %(place)s dropped together at %(since)s. Is it an"
        " outage there?",
        "ur_Latn": "Network ke mutabiq %(place)s mein %(total)s mein se %(count)s lines %(since)s par ek sath band"
        " huin. Kya wahan outage hai?",
        "ur": "نیٹ ورک کے مطابق %(place)s میں %(total)s میں سے %(count)s لائنیں %(since)s پر ایک ساتھ بند ہوئیں۔ کیا"
        " وہاں بندش ہے؟",
    },
    "outage_silent": {
        "en": "Router %(device)s has not answered since %(since)s. It serves %(count)s lines in %(place)s. Is it an"
        " outage there?",
        "ur_Latn": "Router %(device)s ne %(since)s se jawab nahi diya. Us par %(place)s ki %(count)s lines hain. Kya"
        " wahan outage hai?",
        "ur": "راؤٹر %(device)s نے %(since)s سے جواب نہیں دیا۔ اس پر %(place)s کی %(count)s لائنیں ہیں۔ کیا وہاں"
        " بندش ہے؟",
    },
    "outage_back": {
        "en": "%(count)s of %(total)s lines in %(place)s are online again. Is the outage there over?",
        "ur_Latn": "%(place)s mein %(total)s mein se %(count)s lines phir chal rahi hain. Kya wahan outage khatam ho"
        " gaya?",
        "ur": "%(place)s میں %(total)s میں سے %(count)s لائنیں پھر چل رہی ہیں۔ کیا وہاں بندش ختم ہو گئی؟",
    },
    "outage_refuted": {
        "en": "%(company)s: we have checked, there is no general outage in %(place)s. If the internet does not work at"
        " your place, please tell us and we come.",
        "ur_Latn": "%(company)s: hum ne check kar liya, %(place)s mein koi aam outage nahi hai. Agar aap ke haan"
        " internet nahi chal raha to bata dein, hum aa kar theek karenge.",
        "ur": "%(company)s: ہم نے جانچ لیا، %(place)s میں کوئی عام بندش نہیں ہے۔ اگر آپ کے ہاں انٹرنیٹ نہیں چل رہا تو"
        " بتا دیں، ہم آ کر ٹھیک کریں گے۔",
    },
    "outage_confirmed": {
        "en": "%(company)s: the internet is off in %(place)s. %(known)s You need not do anything, we tell you here as"
        " soon as it is back.",
        "ur_Latn": "%(company)s: %(place)s mein internet band hai. %(known)s Aap ko kuch karne ki zaroorat nahi, bahal"
        " hote hi hum yahan bata denge.",
        "ur": "%(company)s: %(place)s میں انٹرنیٹ بند ہے۔ %(known)s آپ کو کچھ کرنے کی ضرورت نہیں، بحال ہوتے ہی ہم"
        " یہاں بتا دیں گے۔",
    },
    "outage_over": {
        "en": "%(company)s: the internet in %(place)s is back. Thank you for your patience. If it still does not work"
        " at your place, please write to us.",
        "ur_Latn": "%(company)s: %(place)s mein internet bahal ho gaya hai. Aap ke sabr ka shukriya. Agar aap ke haan"
        " ab bhi na chale to humein likhein.",
        "ur": "%(company)s: %(place)s میں انٹرنیٹ بحال ہو گیا ہے۔ آپ کے صبر کا شکریہ۔ اگر آپ کے ہاں اب بھی نہ چلے تو"
        " ہمیں لکھیں۔",
    },
}
KNOWN: Mapping[str, Mapping[str, str]] = {
    "working": {"en": "Our team is on it.", "ur_Latn": "Hamari team kaam kar rahi hai.",
                "ur": "ہماری ٹیم کام کر رہی ہے۔"},
    "cause": {"en": "Cause: %(cause)s.", "ur_Latn": "Wajah: %(cause)s.", "ur": "وجہ: %(cause)s۔"},
    "until": {"en": "We expect it to be back by %(until)s.", "ur_Latn": "Umeed hai %(until)s tak bahal ho jaye ga.",
              "ur": "امید ہے %(until)s تک بحال ہو جائے گا۔"},
}  # fmt: skip
BUTTONS: Mapping[str, Mapping[str, str]] = {
    "confirm": {"en": "Confirm outage", "ur_Latn": "Outage hai", "ur": "بندش ہے"},
    "dismiss": {"en": "No outage", "ur_Latn": "Outage nahi", "ur": "بندش نہیں"},
    "over": {"en": "It is over", "ur_Latn": "Khatam ho gaya", "ur": "ختم ہو گئی"},
    "still_off": {"en": "Still not working", "ur_Latn": "Ab bhi band hai", "ur": "اب بھی بند ہے"},
    "menu": {"en": "Menu", "ur_Latn": "Menu", "ur": "مینو"},
}
TEMPLATES = {"en": ("", "en"), "ur_Latn": ("_roman", "ur"), "ur": ("", "ur")}
"""Suffix of the approved template's name, and the language it is approved in; WhatsApp knows no Roman Urdu."""


def said(key: str, language: str, facts: Mapping[str, str]) -> str:
    """The words; a language without words is spoken to in English."""
    return MESSAGES[key][_known(language)] % facts


def known_of(outage: Outage, language: str, timezone: str) -> str:
    """What is known of it in one line: cause and expected end as far as told, else that somebody works on it."""
    language, parts = _known(language), []
    if outage.cause:
        parts.append(KNOWN["cause"][language] % {"cause": " ".join(outage.cause.split()).rstrip(".۔")})
    if outage.expected_end is not None:
        until = outage.expected_end.astimezone(ZoneInfo(timezone))
        parts.append(KNOWN["until"][language] % {"until": f"{day_text(until.date(), language)}, {until:%H:%M}"})
    return " ".join(parts) or KNOWN["working"][language]


def button(key: str, language: str) -> str:
    """The title of a button."""
    return BUTTONS[key][_known(language)]


def twin(key: str, language: str, facts: Mapping[str, str], buttons: Sequence[str]) -> dict[str, Any]:
    """The approved template that says the same outside the 24-hour window; `buttons` are its payloads."""
    language = _known(language)
    suffix, approved = TEMPLATES[language]
    used = {name: " ".join(value.split()) for name, value in facts.items() if f"%({name})s" in MESSAGES[key][language]}
    return {"name": f"{key}{suffix}", "language": approved, "parameters": used, "buttons": list(buttons)}


def _known(language: str) -> str:
    return language if language in LANGUAGES else "en"
