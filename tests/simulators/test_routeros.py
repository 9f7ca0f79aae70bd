"""The simulated router as strangers see it: two clients that are not ours, and the bytes of the manual."""

from __future__ import annotations

import io
from collections.abc import Iterator

import librouteros
import pytest
import routeros_api
from hypothesis import given
from hypothesis import strategies as st
from librouteros.exceptions import TrapError
from librouteros.query import And, Key, Or

from simulators.routeros.connection import _response
from simulators.routeros.queries import matches
from simulators.routeros.router import Router
from simulators.routeros.server import ApiPort
from simulators.routeros.wire import encode_length, encode_sentence, read_sentence


@pytest.fixture
def router() -> Router:
    return Router("Lab")


@pytest.fixture
def port(router: Router) -> Iterator[ApiPort]:
    port = ApiPort(router)
    yield port
    port.switch_off()


@pytest.fixture
def api(port: ApiPort) -> Iterator[librouteros.Api]:
    api = librouteros.connect("127.0.0.1", "taar", "secret", port=port.port, encoding="UTF-8")
    yield api
    api.close()


def test_librouteros_works_with_it(api: librouteros.Api) -> None:
    secrets = api.path("ppp", "secret")
    first = secrets.add(name="ali", password="x", service="pppoe")
    secrets.add(name="bano", password="y")
    assert {row["name"] for row in secrets} == {"ali", "bano"}
    (row,) = secrets.select(Key("name"), Key(".id")).where(Key("name") == "ali")
    assert row == {"name": "ali", ".id": first}
    secrets.update(**{".id": first, "comment": "gone soon"})
    assert [
        row["name"] for row in secrets.select(Key("name")).where(Or(Key("name") == "ali", Key("name") == "zoe"))
    ] == ["ali"]
    assert not tuple(secrets.select(Key("name")).where(And(Key("name") == "ali", Key("name") == "bano")))
    secrets.remove(first)
    assert [row["name"] for row in secrets] == ["bano"]


def test_routeros_api_works_with_it(port: ApiPort) -> None:
    pool = routeros_api.RouterOsApiPool("127.0.0.1", username="taar", password="secret", port=port.port,
                                        plaintext_login=True)  # fmt: skip
    secrets = pool.get_api().get_resource("/ppp/secret")
    secrets.add(name="ali", password="x")
    (row,) = secrets.get(name="ali")
    secrets.set(id=row["id"], comment="by another client")
    assert secrets.get()[0]["comment"] == "by another client"
    secrets.remove(id=row["id"])
    assert secrets.get() == []
    pool.disconnect()


def test_it_refuses_what_a_router_refuses_in_its_words(api: librouteros.Api) -> None:
    secrets, queues = api.path("ppp", "secret"), api.path("queue", "simple")
    secrets.add(name="ali")
    refused = {
        "secret with the same name already exists": lambda: secrets.add(name="ali"),
        "input does not match any value of profile": lambda: secrets.add(name="x", profile="none-such"),
        "unknown parameter colour": lambda: secrets.add(name="x", colour="red"),
        "invalid value for argument remote-address": lambda: secrets.update(**{".id": "*1", "remote-address": ""}),
        "no such item": lambda: secrets.remove("*FF"),
        "no such command prefix": lambda: tuple(api.path("no", "menu")),
        "already have such name": lambda: [queues.add(name="q", target="10.0.0.1") for _ in range(2)],
        "can not change dynamic entry": lambda: None,
    }
    for says, act in refused.items():
        if says == "can not change dynamic entry":
            continue
        with pytest.raises(TrapError, match=says):
            act()


def test_rates_read_back_in_bits_and_macs_in_capitals(api: librouteros.Api) -> None:
    queues = api.path("queue", "simple")
    queues.add(name="q", target="10.0.0.5", **{"max-limit": "10M/50M"})
    (row,) = queues
    assert (row["max-limit"], row["target"]) == ("10000000/50000000", "10.0.0.5/32")
    secrets = api.path("ppp", "secret")
    secrets.add(name="ali", **{"caller-id": "aa:bb:cc:dd:ee:ff"})
    assert [row["caller-id"] for row in secrets] == ["AA:BB:CC:DD:EE:FF"]


def test_a_changed_secret_does_not_touch_the_session_that_is_up(router: Router, api: librouteros.Api) -> None:
    secrets = api.path("ppp", "secret")
    ali = secrets.add(name="ali", password="x")
    router.plug_in("ali", "x", redial_seconds=0)
    secrets.update(**{".id": ali, "disabled": True})
    assert router.is_online("ali")
    (session,) = api.path("ppp", "active")
    api.path("ppp", "active").remove(session[".id"])
    assert not router.is_online("ali")


def test_the_challenge_of_old_software_is_answered_as_the_manual_says() -> None:
    assert _response("616263313233", "passTest") != "0021277bff9ac7caf06aa608e46616d47f"
    assert _response("abc123", "passTest") == "0021277bff9ac7caf06aa608e46616d47f"


@pytest.mark.parametrize(
    ("length", "raw"),
    [(0x7F, b"\x7f"), (0x80, b"\x80\x80"), (0x3FFF, b"\xbf\xff"), (0x4000, b"\xc0\x40\x00"),
     (0x1FFFFF, b"\xdf\xff\xff"), (0x200000, b"\xe0\x20\x00\x00"), (0x10000000, b"\xf0\x10\x00\x00\x00")],
)  # fmt: skip
def test_lengths_are_encoded_as_the_manual_says(length: int, raw: bytes) -> None:
    assert encode_length(length) == raw


@given(st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=20))
def test_a_sentence_survives_the_wire(words: list[str]) -> None:
    assert read_sentence(io.BytesIO(encode_sentence(words))) == words


@given(st.binary(max_size=200))
def test_no_bytes_hang_or_break_the_reader(raw: bytes) -> None:
    from simulators.routeros.wire import NotTheProtocol

    stream = io.BytesIO(raw)
    try:
        while read_sentence(stream) is not None:
            pass
    except NotTheProtocol:
        pass


def test_queries_are_a_stack_machine_in_both_spellings() -> None:
    row = {"name": "ali", "disabled": "true", "comment": "x"}
    assert matches(row, ["?name=ali", "?=disabled=yes", "?#&"])
    assert matches(row, ["?name=zoe", "?name=ali", "?name=bob", "?#||"])
    assert matches(row, ["?name=zoe", "?#!"]) and matches(row, ["?-mac"]) and not matches(row, ["?-name"])
    assert matches(row, ["?>comment="]) and not matches({"name": "a"}, ["?>comment="])
