"""A campaign as its form writes it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from admin_web.forms import FieldInvalid, Form
from core.clock import utc_now
from core.companies import LANGUAGES
from core.usecases.campaign_audience import STATES, Segment
from core.usecases.campaign_wordings import SPEECHES
from core.usecases.campaigns import Draft


def read_campaign(fields: MultiDict[str, str], zone: ZoneInfo) -> Draft:
    """The draft in the form; a start that is empty is now. Raises FieldInvalid."""
    form = Form(fields)
    segment = Segment(
        areas=_keys(form, "areas"), sub_zones=_keys(form, "sub_zones"), plans=_keys(form, "plans"),
        states=tuple(state for state in STATES if state in fields.getlist("states")),
        languages=tuple(speech for speech in LANGUAGES if speech in fields.getlist("languages")),
        balance_from=form.maybe_amount("balance_from"), balance_to=form.maybe_amount("balance_to"),
        overdue_days=form.maybe_number("overdue_days"),
    )  # fmt: skip
    return Draft(
        name=form.text("name", required=True), template=form.text("template"), template_b=form.text("template_b"),
        share_b=form.number("share_b", 0), segment=segment, starts_at=form.maybe_moment("starts_at", zone) or utc_now(),
        values={speech: _pairs(form.text(f"values_{speech}")) for speech in SPEECHES},
    )  # fmt: skip


def _keys(form: Form, name: str) -> tuple[str, ...]:
    return tuple(str(key) for key in form.keys(name))


def _pairs(written: str) -> dict[str, str]:
    pairs = {}
    for line in filter(None, (row.strip() for row in written.splitlines())):
        name, colon, value = line.partition(":")
        if not colon:
            raise FieldInvalid(f"{line[:60]!r} fills no variable: write its name, a colon and the words, one a line.")
        pairs[name.strip()] = value.strip()
    return pairs
