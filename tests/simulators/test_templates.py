"""Templates: made in code or over the Graph API, sent only when approved and rightly filled."""

from __future__ import annotations

import pytest
import requests
from pywa import WhatsApp
from pywa.types.templates import BodyText, TemplateCategory, TemplateLanguage
from pywa.types.templates import Template as PywaTemplate

from simulators.whatsapp_cloud.server import Simulator
from simulators.whatsapp_cloud.templates import Template, billed_as
from tests.simulators.meta import AYESHA, Business, headers, post, statuses, text

BILL = Template("bill_due", "en", "Dear {{name}}, your bill of {{amount}} is due.")
VISIT = Template("visit", "en", "Our technician comes on {{1}} at {{2}}.")


def message(name: str, parameters: list[dict], language: str = "en") -> dict:
    components = [{"type": "body", "parameters": parameters}]
    content = {"name": name, "language": {"code": language}, "components": components}
    return {**text(), "type": "template", "template": content}


def value(words: object, name: str | None = None) -> dict:
    return {"type": "text", "text": words} | ({"parameter_name": name} if name else {})


def shown(simulator: Simulator) -> list[str]:
    return [bubble.body["text"]["body"] for bubble in simulator.world.chat(AYESHA).bubbles]


def test_a_template_goes_outside_the_window_and_is_shown_filled(simulator: Simulator, business: Business) -> None:
    simulator.world.add_template(BILL)
    simulator.world.add_template(VISIT)
    named = message("bill_due", [value("Rs 2,500", "amount"), value("Ayesha", "name")])
    assert post(simulator, named).json()["messages"][0]["message_status"] == "accepted"
    assert post(simulator, message("visit", [value("Friday"), value("ten")])).status_code == 200
    assert shown(simulator) == ["Dear Ayesha, your bill of Rs 2,500 is due.", "Our technician comes on Friday at ten."]
    assert statuses(business, 2) == [("sent", None), ("delivered", None)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (message("bill_due", [value("A", "name")]), 132000),
        (message("bill_due", [value("A", "name"), value("B", "sum")]), 132012),
        (message("bill_due", [value("A"), value("B")]), 132012),
        (message("visit", [value("Friday\nmorning"), value("ten")]), 132018),
        (message("visit", [value("Friday     morning"), value("ten")]), 132018),
        (message("visit", [value("x" * 1025), value("ten")]), 132018),
        (message("visit", [value(""), value("ten")]), 131008),
        (message("visit", ["Friday", "ten"]), 132012),
        (message("visit", [value("Friday"), value("ten")], language="ur"), 132001),
        (message("paused", []), 132015),
        (message("disabled", []), 132016),
        (message("pending", []), 132001),
    ],
)
def test_what_meta_refuses_of_a_template_is_refused(simulator: Simulator, body: dict, code: int) -> None:
    for template in (
        BILL,
        VISIT,
        *(Template(s, "en", "Salam", status=s.upper()) for s in ("paused", "disabled", "pending")),
    ):
        simulator.world.add_template(template)
    assert post(simulator, body).json()["error"]["code"] == code


def test_templates_are_created_listed_and_deleted_over_the_api(simulator: Simulator) -> None:
    url = f"{simulator.base_url}/v25.0/{simulator.config.waba_id}/message_templates"
    wanted = {"name": "outage", "language": "en", "category": "UTILITY",
              "components": [{"type": "BODY", "text": "The line in {{area}} is down."}]}  # fmt: skip
    made = requests.post(url, json=wanted, headers=headers(), timeout=5).json()
    assert made["status"] == "APPROVED" and made["id"]
    assert requests.post(url, json=wanted, headers=headers(), timeout=5).json()["error"]["code"] == 100
    listed = requests.get(url, params={"name": "outage"}, headers=headers(), timeout=5).json()["data"]
    assert [(row["name"], row["parameter_format"]) for row in listed] == [("outage", "NAMED")]
    assert post(simulator, message("outage", [value("Gulberg", "area")])).status_code == 200
    assert requests.delete(url, params={"name": "outage"}, headers=headers(), timeout=5).json() == {"success": True}
    assert post(simulator, message("outage", [value("Gulberg", "area")])).json()["error"]["code"] == 132001


