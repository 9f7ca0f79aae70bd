"""Money as people write it: in figures and in words, in three scripts, and what only looks like money."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.understanding.entities import find_entities

TODAY = date(2026, 12, 9)

MONEY = [
    ("2500", "2500"),
    ("2500 jama karaye", "2500"),
    ("2,500 bheje hain", "2500"),
    ("2,500/- bheje hain", "2500"),
    ("1,25,000 transfer kiye", "125000"),
    ("Rs1500 bhej diye", "1500"),
    ("Rs. 1500 bhej diye", "1500"),
    ("rs 1,500.50 paid", "1500.50"),
    ("PKR 3 000 sent", "3000"),
    ("PKR 3000 sent", "3000"),
    ("pkr3000", "3000"),
    ("3000pkr bheje", "3000"),
    ("3000rs bheje", "3000"),
    ("1500/= de diye", "1500"),
    ("₨2500", "2500"),
    ("rupees 2500", "2500"),
    ("2500 rupay", "2500"),
    ("2500 rupees kal", "2500"),
    ("2.5k bhej diye", "2500"),
    ("2k diye", "2000"),
    ("2 k diye", "2000"),
    ("3K", "3000"),
    ("25 sau", "2500"),
    ("25 so rupay", "2500"),
    ("pachees sau", "2500"),
    ("pandrah sau jama karaye", "1500"),
    ("do hazar", "2000"),
    ("2 hazar", "2000"),
    ("2 hazaar 5 sau", "2500"),
    ("do hazar paanch sau", "2500"),
    ("ek hazar panch sau", "1500"),
    ("dhai hazar", "2500"),
    ("dhaai hazaar rupay diye", "2500"),
    ("derh hazar", "1500"),
    ("sarhay teen hazar", "3500"),
    ("saarhe teen hazar", "3500"),
    ("sadhe teen hazar", "3500"),
    ("paune do hazar", "1750"),
    ("sawa do hazar", "2250"),
    ("sawa lakh", "125000"),
    ("derh lakh", "150000"),
    ("1 lakh 20 hazar", "120000"),
    ("hazar rupay", "1000"),
    ("ek hazar do sau pachas", "1250"),
    ("do hazar teen sau pachas rupay", "2350"),
    ("panch sau", "500"),
    ("dhai sau", "250"),
    ("aath sau rupay", "800"),
    ("two thousand five hundred", "2500"),
    ("two thousand five hundred rupees", "2500"),
    ("twenty five hundred", "2500"),
    ("fifteen hundred", "1500"),
    ("one thousand two hundred and fifty", "1250"),
    ("three and a half thousand", "3500"),
    ("۲۵۰۰", "2500"),
    ("۲۵۰۰ روپے", "2500"),
    ("٢٥٠٠ روپے", "2500"),
    ("۲٬۵۰۰ روپے", "2500"),
    ("پندرہ سو", "1500"),
    ("ڈھائی ہزار", "2500"),
    ("دو ہزار پانچ سو", "2500"),
    ("ڈیڑھ ہزار روپے دیے", "1500"),
    ("ساڑھے تین ہزار", "3500"),
    ("پونے دو ہزار", "1750"),
    ("سوا لاکھ", "125000"),
    ("دو ہزار", "2000"),
    ("روپے 1500 جمع کرائے", "1500"),
    ("1500 روپے جمع کرا دیے", "1500"),
    ("1500 + 200", "1700"),
    ("500 500 ke do", "1000"),
    ("500 500 ke do note diye", "1000"),
    ("bhai 03001234567 se 2000 bheje hain", "2000"),
    ("2500 easypaisa se bheje TID 12345678901", "2500"),
    ("10/12 ko 1800 diye", "1800"),
    ("5 tareekh ko 3000 diye the", "3000"),
    ("J-311 wale ne 1200 diye", "1200"),
    ("10 mbps ka 1800 diya", "1800"),
    ("2000 nahi 2500 diye hain", "2500"),
    ("2500 not 25000", "2500"),
    ("50 rupay", "50"),
    ("Rs 0.50", "0.50"),
    ("2500rs", "2500"),
    ("bill 2500 ka hai aur mein ne 1500 rs diye", "1500"),
    ("2 hazar kal de dunga", "2000"),
    ("500 hi hain abhi", "500"),
    ("1000 ka note", "1000"),
    ("2500!!!", "2500"),
    ("2500.", "2500"),
    ("2500.00", "2500"),
    ("amount 4,200", "4200"),
    ("amount:4200", "4200"),
    ("aj 4 customers se total 12500 liye", "12500"),
    ("15 hazar 500 collect hue", "15500"),
    ("paanch hazaar", "5000"),
    ("chay hazar", "6000"),
    ("sat hazar", "7000"),
    ("nau sau", "900"),
    ("gyara sau", "1100"),
    ("barah sau pachas", "1250"),
    ("saat sau pachas", "750"),
    ("teen hazar do sau", "3200"),
    ("3hazar", "3000"),
    ("25sau", "2500"),
    ("25so", "2500"),
    ("2hazar 5so", "2500"),
]

NO_MONEY = [
    "",
    "bill kitna hai",
    "03001234567",
    "0300-1234567",
    "+92 300 1234567",
    "10/12",
    "10-12-2026",
    "2026-12-10",
    "5 tareekh tak de dunga",
    "J-311 done",
    "job 311",
    "T-1042",
    "ticket 1042",
    "complaint no 1042 ka kya bana",
    "INV-2026-27-000123",
    "C-2001",
    "10 mbps",
    "100mbps chahiye",
    "100 mb wala plan",
    "150 gb use hua",
    "500 gb",
    "200 meter fiber lagi",
    "150m cable",
    "5 baje aana",
    "10:30 pe",
    "3 din baad",
    "do din mein",
    "house 123 street 4",
    "gali no 5 makan 250",
    "24 ghante se net band hai",
    "2 ghantay",
    "35202-1234567-1",
    "signal -27",
    "24/7",
    "ek do baar restart kiya",
    "sau baar kaha hai",
    "hazar dafa bataya",
    "12 december",
    "december 2026",
    "1500 meter",
    "ping 250 ms",
    "99% packet loss",
    "TID 1234567",
    "1234567890123",
    "kya so rahe ho",
    "flat 402 block 13",
    "3 dino se",
    "ایک دو دن میں",
    "دو دن بعد",
    "پانچ تاریخ",
]


def read(text: str, role: str = "customer", intent: str = "payment_made") -> dict[str, object]:
    return find_entities(text, role=role, intent=intent, detail="", today=TODAY)


@pytest.mark.parametrize(("text", "rupees"), MONEY)
def test_money_is_read_as_it_is_written(text: str, rupees: str) -> None:
    assert read(text).get("amount") == Decimal(rupees)


@pytest.mark.parametrize("text", NO_MONEY)
def test_what_only_looks_like_money_is_none(text: str) -> None:
    assert "amount" not in read(text)


@given(st.integers(min_value=100, max_value=500_000))
def test_every_likely_figure_is_read_in_each_spelling(rupees: int) -> None:
    for text in (f"{rupees}", f"Rs {rupees:,}", f"{rupees}/-", f"rs{rupees} bheje", f"{rupees} روپے"):
        assert read(text).get("amount") == rupees
