"""Templates are checked before they are kept, kept in versions, and rendered in a sandbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core.db import company_session
from core.messaging import templates
from core.messaging.template_models import MessageTemplate
from core.messaging.template_rules import Button, Definition, TemplateInvalid, check_template
from core.messaging.wordings import WordingInvalid, check_wording, render_wording
from tests.cast import TestCompany

NOW = datetime(2026, 11, 15, 12, tzinfo=ZoneInfo("Asia/Karachi"))
EID = Definition("eid_offer", "en", "MARKETING", "Eid greetings, {{name}}! Take {{offer}} until the month ends.",
                 {"name": "Ayesha", "offer": "50 Mbps"})  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "Eid Offer"}, "name"),
        ({"name": "x" * 513}, "name"),
        ({"language": "de"}, "language"),
        ({"name": "eid_roman"}, "language"),
        ({"category": "NEWS"}, "category"),
        ({"body": ""}, "body"),
        ({"body": "x " * 600}, "body"),
        ({"body": "{{name}} may take {{offer}} until the month is over"}, "body"),
        ({"body": "Dear {{name}}, until the month ends you may take *{{offer}}*"}, "body"),
        ({"body": "Dear friend of ours {{name}} {{offer}} is what we give to you"}, "body"),
        ({"body": "Dear {{name}}, take {{offer}} now"}, "body"),
        ({"body": "Dear {{name}}, take {{offer} until the month is over, please do"}, "body"),
        ({"body": "Dear {{Name}}, take {{offer}} until the month is over, please"}, "body"),
        ({"body": "Dear {{1}}, take {{offer}} until the month is over, please"}, "body"),
        ({"body": "Dear {{1}}, take {{3}} until the month is over, please do"}, "body"),
        ({"body": "Dear {{name}}, take {{offer}}.\n\n\nUntil the month is over, please"}, "body"),
        ({"variables": {"name": "Ayesha"}}, "variables"),
        ({"variables": {"name": "Ayesha", "offer": " "}}, "variables"),
        ({"variables": {"name": "Ayesha", "offer": "50", "more": "x"}}, "variables"),
        ({"header_kind": "video"}, "header_kind"),
        ({"header_kind": "text", "header": "x" * 61}, "header"),
        ({"header_kind": "text", "header": ""}, "header"),
        ({"header_kind": "text", "header": "For {{name}} and {{offer}}"}, "header"),
        ({"header_kind": "text", "header": "For {{name}}"}, "header_example"),
        ({"footer": "x" * 61}, "footer"),
        ({"footer": "For {{name}}"}, "footer"),
        ({"buttons": [Button("quick_reply", "x" * 26)]}, "buttons"),
        ({"buttons": [Button("quick_reply", "Yes"), Button("quick_reply", "Yes")]}, "buttons"),
        ({"buttons": [Button("quick_reply", f"Answer {count}") for count in range(11)]}, "buttons"),
        ({"buttons": [Button("url", f"Page {count}", "https://a.example") for count in range(3)]}, "buttons"),
        ({"buttons": [Button("url", "Page", "https://a.example/{{1}}/x")]}, "buttons"),
        ({"buttons": [Button("url", "Page", "https://a.example/{{1}}")]}, "buttons"),
        ({"buttons": [Button("url", "Page", "javascript:x")]}, "buttons"),
        ({"buttons": [Button("phone", "Call", "call me")]}, "buttons"),
        ({"buttons": [Button("call", "Call", "+924235550100")]}, "buttons"),
        ({"buttons": [Button("quick_reply", "A"), Button("phone", "Call", "+924235550100"),
                      Button("quick_reply", "B")]}, "buttons"),
        ({"session_body": "Dear {{ nmae }}"}, "session_body"),
        ({"session_body": "{% for i in '12' %}{{ i }}{% endfor %}"}, "session_body"),
    ],
)  # fmt: skip
def test_what_meta_or_we_could_not_send_is_refused_with_its_field(change: dict[str, Any], field: str) -> None:
    check_template(EID)
    with pytest.raises((TemplateInvalid, WordingInvalid)) as refused:
        check_template(replace(EID, **change))
    assert refused.value.facts["field"] == field


@pytest.mark.parametrize(
    "words",
    ["{{ ''.__class__.__mro__ }}", "{{ 'a' * 1000000000 }}", "{{ name.upper() }}", "{% set x = 1 %}", "{{ name[0] }}",
     "{% include 'x' %}", "{{ range(9) }}", "{{ name | map('upper') }}", "{{ lipsum }}", "{% if %}", "{{ name"],
)  # fmt: skip
def test_words_can_choose_and_nothing_more(words: str) -> None:
    with pytest.raises(WordingInvalid):
        check_wording(words, variables=["name"], field="words")


def test_words_choose_by_what_is_known() -> None:
    words = "{% if due == '0' %}Thank you, {{ name|upper }}.{% else %}{{ name }}, {{ due }} is open.{% endif %}"
    check_wording(words, variables=["name", "due"], field="words")
    assert render_wording(words, {"name": "Ali", "due": "0"}) == "Thank you, ALI."
    assert render_wording(words, {"name": "Ali", "due": "Rs 5"}) == "Ali, Rs 5 is open."
    assert render_wording("{{1}} and {{2}}", {"1": "a", "2": "{{ name }}"}) == "a and {{ name }}"


def test_a_change_is_a_new_version_and_the_old_one_stays(company: TestCompany) -> None:
    with company_session(company.id, "staff:1") as session:
        template = templates.save_template(session, draft=EID, by="staff:1")
        templates.save_template(session, draft=EID, by="staff:1")
        assert template.version == 1
        changed = replace(EID, body=EID.body.replace("ends", "is over"))
        templates.save_template(session, draft=changed, by="staff:2")
        assert [kept.written_by for kept in templates.versions_of(session, template.id)] == ["staff:2", "staff:1"]
        assert templates.definition_of(session, template) == changed
        assert templates.definition_of(session, template, 1) == EID
    with pytest.raises(DBAPIError), company_session(company.id) as session:
        session.execute(text("UPDATE template_version SET body = 'x'"))


def test_a_preview_shows_both_messages_filled(company: TestCompany) -> None:
    shown = templates.preview(
        replace(EID, session_body="{{ name }}: {{ offer|upper }}?", header_kind="text", header="For {{who}}",
                header_example="you"), {"name": "Bilal"},
    )  # fmt: skip
    assert shown["template"] == "Eid greetings, Bilal! Take 50 Mbps until the month ends."
    assert (shown["session"], shown["header"]) == ("Bilal: 50 MBPS?", "For you")


def test_a_new_company_has_the_ready_set_once(company: TestCompany) -> None:
    with company_session(company.id) as session:
        assert {each.state for each in templates.all_templates(session)} == {"draft"}
        assert templates.seed_templates(session, by="test") == 0
        session.execute(text("DELETE FROM message_template WHERE name = 'welcome'"))
        assert templates.seed_templates(session, by="test") == 2


def test_the_programs_own_templates_keep_their_variables_and_cannot_be_deleted(company: TestCompany) -> None:
    with company_session(company.id) as session:
        welcome = templates.find_template(session, "welcome", "en")
        draft = templates.definition_of(session, welcome)
        with pytest.raises(TemplateInvalid) as refused:
            templates.save_template(session, draft=replace(draft, body=EID.body, variables=EID.variables), by="t")
        assert refused.value.facts["field"] == "body"
        with pytest.raises(TemplateInvalid):
            templates.save_template(session, draft=replace(draft, buttons=[Button("quick_reply", "A")]), by="t")
        with pytest.raises(templates.TemplateBusy):
            templates.ask_deletion(session, template_id=welcome.id, by="t")


def test_what_meta_has_is_not_submitted_again_and_an_approved_one_once_a_day(company: TestCompany) -> None:
    with company_session(company.id) as session:
        template = templates.save_template(session, draft=EID, by="t")
        templates.ask_submission(session, template_id=template.id, by="t", now=NOW)
        with pytest.raises(templates.TemplateBusy):
            templates.ask_submission(session, template_id=template.id, by="t", now=NOW)
        with pytest.raises(templates.TemplateBusy):
            templates.save_template(session, draft=replace(EID, footer="Bye"), by="t")
        template.asked, template.meta_id, template.state, template.live_version = "", "7", "approved", 1
        with pytest.raises(templates.TemplateBusy):
            templates.ask_submission(session, template_id=template.id, by="t", now=NOW)
        templates.save_template(session, draft=replace(EID, footer="Bye"), by="t")
        template.edited_at = NOW - timedelta(hours=23)
        with pytest.raises(templates.TemplateBusy):
            templates.ask_submission(session, template_id=template.id, by="t", now=NOW)
        templates.ask_submission(session, template_id=template.id, by="t", now=NOW + timedelta(hours=1))


def test_a_draft_is_deleted_at_once(company: TestCompany) -> None:
    with company_session(company.id) as session:
        template = templates.save_template(session, draft=EID, by="t")
        templates.ask_deletion(session, template_id=template.id, by="t")
        assert session.scalar(select(MessageTemplate.id).where(MessageTemplate.name == EID.name)) is None
