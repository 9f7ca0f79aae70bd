"""A transfer's reference in the sentence that tells of it, and names that are at home in every language."""

from __future__ import annotations

import pytest

from bot.understanding import detect_language
from bot.understanding.codes import reference_in


@pytest.mark.parametrize(
    ("words", "reference"),
    [
        ("I paid 2000 by JazzCash, reference 884422119", "884422119"),
        ("jazzcash se 2000 bhej diye TID 12345678901", "12345678901"),
        ("میں نے 2000 بھیجے ہیں، ریفرنس 884422119", "884422119"),
        ("paid 2500 via bank transfer ref no FT26329ABCD", "FT26329ABCD"),
        ("JC-884422119 se 2500 diye", "JC-884422119"),
        ("trx id: 0123-4567", "0123-4567"),
        ("paid 2500 from 03001234567", None),
        ("INV-2026-27-000001 ke 3435 diye", None),
        ("35202-1234567-1 wale ne 1500 bheje", None),
        ("ref is not with me", None),
        ("2500 de diye", None),
    ],
)
def test_a_reference_names_the_transfer_and_is_no_phone_bill_or_identity(words: str, reference: str | None) -> None:
    assert reference_in(words) == reference


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("give ayesha's case to saleem", "en"), ("hand C-2001 to Kamran", "en"),
        ("saleem ko case de do", "ur_Latn"), ("عائشہ کا کیس سلیم کو دے دو", "ur"),
    ],
)  # fmt: skip
def test_a_name_says_of_no_language_that_it_is_written(words: str, language: str) -> None:
    assert detect_language(words) == language
