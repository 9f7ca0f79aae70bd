"""A recharge card typed in chat: used, or refused, and codes that look guessed are counted and told to the office."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.billing.vouchers import Redemption, VoucherRefused
from core.billing.wrong_cards import count_wrong_card, refuse_guesser
from core.crm.models import Customer
from core.ids import Id
from core.recovery.words import TEMPLATES
from core.usecases.renew_prepaid import redeem_voucher
from core.usecases.tell_office import tell_office

GUESSED = {
    "en": "%(name)s (%(number)s) has tried %(count)s recharge codes that do not exist."
          " More of his codes are refused for a while.",
    "ur_Latn": "%(name)s (%(number)s) ne %(count)s aise recharge code likhe jo mojood nahi."
               " Kuch der us ke aur code nahi liye jayenge.",
    "ur": "%(name)s (%(number)s) نے %(count)s ایسے ریچارج کوڈ لکھے جو موجود نہیں۔"
          " کچھ دیر اس کے اور کوڈ نہیں لیے جائیں گے۔",
}  # fmt: skip


def use_card(
    session: Session, *, code: str, customer_id: Id, secret: str, now: datetime, actor: str, origin: str = ""
) -> Redemption | VoucherRefused:
    """Use the card; a refusal is returned and not raised, since the count of wrong codes has to stay.

    `actor` is the person whose wrong codes are counted. Raises NotFound, NoPriceOnDay.
    """
    try:
        refuse_guesser(session, tried_by=actor, now=now)
        with session.begin_nested():
            return redeem_voucher(
                session, code=code, customer_id=customer_id, secret=secret, now=now, actor=actor, origin=origin
            )
    except VoucherRefused as refusal:
        if refusal.guess:
            _count(session, customer_id, actor, now)
        return refusal


def _count(session: Session, customer_id: Id, actor: str, now: datetime) -> None:
    count = count_wrong_card(session, tried_by=actor, customer_id=customer_id, now=now)
    if count is None:
        return
    customer = session.get_one(Customer, customer_id)
    facts = {"name": customer.name, "number": customer.number, "count": str(count)}

    def template(language: str) -> dict[str, Any]:
        suffix, approved = TEMPLATES.get(language, TEMPLATES["en"])
        return {"name": f"office_cards_guessed{suffix}", "language": approved, "parameters": facts}

    tell_office(
        session, dedupe_key=f"cards_guessed:{actor}:{now:%Y%m%d%H%M%S}", now=now, template=template,
        words=lambda language: GUESSED.get(language, GUESSED["en"]) % facts,
    )  # fmt: skip
