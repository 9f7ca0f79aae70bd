"""A month's bank statement of 10,000 lines: read, imported, imported again, proposed for, confirmed."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

import core.schema  # noqa: F401 - every table must be known before the first query
from cli.database import migrate
from cli.embedded import start_embedded
from core.crm.models import Area, Customer, SubZone
from core.db import company_session, platform_session
from core.ids import Id, new_id
from core.ledger.accounts import account_ids
from core.ledger.bank_files_import import import_statement, save_mapping
from core.ledger.bank_files_reading import read_statements
from core.ledger.cash_accounts import open_cash_account
from core.ledger.models import JournalEntry, Posting
from core.settings import Settings
from core.usecases.open_company import open_company
from core.usecases.propose_matches import propose
from core.usecases.reconcile_bank import confirm_exact
from core.usecases.start_process import start_process

LINES, CUSTOMERS = 10_000, 20_000
START = date(2026, 10, 1)
NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
MAPPING = {"date": 1, "date_format": "yyyy-mm-dd", "amount": 2, "text": [3], "balance": 4, "has_header": False}
Done = TypeVar("Done")


def main() -> None:
    """Print seconds and lines a second; the limit is one INSERT of the same lines without any check."""
    with tempfile.TemporaryDirectory(prefix="taar-bench-") as folder:
        Path(folder).chmod(0o755)
        servers = start_embedded(Path(folder))
        try:
            migrate(servers.owner_url)
            start_process(Settings(environment="test", data_dir=Path(folder), database_url=servers.app_url,
                                   redis_url=servers.redis_url, _env_file=None))  # fmt: skip
            _run()
        finally:
            servers.stop()


def _run() -> None:
    with platform_session("bench") as session:
        company = open_company(session, slug="bench", name="Bench", phone_number_id="1", display_number="+92 1")
    with company_session(company.id) as session:
        bank_id, data = _month(session)
    statements = _timed("read and checked", lambda: read_statements(data, mapping=MAPPING))
    assert len(statements[0].lines) == LINES

    def take() -> int:
        with company_session(company.id) as session:
            return import_statement(session, cash_account_id=bank_id, data=data, filename="october.csv",
                                    imported_by="bench", now=NOW).new_count  # fmt: skip

    assert _timed("imported", take) == LINES
    with company_session(company.id) as session:
        _timed("limit: the same rows by one INSERT ... SELECT", lambda: _limit(session))
        session.rollback()
    assert _timed("imported again, nothing new", take) == 0
    with company_session(company.id) as session:
        found = _timed("proposals", lambda: propose(session, cash_account_id=bank_id))
        print("proposals by class:", {rank: sum(p.rank == rank for p in found) for rank in range(1, 6)})
    with company_session(company.id) as session:
        done = _timed("class 1 confirmed", lambda: confirm_exact(session, cash_account_id=bank_id, confirmed_by="bench",
                                                                 now=NOW))  # fmt: skip
        print(f"confirmed {len(done.matches)}, refused {len(done.refused)}")


def _month(session: Session) -> tuple[Id, bytes]:
    """Half the lines carry the reference of a posting, a third only its amount, the rest a payer's name."""
    chance = random.Random(7)
    bank = open_cash_account(session, name="Bank", kind="bank", opened_on=START, actor="bench")
    save_mapping(session, cash_account_id=bank.id, mapping=MAPPING)
    area = Area(id=new_id(), name="A")
    zone = SubZone(id=new_id(), area_id=area.id, name="Z")
    session.add_all([area, zone])
    session.flush()
    first, last = ("Ayesha", "Bilal", "Tariq", "Rabia", "Hamid", "Sana"), ("Khan", "Ahmed", "Malik", "Butt", "Raza")
    names = [f"{chance.choice(first)} {chance.choice(last)} {_word(chance)}" for _ in range(CUSTOMERS)]
    session.execute(insert(Customer), [
        {"id": new_id(), "number": f"C-{5000 + n}", "name": name, "sub_zone_id": zone.id, "cnic": "", "tax_number": "",
         "email": "", "customer_class": "residential", "state": "active"} for n, name in enumerate(names)
    ])  # fmt: skip
    rows, balance, codes = [], Decimal(0), account_ids(session)
    entries, postings = [], []
    for n in range(LINES):
        day, amount = START + timedelta(days=n * 31 // LINES), Decimal(chance.randrange(500, 9000))
        balance += amount
        words = chance.choice(names)
        if n % 6 < 5:
            reference = f"FT{n:08d}"
            words = f"IBFT {reference}" if n % 6 < 3 else "Raast credit"
            entry_id = new_id()
            entries.append({"id": entry_id, "kind": "other_income", "source_id": new_id(), "posted_on": day,
                            "actor": "bench", "origin": "", "memo": f"CM {reference}"})  # fmt: skip
            postings += [{"id": new_id(), "entry_id": entry_id, "account_id": codes[code], "posted_on": day,
                          "amount": sign * amount} for code, sign in (("1020", 1), ("4090", -1))]  # fmt: skip
        rows.append(f"{day},{amount},{words},{balance}")
    session.execute(insert(JournalEntry), entries)
    session.execute(insert(Posting), postings)
    return bank.id, "\n".join(rows).encode()


def _word(chance: random.Random) -> str:
    return "".join(chance.choice("abdfhjklmnrstz") + chance.choice("aeiou") for _ in range(3)).capitalize()


def _limit(session: Session) -> None:
    columns = (
        "cash_account_id, import_id, kind, booked_on, value_on, amount, reference, text, payer_name, payer_account, "
        "bank_id, raw, balance_after, ordinal, position, booked_times"
    )
    session.execute(text(f"INSERT INTO bank_line (fingerprint, {columns}) SELECT 'x' || fingerprint, {columns}"
                         " FROM bank_line WHERE kind = 'line'"))  # fmt: skip


def _timed(what: str, act: Callable[[], Done]) -> Done:
    started = time.perf_counter()
    done = act()
    seconds = time.perf_counter() - started
    print(f"{what:48} {seconds:7.2f} s {LINES / seconds:10.0f} lines/s")
    return done


if __name__ == "__main__":
    main()
