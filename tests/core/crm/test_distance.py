"""The way past several places."""

from __future__ import annotations

from decimal import Decimal

from core.crm.distance import STOPS_MAX, Place, route_link


def at(step: int) -> Place:
    return Place(Decimal(f"31.5{step:02d}"), Decimal("74.35"))


def test_the_last_stop_is_the_destination_and_the_others_lie_on_the_way_in_their_order() -> None:
    link = route_link([at(1), at(2), at(3)])
    assert link.startswith("https://www.google.com/maps/dir/?api=1&")
    assert link.endswith("destination=31.503,74.35&waypoints=31.501,74.35%7C31.502,74.35")


def test_one_stop_needs_no_way_and_of_many_the_first_are_taken() -> None:
    assert [route_link([]), route_link([at(1)])] == ["", ""]
    link = route_link([at(step) for step in range(1, 15)])
    assert link.count("%7C") == STOPS_MAX - 2 and "destination=31.510," in link
