"""Faults ordered from the page: each strikes the next message or the next webhook, once."""

from __future__ import annotations

import time
from queue import Empty

import pytest
import requests
from playwright.sync_api import Browser
from pywa import WhatsApp
from pywa.errors import WhatsAppError

from simulators.whatsapp_cloud.server import Simulator
from tests.simulators.meta import AYESHA, Business, post, statuses, text


def order(simulator: Simulator, **asked: object) -> requests.Response:
    return requests.post(f"{simulator.base_url}/simulator/faults", json=asked, timeout=5)


def hear(simulator: Simulator, business: Business, words: str) -> str:
    wamid = simulator.inbound(AYESHA, "text", {"body": words})
    business.next()
    return wamid


@pytest.mark.parametrize("code", [131056, 130429, 190, 131000])
def test_the_next_message_is_refused_with_the_code_and_the_one_after_it_goes(
    simulator: Simulator, business: Business, pywa: WhatsApp, code: int
) -> None:
    hear(simulator, business, "hi")
    order(simulator, fault=str(code))
    with pytest.raises(WhatsAppError) as refused:
        pywa.send_message(AYESHA.phone, "salam")
    assert refused.value.code == code
    pywa.send_message(AYESHA.phone, "salam")
    assert statuses(business, 2) == [("sent", None), ("delivered", None)]


def test_a_read_mark_does_not_use_up_the_fault(simulator: Simulator, business: Business) -> None:
    wamid = hear(simulator, business, "hi")
    order(simulator, fault="131000")
    assert post(simulator, {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}).status_code == 200
    assert post(simulator, text()).json()["error"]["code"] == 131000


def test_a_message_may_be_accepted_and_fail_later(simulator: Simulator, business: Business) -> None:
    hear(simulator, business, "hi")
    order(simulator, fault="later:131026")
    assert post(simulator, text()).status_code == 200
    assert statuses(business, 1) == [("failed", 131026)]


def test_a_gateway_may_answer_with_a_page_of_html(simulator: Simulator) -> None:
    order(simulator, fault="html")
    answer = post(simulator, text())
    assert answer.status_code == 500 and answer.text.startswith("<html>")
    assert post(simulator, text()).status_code == 200


@pytest.mark.parametrize(("kind", "arrives"), [("lost", False), ("late", True)])
def test_an_answer_may_not_come_in_time(simulator: Simulator, business: Business, kind: str, arrives: bool) -> None:
    hear(simulator, business, "hi")
    order(simulator, fault=f"{kind}:1")
    with pytest.raises(requests.Timeout):
        requests.post(
            f"{simulator.base_url}/v25.0/{simulator.config.phone_number_id}/messages", json=text(), timeout=0.3,
            headers={"Authorization": f"Bearer {simulator.config.access_token}"},
        )  # fmt: skip
    shown = [bubble for bubble in simulator.world.chat(AYESHA).bubbles if not bubble.mine]
    assert len(shown) == arrives


def test_a_webhook_may_come_twice(simulator: Simulator, business: Business) -> None:
    order(simulator, fault="duplicate")
    simulator.inbound(AYESHA, "text", {"body": "hi"})
    assert business.next() == business.next()
    simulator.inbound(AYESHA, "text", {"body": "again"})
    assert words(business.next()) == "again"
    with pytest.raises(Empty):
        business.received.get(timeout=0.3)


def test_a_webhook_may_be_overtaken(simulator: Simulator, business: Business) -> None:
    order(simulator, fault="overtaken")
    simulator.inbound(AYESHA, "text", {"body": "first"})
    simulator.inbound(AYESHA, "text", {"body": "second"})
    assert [words(business.next()) for _ in range(2)] == ["second", "first"]


def test_a_webhook_may_come_late(simulator: Simulator, business: Business) -> None:
    order(simulator, fault="delay:0.4")
    began = time.monotonic()
    simulator.inbound(AYESHA, "text", {"body": "first"})
    simulator.inbound(AYESHA, "text", {"body": "second"})
    assert [words(business.next()) for _ in range(2)] == ["second", "first"]
    assert time.monotonic() - began >= 0.4


def words(body: dict) -> str:
    return body["entry"][0]["changes"][0]["value"]["messages"][0]["text"]["body"]


def test_orders_are_listed_called_off_and_refused_when_unknown(simulator: Simulator) -> None:
    order(simulator, fault="131056")
    told = order(simulator, fault="duplicate").json()
    assert told["waiting"]["webhooks"] == ["comes twice"]
    assert "131056" in told["waiting"]["sends"][0]
    assert order(simulator, clear=True).json()["waiting"] == {"sends": [], "webhooks": []}
    for unknown in ("explode", "later:x", "lost:9999", "delay:nan", "html:x", ""):
        assert order(simulator, fault=unknown).status_code == 400
    assert requests.post(f"{simulator.base_url}/simulator/faults", json=[1], timeout=5).status_code == 400


def test_the_rates_can_be_switched_off_on_the_page(simulator: Simulator) -> None:
    assert requests.get(f"{simulator.base_url}/simulator/faults", timeout=5).json()["limits"] is True
    assert order(simulator, limits=False).json()["limits"] is False
    assert {post(simulator, text(str(n))).status_code for n in range(60)} == {200}


@pytest.mark.browser
def test_a_fault_is_ordered_on_the_page_and_strikes(simulator: Simulator, business: Business, browser: Browser) -> None:
    hear(simulator, business, "hi")
    page = browser.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda fault: wrong.append(str(fault)))
    page.goto(f"{simulator.base_url}/#{AYESHA.phone}")
    page.select_option("#fault", "131056")
    page.click("text=Order it")
    page.wait_for_selector("#waiting li:has-text('131056')")
    assert post(simulator, text()).json()["error"]["code"] == 131056
    page.wait_for_selector("#waiting li", state="detached")
    post(simulator, text("salam from the business"))
    page.wait_for_selector("text=salam from the business")
    assert statuses(business, 3)[-1] == ("read", None)
    assert wrong == []
