"""What a customer hears when his complaint is solved or joins another, and how he can rate it; in his language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LANGUAGES = ("en", "ur_Latn", "ur")
RESOLVED = {
    "en": "%(company)s: your complaint %(ticket)s is solved. %(note)s\nHow satisfied are you? If it is not solved,"
    " please tell us.",
    "ur_Latn": "%(company)s: aap ki shikayat %(ticket)s hal ho gayi hai. %(note)s\nAap kitne mutma'in hain? Agar"
    " masla hal nahi hua to bata dein.",
    "ur": "%(company)s: آپ کی شکایت %(ticket)s حل ہو گئی ہے۔ %(note)s\nآپ کتنے مطمئن ہیں؟ اگر مسئلہ حل نہیں ہوا تو"
    " بتا دیں۔",
}
MERGED = {
    "en": "%(company)s: we look after your complaint %(merged)s together with %(ticket)s. Ask for %(ticket)s.",
    "ur_Latn": "%(company)s: aap ki shikayat %(merged)s ab %(ticket)s ke saath dekhi ja rahi hai. %(ticket)s ka"
    " poochein.",
    "ur": "%(company)s: آپ کی شکایت %(merged)s اب %(ticket)s کے ساتھ دیکھی جا رہی ہے۔ %(ticket)s کا پوچھیں۔",
}
STARS: Mapping[int, Mapping[str, str]] = {
    5: {"en": "Very good", "ur_Latn": "Bohat acha", "ur": "بہت اچھا"},
    4: {"en": "Good", "ur_Latn": "Acha", "ur": "اچھا"},
    3: {"en": "So so", "ur_Latn": "Theek hai", "ur": "ٹھیک ہے"},
    2: {"en": "Bad", "ur_Latn": "Kharab", "ur": "خراب"},
    1: {"en": "Very bad", "ur_Latn": "Bohat kharab", "ur": "بہت خراب"},
}
NOT_SOLVED = {"en": "Not solved", "ur_Latn": "Hal nahi hua", "ur": "حل نہیں ہوا"}
CHOOSE = {"en": "Rate", "ur_Latn": "Rating dein", "ur": "رائے دیں"}
TEMPLATES = {"en": ("", "en"), "ur_Latn": ("_roman", "ur"), "ur": ("", "ur")}
IN_TEMPLATE = (5, 3, 1)
"""A template has few buttons: good, so so, bad."""


def resolved_words(language: str, facts: Mapping[str, str]) -> str:
    """The message; without a note nothing stands in its place."""
    return "\n".join(line.rstrip() for line in (RESOLVED[_known(language)] % facts).splitlines())


def choices(language: str, ticket: str) -> Sequence[tuple[str, str, str]]:
    """Rows of (id, title, description) for each rating, the best first, and for a fault that is still there."""
    language = _known(language)
    rated = [(f"rate:{ticket}:{count}", f"{count} {'⭐' * count}", STARS[count][language]) for count in STARS]
    return [*rated, (f"reopen:{ticket}", NOT_SOLVED[language], "")]


def list_button(language: str) -> str:
    """What opens the list."""
    return CHOOSE[_known(language)]


def twin(language: str, facts: Mapping[str, str]) -> dict[str, Any]:
    """The approved template `ticket_resolved`, with three ratings as buttons."""
    suffix, approved = TEMPLATES[_known(language)]
    parameters = {name: " ".join(value.split()) or "-" for name, value in facts.items()}
    buttons = [f"rate:{facts['ticket']}:{count}" for count in IN_TEMPLATE]
    return {"name": f"ticket_resolved{suffix}", "language": approved, "parameters": parameters, "buttons": buttons}


def merged_words(language: str, facts: Mapping[str, str]) -> str:
    """Which complaint goes on for both."""
    return MERGED[_known(language)] % facts


def merged_twin(language: str, facts: Mapping[str, str]) -> dict[str, Any]:
    """The approved template `ticket_merged`."""
    suffix, approved = TEMPLATES[_known(language)]
    return {"name": f"ticket_merged{suffix}", "language": approved, "parameters": dict(facts)}


def _known(language: str) -> str:
    return language if language in LANGUAGES else "en"
