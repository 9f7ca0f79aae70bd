"""The cache of what was learnt: kept whole, dropped when damaged."""

from __future__ import annotations

from pathlib import Path

from bot.understanding import model


def test_what_was_learnt_is_kept_and_a_damaged_file_is_not_trusted(tmp_path: Path) -> None:
    target = tmp_path / "understanding-all-1.npz"
    assert model._kept(target) is None
    target.write_bytes(b"half of an archive")
    assert model._kept(target) is None


def test_only_the_last_states_are_kept(tmp_path: Path) -> None:
    for state in range(model.KEPT + 3):
        model._keep(tmp_path / f"understanding-all-{state}.npz", b"learnt")
    assert len(list(tmp_path.iterdir())) == model.KEPT
    assert (tmp_path / f"understanding-all-{model.KEPT + 2}.npz").read_bytes() == b"learnt"


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    model._keep(tmp_path / "missing" / "understanding-all-1.npz", b"learnt")
    assert list(tmp_path.iterdir()) == []
