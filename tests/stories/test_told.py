"""The stories of `told/`, each through the front door; and that a story which is not so is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.cast import TestCompany
from tests.stories.telling import Teller, Untrue

TOLD = Path(__file__).parent / "told"
STORIES = sorted(TOLD.glob("*.story"))


@pytest.mark.parametrize("path", STORIES, ids=[path.stem for path in STORIES])
def test_it_goes_as_it_is_told(path: Path, client: FlaskClient, company: TestCompany) -> None:
    Teller(path, client, company).play()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("  says: a hundred camels", "line 5: 'a hundred camels' is not said"),
        ("  offers: Camels", "line 5: 'Camels' is not offered"),
        ("Ayesha taps: Camels", "line 5: there is no 'Camels' to tap"),
        ("fact: Ayesha owes 1", "line 5: Ayesha owes 3435.63"),
        ("fact: Ayesha has a no_internet ticket that is open", "line 5: Ayesha has no ticket"),
        ("Bilal: salam", "line 5: nobody called Bilal is introduced"),
        ("and they lived happily", "line 5: this line is of no known kind"),
    ],
)
def test_a_story_that_is_not_so_says_where(
    line: str, complaint: str, client: FlaskClient, company: TestCompany, tmp_path: Path
) -> None:
    path = tmp_path / "wrong.story"
    path.write_text(
        f"story A wrong one\npeople\n  Ayesha is a customer who owes 3435.63\nAyesha: mera bill kitna hai\n{line}\n"
    )
    with pytest.raises(Untrue, match=complaint):
        Teller(path, client, company).play()
