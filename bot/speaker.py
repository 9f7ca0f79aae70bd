"""Who speaks this turn: in which role, in which language, for which account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from bot.dialog import Speaker
from bot.inbound import IncomingMessage
from bot.understanding import EXACT, Understanding, understand, wish_everywhere
from core.companies import Company
from core.crm.contacts import set_language
from core.crm.hearing import Writer
from core.db import Json

CUSTOMER, PROSPECT = "customer", "prospect"
ENGLISH_WORDS = 2
"""So many English words ("ok thanks") are said in Urdu too; a person who writes more has changed to English."""
SWITCH = "role"
"""The action of a button that takes another role: `role:<name>`."""


def roles_of(writer: Writer) -> Sequence[str]:
    """What the person may write as, the first one unless he chooses: employee before customer, else a prospect."""
    own = (*writer.staff_roles, *([CUSTOMER] if writer.accounts else []))
    return own or (PROSPECT,)


def role_in_force(writer: Writer, state: Json, action: str | None) -> str:
    """The role chosen in this conversation, while the person still has it; a tap on another is kept in `state`."""
    roles = roles_of(writer)
    tapped = next((role for role in roles if action == f"{SWITCH}:{role}"), None)
    if tapped is not None:
        state["role"] = tapped
    return next((role for role in roles if role == state.get("role")), roles[0])


def understood_in(role: str, text: str, today: date) -> Understanding:
    """What the words mean in this role; menu, cancel, human, language and opt-out mean the same in every role."""
    understood = understand(text, role, today)
    if role in (CUSTOMER, PROSPECT):
        return understood
    wish = wish_everywhere(text)
    is_own = understood.confidence >= EXACT and wish != "opt_out"
    return understand(text, CUSTOMER, today) if wish and not is_own else understood


def speaker_of(
    session: Session, writer: Writer, *, company: Company, role: str, state: Json, message: IncomingMessage,
    understood: Understanding, tells: bool = False,
) -> Speaker:  # fmt: skip
    """The speaker of this turn; remembers the language he has changed to.

    `tells` while a question is open that takes any words, such as an address: Latin ones prove no other language.
    """
    accounts = writer.accounts
    chosen = next((account for account in accounts if account.number == state.get("account")), None)
    works = role in writer.staff_roles
    return Speaker(
        contact_id=writer.contact_id, role=role, name=writer.staff_name if works else writer.name,
        language=_language(session, writer, company, message, understood, tells=tells),
        staff_id=writer.staff_id if works else None,
        accounts=accounts, account=accounts[0] if len(accounts) == 1 else chosen, roles=roles_of(writer),
    )  # fmt: skip


def _language(
    session: Session, writer: Writer, company: Company, message: IncomingMessage, understood: Understanding, *,
    tells: bool,
) -> str:  # fmt: skip
    """The person's choice, else the language of this message, else of the last one, else the company's.

    Where a flow's question takes any words these are names and addresses: only another script tells the language.
    """
    if writer.language_chosen and writer.language:
        return writer.language
    heard = understood.language if _is_speech(message) else None
    # A lone Latin word ("menu", "bill", "cancel") is used in every language and proves none.
    if tells and heard != "ur":
        heard = None
    proves = heard == "ur" or len(message.text.split()) > (ENGLISH_WORDS if heard == "en" and writer.language else 1)
    if heard and heard != writer.language and (proves or writer.language is None):
        set_language(session, contact_id=writer.contact_id, language=heard, chosen=False)
        return heard
    return writer.language or company.default_language


def _is_speech(message: IncomingMessage) -> bool:
    """Typed words; a lone code such as a card's or a reference is in no language."""
    if message.action is not None or message.type != "text":
        return False
    is_code = len(message.text.split()) == 1 and any(letter.isdecimal() for letter in message.text)
    return not is_code
