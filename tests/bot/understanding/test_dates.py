"""Days as people name them, and which way a message looks."""

from __future__ import annotations

from datetime import date

import pytest

from bot.understanding.entities import find_entities

TODAY = date(2026, 12, 9)  # a Wednesday

AHEAD = [
    ("aaj de dunga", "2026-12-09"),
    ("aj shaam ko", "2026-12-09"),
    ("today", "2026-12-09"),
    ("آج", "2026-12-09"),
    ("kal", "2026-12-10"),
    ("kal tak", "2026-12-10"),
    ("kl subah", "2026-12-10"),
    ("tomorrow", "2026-12-10"),
    ("tmrw", "2026-12-10"),
    ("کل تک", "2026-12-10"),
    ("aaj nahi kal", "2026-12-10"),
    ("parson", "2026-12-11"),
    ("prso", "2026-12-11"),
    ("پرسوں", "2026-12-11"),
    ("day after tomorrow", "2026-12-11"),
    ("tarson", "2026-12-12"),
    ("narson", "2026-12-12"),
    ("ترسوں", "2026-12-12"),
    ("jumma ko", "2026-12-11"),
    ("jummay tak", "2026-12-11"),
    ("jumme ko", "2026-12-11"),
    ("jumay ko", "2026-12-11"),
    ("friday", "2026-12-11"),
    ("on friday", "2026-12-11"),
    ("by friday", "2026-12-11"),
    ("جمعہ کو", "2026-12-11"),
    ("جمعے تک", "2026-12-11"),
    ("haftay ko", "2026-12-12"),
    ("hafte wale din", "2026-12-12"),
    ("saturday", "2026-12-12"),
    ("itwar ko", "2026-12-13"),
    ("اتوار کو", "2026-12-13"),
    ("sunday tak", "2026-12-13"),
    ("peer ko", "2026-12-14"),
    ("somwar", "2026-12-14"),
    ("پیر کو", "2026-12-14"),
    ("monday ko", "2026-12-14"),
    ("agle peer", "2026-12-14"),
    ("mangal ko", "2026-12-15"),
    ("منگل کو", "2026-12-15"),
    ("budh ko", "2026-12-16"),
    ("jumerat ko", "2026-12-10"),
    ("جمعرات کو", "2026-12-10"),
    ("next week monday", "2026-12-14"),
    ("agle haftay ke jumme ko", "2026-12-18"),
    ("agle haftay", "2026-12-16"),
    ("next week", "2026-12-16"),
    ("ek haftay baad", "2026-12-16"),
    ("1 hafta baad", "2026-12-16"),
    ("do haftay baad", "2026-12-23"),
    ("3 din baad", "2026-12-12"),
    ("do din mein", "2026-12-11"),
    ("do din ka time de do", "2026-12-11"),
    ("2 din k baad", "2026-12-11"),
    ("in 3 days", "2026-12-12"),
    ("after 3 days", "2026-12-12"),
    ("within a week", "2026-12-16"),
    ("in two days", "2026-12-11"),
    ("دو دن میں", "2026-12-11"),
    ("تین دن بعد", "2026-12-12"),
    ("5 tareekh ko", "2027-01-05"),
    ("5 tareekh", "2027-01-05"),
    ("10 tareekh tak", "2026-12-10"),
    ("15 ko", "2026-12-15"),
    ("20 tak", "2026-12-20"),
    ("25th", "2026-12-25"),
    ("25th ko", "2026-12-25"),
    ("1st ko", "2027-01-01"),
    ("3rd tak", "2027-01-03"),
    ("on 20th", "2026-12-20"),
    ("by the 20th", "2026-12-20"),
    ("before 15th", "2026-12-15"),
    ("pehli tareekh ko", "2027-01-01"),
    ("pehli ko", "2027-01-01"),
    ("yakam ko", "2027-01-01"),
    ("paanch tareekh", "2027-01-05"),
    ("pandrah tareekh", "2026-12-15"),
    ("bees tareekh tak", "2026-12-20"),
    ("۱۵ تاریخ کو", "2026-12-15"),
    ("پانچ تاریخ تک", "2027-01-05"),
    ("پندرہ تاریخ", "2026-12-15"),
    ("یکم کو", "2027-01-01"),
    ("agle mahine ki 3", "2027-01-03"),
    ("agle mahine ki 3 tareekh", "2027-01-03"),
    ("agle mahine 5 ko", "2027-01-05"),
    ("5 of next month", "2027-01-05"),
    ("5th of next month", "2027-01-05"),
    ("5th next month", "2027-01-05"),
    ("next month 5th", "2027-01-05"),
    ("اگلے مہینے کی تین تاریخ", "2027-01-03"),
    ("is mahine ki 20", "2026-12-20"),
    ("is mahine ki 20 tareekh", "2026-12-20"),
    ("mahine ke akhir", "2026-12-31"),
    ("mahine ke end tak", "2026-12-31"),
    ("month end", "2026-12-31"),
    ("end of month", "2026-12-31"),
    ("end of the month", "2026-12-31"),
    ("مہینے کے آخر میں", "2026-12-31"),
    ("10/12", "2026-12-10"),
    ("10-12", "2026-12-10"),
    ("10-12-26", "2026-12-10"),
    ("10.12.2026", "2026-12-10"),
    ("10/12/2026", "2026-12-10"),
    ("2026-12-10", "2026-12-10"),
    ("25 december", "2026-12-25"),
    ("25 dec", "2026-12-25"),
    ("dec 25", "2026-12-25"),
    ("december 25th", "2026-12-25"),
    ("25th of december", "2026-12-25"),
    ("5 january", "2027-01-05"),
    ("5 jan 2027", "2027-01-05"),
    ("25 دسمبر", "2026-12-25"),
    ("۲۵ دسمبر کو", "2026-12-25"),
    ("پانچ جنوری", "2027-01-05"),
    ("2 din baad 1500 dunga", "2026-12-11"),
    ("2500 jumma ko dunga", "2026-12-11"),
    ("aaj nahi de sakta, kal de dunga", "2026-12-10"),
    ("aaj nahi ho sakta monday ko", "2026-12-14"),
    ("kal nahi parson", "2026-12-11"),
    ("das din baad", "2026-12-19"),
    ("hafta dedo", "2026-12-16"),
    ("ek hafta de do", "2026-12-16"),
    ("tees tareekh", "2026-12-30"),
    ("31 tak", "2026-12-31"),
    ("coming friday", "2026-12-11"),
    ("is jumme", "2026-12-11"),
    ("do teen din mein", "2026-12-12"),
    ("2-3 din mein", "2026-12-12"),
    ("extend by 3 days", "2026-12-12"),
    ("15 din ki mohlat", "2026-12-24"),
]

