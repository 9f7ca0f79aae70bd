"""The trained model, kept in the user's cache and learnt again whenever a word of what it was taught changes."""

import fcntl
import hashlib
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from bot.understanding.features import features_of, hashed, readable
from bot.understanding.samples import GROUP_OF, MARKED, Part

PACKAGE = Path(__file__).parent
KEPT = 6
"""How many files the cache holds: two for each of the last few states of the data."""

Label = tuple[str, str]


class LearningFailed(RuntimeError):
    """The learner ended with an error; the message is its last line."""


@dataclass(frozen=True)
class Model:
    """A column of weights per label over the features it knows."""

    known: npt.NDArray[np.uint32]
    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    labels: tuple[Label, ...]

    def _places(self, features: Sequence[str]) -> tuple[npt.NDArray[np.intp], list[str]]:
        numbers = np.array([hashed(feature) for feature in features], dtype=np.uint32)
        places = np.minimum(np.searchsorted(self.known, numbers), len(self.known) - 1)
        hit = self.known[places] == numbers
        return places[hit], [feature for feature, is_hit in zip(features, hit, strict=True) if is_hit]

    def shares(self, said: Sequence[str], role: str) -> dict[Label, float]:
        """Each label's share of belief; they add up to 1."""
        scores = self.bias.copy()
        for view in features_of(said, MARKED.get(role, "")):
            places, _ = self._places(sorted(view))
            scores += self.weights[places].sum(axis=0) / np.sqrt(max(1, len(places)))
        beliefs = np.exp(scores - scores.max())
        return dict(zip(self.labels, (beliefs / beliefs.sum()).tolist(), strict=True))

    def reasons(self, said: Sequence[str], label: Label, most: int = 6) -> list[str]:
        """The words and pairs that spoke most for a label."""
        phrases = readable(said)
        places, features = self._places(list(phrases))
        pulls = self.weights[places, self.labels.index(label)].tolist()
        ranked = sorted(zip(pulls, features, strict=True), reverse=True)
        return [phrases[feature] for pull, feature in ranked[:most] if pull > 0]


def _fingerprint() -> str:
    """Names the state of everything the weights depend on."""
    digest = hashlib.sha256(np.__version__.encode())
    for path in sorted(p for p in PACKAGE.rglob("*") if p.suffix in (".py", ".txt")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:20]


def _cache() -> Path:
    """A folder of this user's; where the home cannot be written, one beside the temporary files."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "taar"
    for folder in (home, Path(tempfile.gettempdir()) / f"taar-cache-{os.getuid()}"):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            continue
        if os.access(folder, os.W_OK) and folder.stat().st_uid == os.getuid():
            return folder
    return Path(tempfile.mkdtemp(prefix="taar-cache-"))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Processes that start together take turns, so that one learns and the others read."""
    with (folder / "understanding.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _learn(part: Part) -> bytes:
    root = str(PACKAGE.parents[1])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}
    command = [sys.executable, "-m", "bot.understanding.training", part]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise LearningFailed(said[-1] if said else f"the learner ended with code {done.returncode}")
    return done.stdout


def _keep(target: Path, learnt: bytes) -> None:
    """Whole or not at all; older states are dropped. A full disk only means that it is learnt again next time."""
    with suppress(OSError):
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
            file.write(learnt)
        Path(file.name).replace(target)
        for old in sorted(target.parent.glob("understanding-*.npz"), key=lambda p: p.stat().st_mtime)[:-KEPT]:
            old.unlink(missing_ok=True)


def _kept(target: Path) -> dict[str, Any] | None:
    """What a file of the cache holds, or None where there is none or it is damaged."""
    try:
        return _unpacked(target.read_bytes())
    except (OSError, ValueError, EOFError, BadZipFile):
        return None


def _unpacked(learnt: bytes) -> dict[str, Any]:
    archive = np.load(io.BytesIO(learnt), allow_pickle=False)
    return {name: archive[name] for name in archive.files}


@cache
def _learnt(part: Part) -> dict[str, Any]:
    folder = _cache()
    target = folder / f"understanding-{part}-{_fingerprint()}.npz"
    with _alone(folder):
        kept = _kept(target)
        if kept is None:
            learnt = _learn(part)
            _keep(target, learnt)
            kept = _unpacked(learnt)
        return kept


def learn() -> None:
    """Learn what the lexicon and the corpus teach, unless that was done since they were last changed."""
    _learnt("all")


@cache
def model_of(role: str, part: Part = "all") -> Model:
    """The model of the role's group; learning it takes seconds once, reading it a fraction of one."""
    learnt, group = _learnt(part), GROUP_OF[role]
    labels = tuple((intent, detail) for intent, _, detail in (str(x).partition("/") for x in learnt[f"{group}.labels"]))
    return Model(learnt[f"{group}.known"], learnt[f"{group}.weights"], learnt[f"{group}.bias"], labels)
