"""The page on which a person puts his identity card, offered where he would have sent it in chat."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.texts.reply import Saying, lines, verbatim, words
from core.companies import Company
from core.crm.uploads import TooManyUploadLinks, make_upload_link
from core.ids import Id
from core.usecases.start_process import public_url


def upload_words(
    session: Session, *, company: Company, contact_id: Id, lead_id: Id | None, customer_id: Id | None, language: str,
    now: datetime,
) -> Saying:  # fmt: skip
    """The link in words; where none can be given, that the office takes the papers."""
    base = public_url()
    if not base:
        return words("Please bring a copy of your ID card to our office.")
    try:
        token = make_upload_link(
            session, contact_id=contact_id, lead_id=lead_id, customer_id=customer_id, language=language, now=now
        )
    except TooManyUploadLinks:
        return words("Please bring a copy of your ID card to our office.")
    return lines(
        words("Send your ID card on this safe page only, never in chat. It opens once, within 24 hours:"),
        verbatim(f"{base}/papers/{company.slug}/{token}"),
    )


PAGE = {
    "title": words("Your identity card"),
    "hint": words("Choose or take a picture of each side. Only our office sees them; they are kept encrypted."),
    "front": words("Front side"),
    "back": words("Back side"),
    "send": words("Send"),
}
"""What stands on the page."""
DONE = words("Thank you. We have both sides. You can close this page.")
CLOSED = words("This page is closed: it opens once, within 24 hours. Ask for a new one in chat.")
PROBLEMS = {
    "empty": words("Please choose both pictures."),
    "large": words("A picture is too large: 8 MB at most."),
    "small": words("A picture is too small to be read."),
    "unreadable": words("A file is no picture. Please send JPEG or PNG."),
}
"""Why a picture was refused."""
