"""Names of places as people write them, in three scripts and with slips of the finger."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.localities import Point, Where, matching_places, names_place, unpacked
from core.crm.coverage import Place
from core.ids import new_id


def place(name: str, area: str, *others: str) -> Place:
    return Place(new_id(), name, area, "served", (name, *others))


PLACES = [
    place("Gulberg II", "Gulberg"), place("Gulberg III", "Gulberg"), place("Block Q", "Model Town"),
    place("Johar Town Block A", "Johar Town"), place("Johar Town Block B", "Johar Town"),
    place("DHA Phase 5", "DHA"), place("Township", "Township", "ٹاؤن شپ"), place("Shah Jamal", "Ichhra"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "name"),
    [("Gulberg 3", "Gulberg III"), ("gulbarg iii mein", "Gulberg III"), ("گلبرگ 2", "Gulberg II"),
     ("dha phase 5", "DHA Phase 5"), ("ٹاؤن شپ", "Township"), ("shah jmal", "Shah Jamal"), ("شاہ جمال", "Shah Jamal"),
     ("main gulberg 2 mein rehta hun net chahiye", "Gulberg II"), ("johar town block b", "Johar Town Block B")],
)  # fmt: skip
def test_a_place_is_known(said: str, name: str) -> None:
    sure, likely = matching_places(said, PLACES)
    assert sure is not None and sure.name == name and likely[0] == sure


@pytest.mark.parametrize(("said", "names"), [("johar town", {"Johar Town Block A", "Johar Town Block B"}),
                                             ("gulberg", {"Gulberg II", "Gulberg III"})])  # fmt: skip
def test_an_area_of_several_parts_leaves_the_choice(said: str, names: set[str]) -> None:
    sure, likely = matching_places(said, PLACES)
    assert sure is None and {each.name for each in likely} == names and names_place(said, PLACES)


@pytest.mark.parametrize(
    "said", ["", "hello", "net nahi chal raha", "mera bill kitna hai", "DHA phase 6", "Faisalabad", "🙂", "5"]
)
def test_what_is_no_place_of_ours_is_none(said: str) -> None:
    assert matching_places(said, PLACES)[0] is None and not names_place(said, PLACES)


@given(st.text(max_size=115))
def test_any_text_is_read_and_any_value_of_a_button_survives(said: str) -> None:
    matching_places(said, PLACES)
    where = Where(str(PLACES[0].sub_zone_id), Point(Decimal("31.5"), Decimal("-74.25")), said)
    assert where.packed() == where.packed().strip() and len(where.packed()) <= 230
    back = unpacked(where.packed())
    assert (back.zone, back.point, back.said) == (where.zone, where.point, said.strip())
    unpacked(said)
