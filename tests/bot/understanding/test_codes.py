"""Numbers with a shape of their own, things and how many, plans, languages, outcomes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bot.understanding.entities import find_entities

TODAY = date(2026, 12, 9)

SIGNALS = [
    ("-27", "-27"),
    ("27 minus", "-27"),
    ("minus 27", "-27"),
    ("power 24.5", "-24.5"),
    ("-27.5dbm", "-27.5"),
    ("-27.5 dbm", "-27.5"),
    ("27.5 dbm", "-27.5"),
    ("signal minus 28", "-28"),
    ("rx -19", "-19"),
    ("rx 19", "-19"),
    ("signal 22 aa raha hai", "-22"),
    ("signal hai 22", "-22"),
    ("reading 21.3", "-21.3"),
    ("J-311 signal -24", "-24"),
    ("J-311 par 24 db", "-24"),
    ("dbm 26", "-26"),
    ("light 23 aa rahi hai", "-23"),
    ("optical power -18.7", "-18.7"),
    ("signal minus chaubees", "-24"),
    ("minus twenty four", "-24"),
    ("۲۷ ڈی بی ایم", "-27"),
    ("مائنس 27", "-27"),
    ("سگنل مائنس ۲۷ ہے", "-27"),
    ("سگنل 25 ہے", "-25"),
    ("−24", "-24"),
    ("signal -24 se -21 ho gaya", "-21"),
]
NO_SIGNAL = [
    "J-311",
    "2 patch cord lage",
    "20m fiber",
    "aaj 5 jobs",
    "C-2001",
    "0300-1234567",
    "5 baje",
    "signal kam hai",
]

SERIALS = [
    ("HWTC1A2B3C4D", "HWTC1A2B3C4D"),
    ("hwtc 1a2b3c4d lagaya", "HWTC1A2B3C4D"),
    ("onu serial HWTC-1A2B3C4D", "HWTC-1A2B3C4D"),
    ("ZTEGC1234567", "ZTEGC1234567"),
    ("ztegc8a91b2f", "ZTEGC8A91B2F"),
    ("4857544312AB34CD", "4857544312AB34CD"),
    ("serial 4857544312ab34cd laga di", "4857544312AB34CD"),
    ("a1b2c3d4e5f60718", "A1B2C3D4E5F60718"),
    ("aa:bb:cc:11:22:33", "AA:BB:CC:11:22:33"),
    ("AA-BB-CC-11-22-33", "AA:BB:CC:11:22:33"),
    ("aabb.cc11.2233", "AA:BB:CC:11:22:33"),
    ("mac aabbcc112233", "AA:BB:CC:11:22:33"),
    ("s/n TP1234567", "TP1234567"),
    ("sn: 2215098877", "2215098877"),
    ("serial number 21540099887", "21540099887"),
    ("router ka serial TL840N998877 hai", "TL840N998877"),
]

THINGS = [
    ("20m fiber", "fiber", 20),
    ("20 meter fiber lagi", "fiber", 20),
    ("fiber 150 meter", "fiber", 150),
    ("150 mtr drop wire", "drop cable", 150),
    ("do patch cord", "patch cord", 2),
    ("2 patch cords lage", "patch cord", 2),
    ("patch cord do lagayi", "patch cord", 2),
    ("patch cord x2", "patch cord", 2),
    ("patch cord x 2", "patch cord", 2),
    ("2x patch cord", "patch cord", 2),
    ("3 connector", "connector", 3),
    ("connectors 3 adad", "connector", 3),
    ("teen connector use kiye", "connector", 3),
    ("1 onu", "onu", 1),
    ("ek onu laga", "onu", 1),
    ("ek router lagaya", "router", 1),
    ("a router", "router", 1),
    ("50 fast connectors chahiye", "connector", 50),
    ("5 onu bhej do", "onu", 5),
    ("mujhe 200 meter fiber chahiye", "fiber", 200),
    ("fiber 2 drum", "fiber", 2),
    ("J-311 mein 2 patch cord lage", "patch cord", 2),
    ("دو پیچ کارڈ لگے", "patch cord", 2),
    ("۲۰ میٹر فائبر", "fiber", 20),
    ("تین کنیکٹر", "connector", 3),
    ("ek dozen connector", "connector", 12),
    ("do darjan connector", "connector", 24),
]

CODES = [
    ("customer", "invoice INV-2026-27-000123", {"invoice_no": "INV-2026-27-000123"}),
    ("customer", "inv 2026-27-123 bhejo", {"invoice_no": "INV-2026-27-000123"}),
    ("customer", "T-1042 ka kya bana", {"ticket_no": "T-1042"}),
    ("customer", "t1042", {"ticket_no": "T-1042"}),
    ("customer", "ticket 1042", {"ticket_no": "T-1042"}),
    ("customer", "complaint number 1042", {"ticket_no": "T-1042"}),
    ("customer", "شکایت نمبر 1042", {"ticket_no": "T-1042"}),
    ("customer", "ٹکٹ ۱۰۴۲", {"ticket_no": "T-1042"}),
    ("technician", "J-311 kholo", {"job_no": "J-311"}),
    ("technician", "j311", {"job_no": "J-311"}),
    ("technician", "job no 311", {"job_no": "J-311"}),
    ("technician", "job # 311", {"job_no": "J-311"}),
    ("technician", "جاب 311", {"job_no": "J-311"}),
    ("technician", "J–311", {"job_no": "J-311"}),
    ("recovery_agent", "C-2001 ne 2500 diye", {"customer_no": "C-2001", "amount": Decimal(2500)}),
    ("customer", "20 mbps pe upgrade karo", {"plan": "20 mbps"}),
    ("customer", "20mb wala package", {"plan": "20 mbps"}),
    ("customer", "۲۰ ایم بی والا", {"plan": "20 mbps"}),
    ("customer", "gold package laga do", {"plan": "gold"}),
    ("customer", "گولڈ پیکج", {"plan": "gold"}),
]


def read(text: str, role: str, intent: str = "part_used") -> dict[str, Any]:
    return find_entities(text, role=role, intent=intent, detail="", today=TODAY)


@pytest.mark.parametrize(("text", "dbm"), SIGNALS)
def test_a_reading_in_dbm_is_below_zero(text: str, dbm: str) -> None:
    assert read(text, "technician", "signal_reading").get("signal_dbm") == Decimal(dbm)


@pytest.mark.parametrize("text", NO_SIGNAL)
def test_other_numbers_are_no_reading(text: str) -> None:
    assert "signal_dbm" not in read(text, "technician", "signal_reading")


@pytest.mark.parametrize(("text", "serial"), SERIALS)
def test_serials_and_macs(text: str, serial: str) -> None:
    assert read(text, "technician").get("serial") == serial


@pytest.mark.parametrize(("text", "item", "quantity"), THINGS)
def test_things_and_how_many(text: str, item: str, quantity: int) -> None:
    found = read(text, "technician")
    assert (found.get("item"), found.get("quantity")) == (item, quantity)
    assert "amount" not in found


@pytest.mark.parametrize(("role", "text", "expected"), CODES)
def test_codes_of_our_own(role: str, text: str, expected: dict[str, Any]) -> None:
    assert read(text, role, "balance") == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [("english please", "en"), ("urdu mein baat karo", "ur"), ("roman urdu", "ur_Latn"), ("اردو میں", "ur"),
     ("angrezi mein", "en"), ("english nahi aati urdu mein likho", "ur"), ("urdu nahi roman", "ur_Latn"),
     ("english haroof me urdu likho", "ur_Latn"), ("رومن اردو", "ur_Latn")],
)  # fmt: skip
def test_languages(text: str, code: str) -> None:
    assert read(text, "customer", "language")["language"] == code


@pytest.mark.parametrize(
    ("text", "plan"),
    [("20 mbps pe kar do", "20 mbps"), ("10 mbps se 20 mbps", "20 mbps"), ("10 wala hai 20 wala karna hai", "20 mbps"),
     ("silver se gold", "gold"), ("20 se 30 karo", "30 mbps"), ("speed barhao", None)],
)  # fmt: skip
def test_the_plan_wanted_is_not_the_one_left(text: str, plan: str | None) -> None:
    assert read(text, "customer", "plan_change").get("plan") == plan