BACK = [
    ("aaj bheje", "2026-12-09"),
    ("kal bheje the", "2026-12-08"),
    ("کل جمع کرائے", "2026-12-08"),
    ("yesterday", "2026-12-08"),
    ("parson diye", "2026-12-07"),
    ("jumma ko diye the", "2026-12-04"),
    ("monday ko bheje", "2026-12-07"),
    ("pichle jumme", "2026-12-04"),
    ("last friday", "2026-12-04"),
    ("5 tareekh ko bheje", "2026-12-05"),
    ("15 tareekh ko bheje", "2026-11-15"),
    ("3 din pehle", "2026-12-06"),
    ("do din pehle", "2026-12-07"),
    ("2 days ago", "2026-12-07"),
    ("ek hafta pehle", "2026-12-02"),
    ("a week ago", "2026-12-02"),
    ("دو دن پہلے", "2026-12-07"),
    ("5/12 ko", "2026-12-05"),
    ("20 november", "2026-11-20"),
    ("20 nov ko", "2026-11-20"),
    ("pichle mahine ki 25", "2026-11-25"),
    ("5th ko bheje", "2026-12-05"),
    ("aaj subah", "2026-12-09"),
    ("kal raat ko", "2026-12-08"),
]

NO_DAY = [
    "",
    "salary ke baad",
    "salary aane par",
    "eid ke baad",
    "ramzan mein",
    "bill kitna hai",
    "aaj kal net slow hai",
    "jaldi de dunga",
    "thore din baad",
    "kuch din mein",
    "jumma mubarak",
    "bill ki akhri tareekh kya hai",
    "2500 de dunga",
    "24/7",
    "ek do baar",
    "J-311",
    "10 mbps",
    "2 patch cord",
    "subah 10 baje",
    "may i pay later",
    "بعد میں",
    "32 tareekh",
    "99/99",
    "2026-13-45",
]

MONTHS = [
    ("november ka bill", "2026-11-01"),
    ("nov ka bill bhejo", "2026-11-01"),
    ("نومبر کا بل", "2026-11-01"),
    ("pichle mahine ka bill", "2026-11-01"),
    ("last month bill", "2026-11-01"),
    ("پچھلے مہینے کا بل", "2026-11-01"),
    ("is mahine ka bill", "2026-12-01"),
    ("this month invoice", "2026-12-01"),
    ("december ka bill", "2026-12-01"),
    ("january ka bill", "2026-01-01"),
    ("march 2026 invoice", "2026-03-01"),
    ("oct 2025 ka bill", "2025-10-01"),
    ("october ki raseed", "2026-10-01"),
    ("اکتوبر کی رسید", "2026-10-01"),
    ("may ka bill", "2026-05-01"),
    ("sep ka invoice", "2026-09-01"),
    ("do mahine pehle ka bill", "2026-10-01"),
]


def read(text: str, intent: str) -> dict[str, object]:
    return find_entities(text, role="customer", intent=intent, detail="", today=TODAY)


@pytest.mark.parametrize(("text", "day"), AHEAD)
def test_a_promise_looks_ahead(text: str, day: str) -> None:
    assert str(read(text, "promise_to_pay").get("date")) == day


@pytest.mark.parametrize(("text", "day"), BACK)
def test_a_payment_looks_back(text: str, day: str) -> None:
    assert str(read(text, "payment_made").get("date")) == day


@pytest.mark.parametrize("text", NO_DAY)
def test_no_day_is_invented(text: str) -> None:
    assert "date" not in read(text, "promise_to_pay")


@pytest.mark.parametrize(("text", "month"), MONTHS)
def test_a_month_is_the_latest_that_has_begun(text: str, month: str) -> None:
    found = read(text, "invoice")
    assert str(found.get("month")) == month
    assert "date" not in found
