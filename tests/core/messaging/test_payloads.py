"""Bodies that Meta would refuse are refused before they are queued."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.messaging import payloads
from core.messaging.payloads import PayloadInvalid


def rows(count: int) -> list[tuple[str, str, str]]:
    return [(f"id-{n}", f"Row {n}", "") for n in range(count)]


@pytest.mark.parametrize(
    "build",
    [
        lambda: payloads.text(""),
        lambda: payloads.text("x" * 4097),
        lambda: payloads.buttons("Which?", []),
        lambda: payloads.buttons("Which?", [(str(n), str(n)) for n in range(4)]),
        lambda: payloads.buttons("Which?", [("a", "Yes"), ("a", "No")]),
        lambda: payloads.buttons("Which?", [("a", "Yes"), ("b", "Yes")]),
        lambda: payloads.buttons("Which?", [("a", "x" * 21)]),
        lambda: payloads.buttons("Which?", [(" a", "Yes")]),
        lambda: payloads.buttons("x" * 1025, [("a", "Yes")]),
        lambda: payloads.list_message("Pick", "Open", [("One", rows(6)), ("Two", [("x", "y", "")] * 5)]),
        lambda: payloads.list_message("Pick", "Open", [("", rows(1)), ("Two", [("x", "y", "")])]),
        lambda: payloads.list_message("Pick", "Open", [("One", [("x", "y", "d" * 73)])]),
        lambda: payloads.list_message("Pick", "Open", [("One", [])]),
        lambda: payloads.document("x" * 1025, "a.pdf"),
        lambda: payloads.document("Bill", ""),
        lambda: payloads.template("Bill Due", "en"),
        lambda: payloads.template("bill_due", "en", ["two\nlines"]),
        lambda: payloads.template("bill_due", "en", {"Amount": "1"}),
        lambda: payloads.location_request(""),
    ],
)
def test_what_meta_refuses_is_refused_here(build: Callable[[], Any]) -> None:
    with pytest.raises(PayloadInvalid):
        build()


def test_a_list_of_ten_rows_with_a_lone_untitled_section_is_fine() -> None:
    body = payloads.list_message("Pick", "Open", [("", rows(10))])

    assert len(body["interactive"]["action"]["sections"][0]["rows"]) == 10
    assert "title" not in body["interactive"]["action"]["sections"][0]


def test_named_and_numbered_template_values_are_told_apart() -> None:
    named = payloads.template("bill_due", "ur", {"amount": "2,500"})
    numbered = payloads.template("bill_due", "ur", ["2,500"])

    assert named["template"]["components"][0]["parameters"][0]["parameter_name"] == "amount"
    assert "parameter_name" not in numbered["template"]["components"][0]["parameters"][0]


def test_a_template_without_values_has_no_components() -> None:
    assert "components" not in payloads.template("hello", "en")["template"]
