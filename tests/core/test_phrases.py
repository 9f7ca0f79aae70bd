"""Lines of documents in Urdu: no English sentence is left, names and numbers are."""

from __future__ import annotations

import pytest

from core.billing.charges import CHARGES
from core.printing.labels import LABELS, ROLES
from core.printing.phrases import phrased


@pytest.mark.parametrize(
    ("english", "urdu"),
    [
        ("Fiber 20, 05 Nov 2026 - 30 Nov 2026 (26 days)", "Fiber 20, 5 نومبر 2026 - 30 نومبر 2026 (26 دن)"),
        ("Late fee for INV-2026-27-000012", "تاخیر کی فیس، بل INV-2026-27-000012"),
        ("Absence, 2 days", "غیر حاضری، 2 دن"),
        ("Tax on bonus: Eid", "بونس پر ٹیکس: Eid"),
        ("Huawei HG8546M, serial HWTC1234", "Huawei HG8546M، سیریل HWTC1234"),
        ("May Plan", "May Plan"),
        ("31 Feb special", "31 Feb special"),
    ],
)
def test_what_is_known_is_put_into_urdu_and_the_rest_stays(english: str, urdu: str) -> None:
    assert phrased(english, "ur") == urdu
    assert phrased(english, "en") == english


def test_every_charge_is_called_something_in_urdu() -> None:
    latin = [
        kind.words for kind in CHARGES.values() if any("a" <= letter <= "z" for letter in phrased(kind.words, "ur"))
    ]
    assert latin == []


def test_every_label_has_both_languages() -> None:
    assert [key for key, words in (LABELS | ROLES).items() if not all(words) or words[0] == words[1]] == []
