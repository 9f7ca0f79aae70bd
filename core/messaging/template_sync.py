"""A worker's round over a company's templates: hand over what was asked for, then read what Meta has.

No transaction is open while Meta is spoken to. A round that dies half way is done again: what Meta has by then is
found in its listing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.companies import BusinessNumber
from core.db import company_session
from core.errors import DomainError
from core.ids import Id
from core.messaging import template_wire as wire
from core.messaging.template_models import MessageTemplate
from core.messaging.template_news import apply_listing
from core.messaging.template_rules import Definition
from core.messaging.templates import definition_of, seed_templates
from core.messaging.whatsapp import Account, GraphFailed

log = structlog.get_logger(__name__)

ACTOR = "system"
INVALID_CODE, TEMPLATE_CODES = 100, range(132000, 133000)
"""Refusals of this one template; any other is about the account or the hour, and the wish waits."""
EXISTS_SUBCODE = 2388024
"""Meta has the name in that language already: its listing tells the rest."""


class NoAccount(DomainError):
    """The company's WhatsApp Business Account is not on file."""


@dataclass(frozen=True)
class Wish:
    """A template of which something is asked."""

    template_id: Id
    name: str
    meta_id: str
    asked: str
    version: int
    draft: Definition


def account_id(session: Session) -> str:
    """Meta's id of the company's WhatsApp Business Account. Raises NoAccount."""
    found = session.scalar(select(BusinessNumber.waba_id).where(BusinessNumber.waba_id != "").limit(1))
    if not found:
        raise NoAccount("Enter the id of the WhatsApp Business Account, under which Meta keeps the templates")
    return found


def keep_account_id(session: Session, waba_id: str) -> None:
    """Put Meta's id of the account on file for all of the company's numbers. Raises NoAccount for what is no id."""
    if not waba_id.isdecimal() or len(waba_id) > 32:
        raise NoAccount("The id of a WhatsApp Business Account has figures only, as in Meta's dashboard")
    for number in session.scalars(select(BusinessNumber)):
        number.waba_id = waba_id
    session.flush()


def sync_templates(company_id: Id, account: Account, *, now: datetime) -> int:
    """One round; opens its own transactions. How many templates changed their state. Raises GraphFailed where Meta's
    listing could not be read; what was asked for waits then if no answer came.
    """
    with company_session(company_id, ACTOR) as session:
        seed_templates(session, by=ACTOR)
        wishes = _wishes(session)
    for wish in wishes:
        if not _fulfil(company_id, account, wish, now):
            break
    rows = wire.list_templates(account)
    with company_session(company_id, ACTOR) as session:
        return apply_listing(session, rows, now=now)


def _wishes(session: Session) -> list[Wish]:
    asked = select(MessageTemplate).where(MessageTemplate.asked != "").order_by(MessageTemplate.name)
    return [
        Wish(each.id, each.name, each.meta_id, each.asked, each.version, definition_of(session, each))
        for each in session.scalars(asked).all()
    ]  # fmt: skip


def _fulfil(company_id: Id, account: Account, wish: Wish, now: datetime) -> bool:
    """False where Meta takes nothing more for now."""
    refused, answer = "", {}
    try:
        if wish.asked == "delete":
            wire.delete_template(account, wish.name, wish.meta_id)
        elif wish.meta_id:
            wire.edit_template(account, wish.meta_id, wish.draft)
        else:
            answer = wire.create_template(account, wish.draft)
    except GraphFailed as failed:
        if failed.code != INVALID_CODE and failed.code not in TEMPLATE_CODES:
            log.warning("template_waits", name=wish.name, error=str(failed))
            return False
        refused = "" if failed.subcode == EXISTS_SUBCODE else str(failed)
    with company_session(company_id, ACTOR) as session:
        template = session.get(MessageTemplate, wish.template_id, with_for_update=True)
        if template is None:
            return True
        template.asked = ""
        if refused:
            template.reason = refused
            template.state = "rejected" if not wish.meta_id else template.state
        elif wish.asked == "delete":
            session.delete(template)
        else:
            template.live_version, template.reason, template.told_at = wish.version, "", now
            template.edited_at = now if wish.meta_id else None
            template.meta_id = str(answer.get("id") or template.meta_id)
            template.state = wire.STATES.get(str(answer.get("status")).upper(), "submitted")
    return True
