"""What a customer hears about a visit, in his language, and the approved templates for outside the 24 hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LANGUAGES = ("en", "ur_Latn", "ur")
KINDS: Mapping[str, Mapping[str, str]] = {
    "installation": {"en": "new connection", "ur_Latn": "naya connection", "ur": "نیا کنکشن"},
    "repair": {"en": "repair", "ur_Latn": "maramat", "ur": "مرمت"},
    "relocation": {"en": "relocation", "ur_Latn": "jagah ki tabdeeli", "ur": "جگہ کی تبدیلی"},
    "pick_up": {"en": "pick-up of the equipment", "ur_Latn": "saman wapas lena", "ur": "سامان کی واپسی"},
    "survey": {"en": "survey", "ur_Latn": "survey", "ur": "سروے"},
}
MESSAGES: Mapping[str, Mapping[str, str]] = {
    "scheduled": {
        "en": "%(company)s: %(technician)s comes to you for the %(what)s %(window)s. Your visit is %(job)s.",
        "ur_Latn": "%(company)s: %(technician)s aap ke paas %(what)s ke liye %(window)s aayenge. Visit number %(job)s.",
        "ur": "%(company)s: %(technician)s آپ کے پاس %(what)s کے لیے %(window)s آئیں گے۔ وزٹ نمبر %(job)s۔",
    },
    "rescheduled": {
        "en": "%(company)s: the visit %(job)s is moved. %(technician)s comes %(window)s.",
        "ur_Latn": "%(company)s: visit %(job)s ka waqt badal gaya hai. %(technician)s %(window)s aayenge.",
        "ur": "%(company)s: وزٹ %(job)s کا وقت بدل گیا ہے۔ %(technician)s %(window)s آئیں گے۔",
    },
    "on_the_way": {
        "en": "%(company)s: %(technician)s is on the way to you (%(job)s).",
        "ur_Latn": "%(company)s: %(technician)s aap ki taraf nikal chuke hain (%(job)s).",
        "ur": "%(company)s: %(technician)s آپ کی طرف نکل چکے ہیں (%(job)s)۔",
    },
    "arrived": {
        "en": "%(company)s: %(technician)s says he is at your place (%(job)s). Is he there?",
        "ur_Latn": "%(company)s: %(technician)s ke mutabiq woh aap ke paas pohanch gaye hain (%(job)s). Kya woh aaye"
                   " hain?",
        "ur": "%(company)s: %(technician)s کے مطابق وہ آپ کے پاس پہنچ گئے ہیں (%(job)s)۔ کیا وہ آئے ہیں؟",
    },
    "finished": {
        "en": "%(company)s: %(technician)s says the %(what)s is done (%(job)s). If you are satisfied, please tap or"
              " give him this code: *%(code)s*",
        "ur_Latn": "%(company)s: %(technician)s ke mutabiq %(what)s mukammal hai (%(job)s). Agar aap mutma'in hain to"
                   " button dabayein ya unhein yeh code bata dein: *%(code)s*",
        "ur": "%(company)s: %(technician)s کے مطابق %(what)s مکمل ہے (%(job)s)۔ اگر آپ مطمئن ہیں تو بٹن دبائیں یا انہیں"
              " یہ کوڈ بتا دیں: *%(code)s*",
    },
    "no_show": {
        "en": "%(company)s: %(technician)s came for the %(what)s and met nobody (%(job)s). Tell us which time suits"
              " you.",
        "ur_Latn": "%(company)s: %(technician)s %(what)s ke liye aaye magar koi nahi mila (%(job)s). Humein bata dein"
                   " ke kaunsa waqt munasib hai.",
        "ur": "%(company)s: %(technician)s %(what)s کے لیے آئے مگر کوئی نہیں ملا (%(job)s)۔ ہمیں بتا دیں کہ کون سا وقت"
              " مناسب ہے۔",
    },
    "blocked": {
        "en": "%(company)s: the %(what)s (%(job)s) could not be finished today. We will agree another time with you.",
        "ur_Latn": "%(company)s: %(what)s (%(job)s) aaj mukammal nahi ho saki. Hum aap se doosra waqt tay karenge.",
        "ur": "%(company)s: %(what)s (%(job)s) آج مکمل نہیں ہو سکی۔ ہم آپ سے دوسرا وقت طے کریں گے۔",
    },
    "cancelled": {
        "en": "%(company)s: the visit %(job)s is cancelled.",
        "ur_Latn": "%(company)s: visit %(job)s mansookh kar di gayi hai.",
        "ur": "%(company)s: وزٹ %(job)s منسوخ کر دی گئی ہے۔",
    },
}  # fmt: skip
BUTTONS: Mapping[str, Sequence[tuple[str, Mapping[str, str]]]] = {
    "arrived": (
        ("came", {"en": "Yes, he is here", "ur_Latn": "Ji, aa gaye", "ur": "جی، آ گئے"}),
        ("absent", {"en": "Nobody came", "ur_Latn": "Koi nahi aaya", "ur": "کوئی نہیں آیا"}),
    ),
    "finished": (
        ("good", {"en": "Yes, it is done", "ur_Latn": "Ji, ho gaya", "ur": "جی، ہو گیا"}),
        ("bad", {"en": "Not done", "ur_Latn": "Nahi hua", "ur": "نہیں ہوا"}),
    ),
}
SOON = {"en": "soon", "ur_Latn": "jald", "ur": "جلد"}
SOMEBODY = {"en": "our technician", "ur_Latn": "hamare technician", "ur": "ہمارے ٹیکنیشن"}
WINDOWS = {
    "en": "on %(day)s between %(start)s and %(end)s", "ur_Latn": "%(day)s ko %(start)s se %(end)s ke darmiyan",
    "ur": "%(day)s کو %(start)s سے %(end)s کے درمیان",
}  # fmt: skip
TEMPLATES = {"en": ("", "en"), "ur_Latn": ("_roman", "ur"), "ur": ("", "ur")}


@dataclass(frozen=True)
class Visit:
    """What the messages name."""

    job: str
    kind: str
    company: str
    technician: str = ""
    day: str = ""
    start: str = ""
    end: str = ""
    code: str = ""


def visit_words(step: str, language: str, visit: Visit) -> str:
    """The message of a step; empty facts read as something general."""
    return MESSAGES[step][known(language)] % _facts(language, visit)


def visit_buttons(step: str, language: str, visit: Visit) -> list[tuple[str, str]]:
    """(id, title) of its buttons; none for most steps."""
    return [(f"visit_{what}:{visit.job}", titles[known(language)]) for what, titles in BUTTONS.get(step, ())]


def visit_twin(step: str, language: str, visit: Visit) -> dict[str, Any]:
    """The approved template `job_<step>`."""
    suffix, approved = TEMPLATES[known(language)]
    used = {name: value for name, value in _facts(language, visit).items() if f"%({name})s" in MESSAGES[step]["en"]}
    return {
        "name": f"job_{step}{suffix}", "language": approved, "parameters": used,
        "buttons": [key for key, _ in visit_buttons(step, language, visit)],
    }  # fmt: skip


def known(language: str) -> str:
    """One of the languages there are words in."""
    return language if language in LANGUAGES else "en"


def _facts(language: str, visit: Visit) -> dict[str, str]:
    language = known(language)
    times = {"day": visit.day, "start": visit.start, "end": visit.end}
    return {
        "company": visit.company, "job": visit.job, "what": KINDS[visit.kind][language], "code": visit.code or "-",
        "technician": visit.technician or SOMEBODY[language],
        "window": WINDOWS[language] % times if visit.day else SOON[language],
    }  # fmt: skip
