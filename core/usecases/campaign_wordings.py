"""What a campaign says: the approved template in each language, filled for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import Json
from core.errors import DomainError
from core.messaging import payloads
from core.messaging.template_models import MessageTemplate
from core.messaging.template_rules import ROMAN, Definition
from core.messaging.templates import definition_of, fill
from core.usecases.message_facts import FACTS

SPEECHES: Mapping[str, tuple[str, str]] = {"en": ("", "en"), "ur_Latn": (ROMAN, "ur"), "ur": ("", "ur")}
"""Language of a person → the end of the template's name, its language at Meta."""
STOPS = ("stop", "no more", "band kar", "بند")
"""A quick reply with one of these in its label ends offers; any other asks for a person of the office."""


class WordingUnfit(DomainError):
    """The template cannot be sent by a campaign; the fact `field` names the form's field."""


@dataclass(frozen=True)
class Wording:
    """An approved template as Meta has it."""

    definition: Definition
    category: str
    """As Meta bills it, in lower case."""

    @property
    def own_places(self) -> list[str]:
        """The variables that the campaign fills, the same for everybody."""
        return [place for place in self.definition.places if place not in FACTS]

    def message(self, values: Mapping[str, str]) -> tuple[Json, str]:
        """The body for Meta and its words. Raises PayloadInvalid for a value that Meta would refuse."""
        draft = self.definition
        filled = {place: values.get(place, "") for place in draft.places}
        parameters = [filled[place] for place in sorted(filled, key=int)] if draft.is_numbered else filled
        actions = [_action(button.text) for button in draft.buttons if button.kind == "quick_reply"]
        return payloads.template(draft.name, draft.language, parameters, actions), fill(draft.body, filled)


def approved_wordings(session: Session, name: str) -> dict[str, Wording]:
    """Language of people → the approved template of that name. Raises WordingUnfit for what the outbox cannot fill."""
    names = {name + end: speech for speech, (end, _) in SPEECHES.items()}
    found: dict[str, Wording] = {}
    rows = session.scalars(
        select(MessageTemplate).where(MessageTemplate.name.in_(names), MessageTemplate.state == "approved")
    )
    for row in rows:
        definition = definition_of(session, row, row.live_version)
        if (name + SPEECHES[definition.speech][0], row.language) == (row.name, SPEECHES[definition.speech][1]):
            _check_fit(definition, row.category)
            found[definition.speech] = Wording(definition, row.category.lower())
    return found


def campaign_templates(session: Session) -> Sequence[str]:
    """Names, without the end of Roman Urdu, that have an approved marketing or utility template."""
    names = session.scalars(
        select(MessageTemplate.name).where(
            MessageTemplate.state == "approved", MessageTemplate.category != "AUTHENTICATION"
        )
    )
    return sorted({name.removesuffix(ROMAN) for name in names})


def _check_fit(draft: Definition, category: str) -> None:
    if category == "AUTHENTICATION":
        raise WordingUnfit(f"{draft.name} is for one-time codes", field="template")
    if draft.header_kind in ("document", "image") or draft.header_place:
        raise WordingUnfit(f"{draft.name} has a header that must be filled; campaigns fill none", field="template")
    if any("{" in button.value for button in draft.buttons):
        raise WordingUnfit(f"{draft.name} has a web address with a variable; campaigns fill none", field="template")
    kinds = [button.kind for button in draft.buttons]
    if "quick_reply" in kinds and kinds[0] != "quick_reply":
        raise WordingUnfit(f"The quick replies of {draft.name} must come first", field="template")


def _action(label: str) -> str:
    return "opt_out:marketing" if any(stop in label.casefold() for stop in STOPS) else "human"
