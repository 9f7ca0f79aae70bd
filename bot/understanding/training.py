"""Learns which words and letters speak for which wish; `python -m bot.understanding.training` writes it to stdout.

A process of its own, so that the programs that only read need not load the learner.
"""

import io
import sys
from collections import Counter
from typing import Any, get_args

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from bot.understanding.features import features_of, hashed
from bot.understanding.samples import GROUPS, MARKED, Part, Sample, samples

SEEN_MIN = 2
"""A feature of fewer phrases teaches nothing that others could confirm."""
STRENGTH = 30.0
ROUNDS_MAX = 80


def _rows(taught: tuple[Sample, ...]) -> tuple[list[list[list[int]]], list[str], list[float]]:
    """The views of each phrase as feature numbers, with its label and weight."""
    rows, labels, weights = [], [], []
    for sample in taught:
        role = MARKED.get(sample.roles[0], "") if len(sample.roles) == 1 else ""
        rows.append([sorted(map(hashed, view)) for view in features_of(sample.said, role)])
        labels.append(f"{sample.example.intent}/{sample.example.detail}")
        weights.append(sample.weight)
    return rows, labels, weights


def _matrix(rows: list[list[list[int]]], known: list[int]) -> sparse.csr_matrix:
    """A row per phrase; each view of a phrase is as long as the other ones."""
    column = {feature: at for at, feature in enumerate(known)}
    places, values, ends = [], [], [0]
    for row in rows:
        for view in row:
            kept = [column[feature] for feature in view if feature in column]
            places += kept
            values += [max(1, len(kept)) ** -0.5] * len(kept)
        ends.append(len(places))
    return sparse.csr_matrix((values, places, ends), (len(rows), len(known)))


def learn(taught: tuple[Sample, ...]) -> dict[str, Any]:
    """Weights of a logistic regression: known feature numbers, a column per label, what each label starts from."""
    rows, labels, weights = _rows(taught)
    seen = Counter(feature for row in rows for view in row for feature in view)
    known = sorted(feature for feature, count in seen.items() if count >= SEEN_MIN)
    model = LogisticRegression(C=STRENGTH, max_iter=ROUNDS_MAX, tol=1e-3)
    model.fit(_matrix(rows, known), labels, sample_weight=np.array(weights))
    return {
        "known": np.array(known, dtype=np.uint32),
        "weights": np.ascontiguousarray(model.coef_.T, dtype=np.float32),
        "bias": model.intercept_.astype(np.float32),
        "labels": np.array(model.classes_, dtype=np.str_),
    }


def learn_all(part: Part) -> bytes:
    """Everything learnt from a part, as the bytes of an npz archive."""
    learnt = {f"{group}.{name}": array for group in GROUPS for name, array in learn(samples(group, part)).items()}
    archive = io.BytesIO()
    np.savez(archive, **learnt)
    return archive.getvalue()


if __name__ == "__main__":
    chosen: Part = next((part for part in get_args(Part) if [part] == sys.argv[1:]), "all")
    sys.stdout.buffer.write(learn_all(chosen))
