"""The data files the reader learns from: readable, without contradictions, in families of their own."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from bot.understanding import corpus as corpus_module
from bot.understanding.corpus import FOLDS, corpus
from bot.understanding.intents import LEXICONS, ROLES
from bot.understanding.lexicon import LEXICON, LexiconMistake, examples
from bot.understanding.words import words

ENTITIES = {
    "amount", "date", "complaint_category", "invoice_no", "job_no", "ticket_no", "serial", "quantity", "item",
    "outcome", "plan", "language", "month", "signal_dbm", "customer_no", "phone",
}  # fmt: skip
CATEGORIES = {"no_internet", "slow_speed", "intermittent", "router_wifi", "cable_damage", "billing_dispute", "other"}
OUTCOMES = {"no_answer", "refused", "wrong_number", "not_home", "will_call_back", "visited"}
DETAILS = {"complaint_new": CATEGORIES, "attempt_log": OUTCOMES}


def test_the_corpus_has_thousands_of_messages_for_every_role() -> None:
    by_role: dict[str, int] = defaultdict(int)
    for line in corpus():
        by_role[line.role] += 1
    assert sum(by_role.values()) >= 2000
    assert set(ROLES) - set(by_role) <= {"owner"}


def test_no_message_is_written_twice_for_a_role() -> None:
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in corpus():
        places[line.role, " ".join(line.text.casefold().split())].append(line.place)
    assert {key: found for key, found in places.items() if len(found) > 1} == {}


def test_every_entity_and_detail_is_one_that_is_read() -> None:
    unknown = [line.place for line in corpus() if not {name for name, _ in line.entities} <= ENTITIES]
    assert unknown == []
    assert [line.place for line in corpus() if line.detail and line.detail not in DETAILS.get(line.intent, ())] == []


def test_every_wish_of_a_role_has_families_to_learn_from_and_to_be_examined_with() -> None:
    folds: dict[tuple[str, str], set[int]] = defaultdict(set)
    for line in corpus():
        folds[line.role, line.intent].add(line.fold)
    thin = [key for key, found in folds.items() if len(found) < 2]
    assert len(thin) <= len(folds) // 4, thin
    assert {line.fold for line in corpus()} == set(range(FOLDS))


def test_an_example_of_the_lexicon_means_one_thing_to_a_role() -> None:
    for role in ROLES:
        meanings: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for example in examples(role):
            meanings[words(example.phrase)].add(example.intent)
        assert {said: intents for said, intents in meanings.items() if len(intents) > 1} == {}


def test_every_lexicon_file_belongs_to_a_role() -> None:
    known = {name for names in LEXICONS.values() for name in names}
    languages = (folder for folder in LEXICON.iterdir() if folder.name in ("en", "ur", "ur_Latn"))
    assert {path.stem for folder in languages for path in folder.glob("*.txt")} == known


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("bill kitna hai", "before its role"),
        ("role customer\nbill kitna hai", "before its role or its"),
        ("role customer\n[jobs] mine\nbill", "no wish of the role customer"),
        ("role customer\n[balance] mine\nbill || 2500", "expected 'entity=value'"),
    ],
)
def test_a_mistake_in_the_corpus_is_named_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, said: str
) -> None:
    (tmp_path / "mine.txt").write_text(written, encoding="utf-8")
    monkeypatch.setattr(corpus_module, "CORPUS", tmp_path)
    with pytest.raises(LexiconMistake, match=rf"mine\.txt:\d: .*{said}"):
        corpus_module.corpus.__wrapped__()
