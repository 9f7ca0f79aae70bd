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
