"""A program that pays until it is killed: `python -m tests.core.billing.paying <database url> <company> <customers>`.

Prints the key of each payment once it is committed.
"""

from __future__ import annotations

import os
import sys
import threading

import core.db
import core.schema
from core.ids import Id
from tests.core.billing.bills import pay

THREADS = 4
PAYMENTS = 400


def run(company_id: Id, customer_ids: list[Id], thread: int) -> None:
    for number in range(thread, PAYMENTS, THREADS):
        key = f"key-{number}"
        with core.db.company_session(company_id, "test") as session:
            pay(session, customer_ids[number % len(customer_ids)], f"{number + 1}.25", key=key)
        os.write(sys.stdout.fileno(), f"{key}\n".encode())


def main() -> None:
    url, company, customers = sys.argv[1:]
    core.db.connect(url, pool_size=THREADS)
    arguments = (Id(company), [Id(customer) for customer in customers.split(",")])
    for thread in range(THREADS):
        threading.Thread(target=run, args=(*arguments, thread)).start()


if __name__ == "__main__":
    main()