@pytest.mark.parametrize(
    "change",
    [{"name": "Out Age"}, {"language": ""}, {"category": "NEWS"}, {"components": []}, {"components": None},
     {"components": [{"type": "BODY", "text": "x" * 1025}]}, {"components": [{"type": "BODY", "text": "{{1}} is due"}]},
     {"components": [{"type": "BODY", "text": "due on {{1}}"}]}],
)  # fmt: skip
def test_a_template_that_meta_would_not_take_is_not_made(simulator: Simulator, change: dict) -> None:
    wanted = {"name": "outage", "language": "en", "category": "UTILITY",
              "components": [{"type": "BODY", "text": "The line is down."}]}  # fmt: skip
    url = f"{simulator.base_url}/v25.0/{simulator.config.waba_id}/message_templates"
    answer = requests.post(url, json=wanted | change, headers=headers(), timeout=5)
    assert answer.json()["error"]["code"] == 100


def test_a_foreign_client_makes_and_sends_a_template(simulator: Simulator, pywa: WhatsApp) -> None:
    waba = simulator.config.waba_id
    body = BodyText("Dear {{name}}, your bill is due.", name="Ayesha")
    made = pywa.create_template(
        PywaTemplate(
            name="due", language=TemplateLanguage.ENGLISH, category=TemplateCategory.UTILITY, components=[body]
        ),
        waba_id=waba,
    )
    assert made.id
    assert "due" in {template.name for template in pywa.get_templates(waba_id=waba)}
    pywa.send_template(AYESHA.phone, "due", TemplateLanguage.ENGLISH, [body.params(name="Bilal")])
    assert shown(simulator)[-1] == "Dear Bilal, your bill is due."


CODE = Template("one_time_code", "en", "*{{1}}* is your verification code.", "AUTHENTICATION")


def code_message(code: str = "481516", *buttons: dict) -> dict:
    """A one-time code, as Meta wants it where `buttons` has the one that copies it."""
    return {
        **text(), "type": "template",
        "template": {
            "name": "one_time_code", "language": {"code": "en"},
            "components": [{"type": "body", "parameters": [value(code)]}, *buttons],
        },
    }  # fmt: skip


def button(code: str, **changes: object) -> dict:
    return {"type": "button", "sub_type": "url", "index": "0", "parameters": [value(code)]} | changes


def test_a_one_time_code_goes_with_its_button(simulator: Simulator) -> None:
    simulator.world.add_template(CODE)
    assert post(simulator, code_message("481516", button("481516"))).status_code == 200
    assert shown(simulator) == ["*481516* is your verification code."]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (code_message("481516"), 131008),
        (code_message("481516", button("481517")), 132012),
        (code_message("481516", button("481516", sub_type="quick_reply")), 132012),
        (code_message("481516", button("481516", index="1")), 132012),
        (code_message("481516", button("481516"), button("481516")), 131008),
        (code_message("1234567890123456", button("1234567890123456")), 132018),
        (code_message("481516", button("481516")) | {"to": "", "recipient": "PK.1349"}, 131062),
    ],
)
def test_a_one_time_code_that_meta_would_refuse_is_refused(simulator: Simulator, body: dict, code: int) -> None:
    simulator.world.add_template(CODE)
    assert post(simulator, body).json()["error"]["code"] == code


def test_an_authentication_template_is_made_without_words_of_its_own(simulator: Simulator) -> None:
    url = f"{simulator.base_url}/v25.0/{simulator.config.waba_id}/message_templates"
    parts = [
        {"type": "BODY", "add_security_recommendation": True}, {"type": "FOOTER", "code_expiration_minutes": 10},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
    ]  # fmt: skip
    wanted = {"name": "my_code", "language": "en", "category": "AUTHENTICATION", "components": parts}
    assert requests.post(url, json=wanted, headers=headers(), timeout=5).json()["status"] == "APPROVED"
    for wrong in (parts[:2], [{"type": "BODY", "text": "Code {{1}} here"}, *parts[1:]],
                  [parts[0], {"type": "FOOTER", "code_expiration_minutes": 91}, parts[2]]):  # fmt: skip
        answer = requests.post(
            url, json=wanted | {"name": "other", "components": wrong}, headers=headers(), timeout=5
        )  # fmt: skip
        assert answer.json()["error"]["code"] == 100


def test_a_message_is_billed_as_its_templates_category() -> None:
    offer = Template("offer", "en", "Take {{what}} now", category="MARKETING")
    known = {("offer", "en"): offer}
    sent = {"type": "template", "template": {"name": "offer", "language": {"code": "en"}}}
    gone = {"type": "template", "template": {"name": "gone", "language": {"code": "en"}}}
    assert [billed_as(body, known) for body in (sent, gone, {"type": "text"})] == ["marketing", "utility", "service"]
