"""`taar understand`: one text explained, a file of messages answered line by line."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from cli.__main__ import commands
from cli.understanding import answered

GOOD = '{"id": 7, "role": "customer", "text": "2500 bheje kal", "today": "2026-12-09"}'


def test_a_file_is_answered_line_by_line_and_bad_lines_are_named(tmp_path: Path) -> None:
    lines = [
        GOOD, "nonsense", '{"id": "b", "role": "king", "text": "x", "today": "2026-12-09"}',
        '{"id": "c", "role": "owner", "text": "x", "today": "2026-13-09"}', "",
        '{"id": "d", "role": "owner", "text": 5, "today": "2026-12-09"}',
        '{"id": null, "role": "technician", "text": "J-311 signal -27.50", "today": "2026-12-09"}',
    ]  # fmt: skip
    file = tmp_path / "messages.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    done = CliRunner().invoke(commands, ["understand", "--jsonl", str(file)])
    assert done.exit_code == 1
    first, last = map(json.loads, done.stdout.splitlines())
    assert first["id"] == 7
    assert first["intent"] == "payment_made"
    assert first["entities"] == {"amount": 2500, "date": "2026-12-08"}
    assert last["entities"] == {"job_no": "J-311", "signal_dbm": -27.5}
    complaints = done.stderr.splitlines()
    assert [line.split(":")[1].strip() for line in complaints] == ["line 2", "line 3", "line 4", "line 6"]
    assert "2026-13-09" in complaints[2]


def test_stdin_is_read_and_all_good_lines_end_well() -> None:
    done = CliRunner().invoke(commands, ["understand", "--jsonl", "-"], input=GOOD + "\n")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["confidence"] <= 1


def test_numbers_are_written_without_rounding() -> None:
    asked = {"id": 1, "role": "recovery_agent", "text": "aslam ne Rs 123456789.55 diye", "today": "2026-12-09"}
    ((said, is_answer),) = answered([json.dumps(asked).encode()])
    assert is_answer
    assert '"amount": 123456789.55' in said


def test_bytes_that_are_no_text_are_a_bad_line() -> None:
    ((said, is_answer),) = answered([b'{"id": "\xff\xfe"}'])
    assert not is_answer
    assert said.startswith("line 1: not JSON")


def test_a_text_is_explained() -> None:
    done = CliRunner().invoke(commands, ["understand", "laal light jal rahi hai wifi nahi chal raha"])
    assert done.stdout.startswith("complaint_new")
    assert "nearest example" in done.stdout
    assert "“light”" in done.stdout


def test_a_text_or_a_file_must_be_given() -> None:
    assert CliRunner().invoke(commands, ["understand"]).exit_code == 2
