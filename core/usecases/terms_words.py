"""What an employee hears about the terms he asked for."""

from __future__ import annotations

from collections.abc import Mapping

from core.staff.approval_models import TermsRequest

KINDS: Mapping[str, Mapping[str, str]] = {
    "discount": {"en": "discount", "ur_Latn": "riayat", "ur": "رعایت"},
    "plan_price": {"en": "price", "ur_Latn": "qeemat", "ur": "قیمت"},
    "promise_extension": {"en": "longer promise", "ur_Latn": "zyada mohlat", "ur": "زیادہ مہلت"},
}
APPROVED = {
    "en": "*%(number)s* (%(kind)s, %(subject)s) is approved and in force.",
    "ur_Latn": "*%(number)s* (%(kind)s, %(subject)s) manzoor ho gaya aur lagu hai.",
    "ur": "*%(number)s* (%(kind)s، %(subject)s) منظور ہو گیا اور لاگو ہے۔",
}
REFUSED = {
    "en": "*%(number)s* (%(kind)s, %(subject)s) is refused: %(note)s",
    "ur_Latn": "*%(number)s* (%(kind)s, %(subject)s) na-manzoor: %(note)s",
    "ur": "*%(number)s* (%(kind)s، %(subject)s) نامنظور: %(note)s",
}


def decided_words(language: str, request: TermsRequest) -> str:
    """The outcome, in one line."""
    language = language if language in APPROVED else "en"
    said = APPROVED if request.state == "approved" else REFUSED
    return said[language] % {
        "number": request.number, "kind": KINDS[request.kind][language], "subject": request.subject,
        "note": request.note,
    }  # fmt: skip
