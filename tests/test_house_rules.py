"""What the project promises of its own code, counted."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import router
from bot.flows import ALL_FLOWS
from core.jobs import JOBS, QUEUES
from core.messaging.models import LANES

ROOT = Path(__file__).parent.parent
PACKAGES = ("admin_web", "bot", "cli", "core", "simulators", "workers")
LINES_OF_A_FILE_MAX = 400
LINES_OF_A_FUNCTION_MAX = 70


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_only_the_database_module_commits() -> None:
    committing = [
        str(path.relative_to(ROOT))
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    assert [path for path in committing if not path.startswith("simulators/")] == []


def test_no_file_and_no_function_grows_beyond_reading() -> None:
    long_files = [str(p) for p in sources() if len(p.read_text().splitlines()) > LINES_OF_A_FILE_MAX]
    long_functions = [
        f"{path}:{node.name}"
        for path in sources()
        for node in functions(ast.parse(path.read_text()))
        if node.end_lineno and node.end_lineno - node.lineno >= LINES_OF_A_FUNCTION_MAX
    ]
    assert long_files == []
    assert long_functions == []


def test_every_public_function_of_the_core_says_what_its_signature_cannot() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in (ROOT / "core").rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert silent == []


@pytest.mark.parametrize("job", JOBS)
def test_every_job_name_has_a_function(job: str) -> None:
    module, _, function = JOBS[job].rpartition(".")
    tree = ast.parse((ROOT / (module.replace(".", "/") + ".py")).read_text())
    assert function in {node.name for node in functions(tree)}


def test_every_lane_has_a_queue_that_workers_serve() -> None:
    assert set(LANES) <= set(QUEUES)


def test_every_handler_and_flow_names_the_permission_it_needs() -> None:
    roles = ("customer", "prospect", "technician", "recovery_agent", "manager", "owner")
    unnamed = [handler.name for role in roles for handler in router.handlers_of(role) if not handler.permission]
    assert unnamed + [flow.name for flow in ALL_FLOWS.values() if not flow.permission] == []


def test_question_names_are_a_promise_to_running_conversations() -> None:
    assert {name: [q.name for q in flow.questions] for name, flow in ALL_FLOWS.items()} == {
        "file_complaint": [
            "category",
            "bill",
            "outage",
            "light",
            "helped",
            "detail",
            "place",
            "photo",
            "confirmed",
        ],
        "claim_payment": ["amount", "reference", "photo", "confirmed"],
        "promise_to_pay": ["move", "day", "amount", "confirmed"],
        "renew_prepaid": ["shown_until"],
        "redeem_card": ["code"],
        "change_plan": ["plan", "confirmed"],
        "promise_log": ["customer", "move", "day", "amount", "channel", "confirmed"],
        "dispute_bill": ["bill", "detail", "confirmed"],
        "comment_rating": ["ticket", "comment"],
        "relocate": ["address", "place", "day", "confirmed"],
        "wifi_password": ["what", "name", "password", "confirmed"],
        "disconnect": ["reason", "detail", "offer", "day", "confirmed"],
        "pause_line": ["start", "back", "confirmed"],
        "outage_details": ["outage", "cause", "hours"],
        "open_outage": ["area", "zone", "cause", "hours", "confirmed"],
        "attempt_log": ["customer", "outcome", "channel", "note", "place"],
        "cash_collected": ["customer", "amount", "confirmed"],
        "cash_handover": ["amount", "confirmed"],
        "cash_amount": ["receipt", "amount"],
        "cash_decide": ["receipt", "decision", "note", "confirmed"],
        "approve": ["item", "method", "visit", "counted", "confirmed"],
        "refuse": ["item", "reason", "confirmed"],
        "link_account": ["account_no"],
        "link_by_office": ["who"],
        "unlink_account": ["confirmed"],
        "assign_ticket": ["ticket", "technician", "confirmed"],
        "assign_case": ["customer", "agent", "confirmed"],
        "job_arrived": ["job", "place"],
        "signal_reading": ["job", "dbm"],
        "job_blocked": ["job", "reason"],
        "job_done": ["job", "told"],
        "closing_code": ["job", "code"],
        "close_unconfirmed": ["job", "reason"],
        "job_photo": ["photo", "job"],
        "part_used": ["job", "part", "quantity", "replaces", "condition"],
        "part_back": ["job", "serial", "condition"],
        "survey_metres": ["job", "metres"],
        "restock_request": ["article", "quantity"],
        "longer_promise": ["customer", "day", "amount", "reason", "confirmed"],
        "new_connection": ["place", "zone", "name", "address", "pin", "plan", "wished", "phone", "confirmed"],
    }
