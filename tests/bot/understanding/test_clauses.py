"""Several wishes in one message are told apart; one wish of many words stays one."""

from __future__ import annotations

from datetime import date
from functools import partial

import pytest

from bot.speaker import understood_in
from bot.understanding import Understanding, understand
from bot.understanding.clauses import WISHES_MAX, Read, clauses
from bot.understanding.corpus import corpus
from bot.understanding.exam import HELD_BACK

TODAY = date(2026, 11, 25)


def reader(role: str) -> Read:
    return lambda text: understood_in(role, text, TODAY)


@pytest.mark.parametrize(
    ("role", "text", "wishes"),
    [
        ("customer", "bill batao aur net bhi nahi chal raha", "balance complaint_new"),
        ("customer", "mera package kya hai, aur 2 din se internet slow hai, kisi insaan se baat karao",
         "plan_list complaint_new human"),
        ("customer", "بل بتائیں اور نیٹ بھی نہیں چل رہا", "balance complaint_new"),
        ("customer", "net band hai bill bhi batao", "complaint_new balance"),
        ("customer", "bill kitna hai\nwifi password change karna hai", "balance wifi_password"),
        ("customer", "My internet is down. How do I pay my bill?", "complaint_new how_to_pay"),
        ("customer", "what is my bill and my internet is not working", "balance complaint_new"),
        ("customer", "bill dasso te net vi nahi chal reya", "balance complaint_new"),
        ("prospect", "packages kya hain aur connection lagwana hai", "plan_list new_connection"),
        ("technician", "J-311 khatam ho gaya agla kaam batao", "job_done jobs"),
        ("technician", "آج کے کام دکھاؤ اور میرا سٹاک بتاؤ", "jobs stock"),
        ("recovery_agent", "Aslam ne 2000 diye aur Bilal ghar pe nahi tha", "cash_collected attempt_log"),
        ("manager", "show approvals and today's figures", "approvals today_figures"),
        ("owner", "aaj ki collection batao aur approvals dikhao", "today_figures approvals"),
    ],
)  # fmt: skip
def test_each_wish_is_found_in_the_order_it_was_said(role: str, text: str, wishes: str) -> None:
    assert [clause.wish for clause in clauses(text, reader(role))] == wishes.split()


@pytest.mark.parametrize("text", ["bill aur receipt bhejo", "send bill and receipt", "بل اور رسید بھیجیں"])
def test_two_papers_of_one_verb_are_two_wishes(text: str) -> None:
    assert [clause.wish for clause in clauses(text, reader("customer"))] == ["invoice", "receipt"]


@pytest.mark.parametrize(
    "text",
    [
        "naam Ali aur password 12345678", "500 aur 300 diye", "salam bhai kya haal hai bill bata do",
        "net nahi chal raha lekin bill de diya hai", "bill nahi, plan badalna hai", "aur", "aur aur aur", "",
        "net band hai aur net nahi chal raha", "agar net theek na hua to connection band kar do",
    ],
)  # fmt: skip
def test_one_wish_stays_one(text: str) -> None:
    assert clauses(text, reader("customer")) == ()


def test_an_amount_belongs_to_its_own_wish() -> None:
    paid, asked = clauses("jazzcash se 2500 bhej diye hain aur receipt bhejo", reader("customer"))
    assert paid.understood.entities["amount"] == 2500
    assert "amount" not in asked.understood.entities


def test_messages_of_one_wish_are_seldom_parted() -> None:
    lines = [line for line in corpus() if str(line.fold) == HELD_BACK][::3]
    parted = [line.text for line in lines if clauses(line.text, partial(_held_back, line.role, line.today))]
    assert len(parted) / len(lines) < 0.01, parted


def _held_back(role: str, today: date, text: str) -> Understanding:
    return understand(text, role, today, part=HELD_BACK)


def test_a_long_message_is_read_in_bounded_time() -> None:
    asked: list[str] = []

    def read(text: str) -> Understanding:
        asked.append(text)
        return understood_in("customer", text, TODAY)

    found = clauses("bill batao aur net bhi nahi chal raha hai, " * 6, read)
    assert len(found) <= WISHES_MAX
    assert len(set(asked)) < 200
