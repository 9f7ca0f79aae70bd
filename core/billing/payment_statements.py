"""The statements that a payment costs: lock and rules, what it meets, what it posts, and what bears its number."""

from __future__ import annotations

from typing import LiteralString

from core.ledger.books import BOOKS, HOLD
from core.ledger.journal import ENTRY
from core.messaging.outbox import ROWS
from core.numbering import PRINTED, RESERVE

LOCK: LiteralString = f"""
    SELECT p.fees_settle, p.small_difference, p.method_accounts, o.id, o.xmin::text, {HOLD},
           set_config('plan_cache_mode', 'force_generic_plan', true)
      FROM customer c
      JOIN company o ON o.id = c.company_id
      JOIN billing_policy p ON p.company_id = c.company_id
     WHERE c.id = %(id)s FOR NO KEY UPDATE OF c
"""  # noqa: S608
"""Until `WRITE` has run, plans are kept whatever the arrays hold: to plan the last two costs a third of a payment."""
FACTS: LiteralString = f"""
    WITH unpaid AS (
        SELECT id, number, reason, state, balance, due_on, issued_on FROM invoice
         WHERE customer_id = %(customer_id)s AND balance > 0 AND state IN ('issued', 'part_paid', 'written_off')
         ORDER BY id FOR NO KEY UPDATE
    )
    SELECT 'invoice', id, number, reason, state, NULL, due_on, issued_on, NULL::date, balance FROM unpaid
    UNION ALL
    SELECT 'account', id, code, name, type, control, soft_through, hard_through, totals_through, NULL
      FROM ({BOOKS}) books
    UNION ALL
    SELECT 'key', id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM payment WHERE idempotency_key = %(key)s
    UNION ALL
    SELECT 'twin', id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM payment
     WHERE customer_id = %(customer_id)s AND amount = %(amount)s AND received_on = %(received_on)s
       AND state = 'received'
"""  # noqa: S608
"""One statement, after the lock, so that it sees what the one before in the queue has done."""
POST: LiteralString = f"""
    WITH moved AS (
        UPDATE invoice SET balance = s.balance, state = s.state
          FROM unnest(%(invoice_ids)s::uuid[], %(balances)s::numeric[], %(states)s::text[]) s(id, balance, state)
         WHERE invoice.id = s.id
    ),
    {ENTRY}
    SELECT
"""  # noqa: S608
"""What a payment writes that does not bear its number."""
WRITE: LiteralString = f"""
    WITH series AS ({RESERVE}),
    paid AS (
        INSERT INTO payment (
            id, number, customer_id, method, account_code, amount, withheld_income_tax, withheld_sales_tax,
            certificate_no, unallocated, received_on, reference, reference_key, idempotency_key, taken_by, collected_by,
            place, state, state_reason, suspect
        )
        SELECT %(id)s, {PRINTED}, %(customer_id)s, %(method)s, %(account_code)s, %(amount)s, %(withheld_income_tax)s,
               %(withheld_sales_tax)s, %(certificate_no)s, %(unallocated)s, %(received_on)s, %(reference)s,
               %(reference_key)s, %(idempotency_key)s, %(taken_by)s, %(collected_by)s::uuid, %(place)s::jsonb,
               'received', '', %(suspect)s
          FROM series
        RETURNING number
    ),
    settled AS (
        INSERT INTO allocation (id, payment_id, invoice_id, amount, written_off, recovers, allocated_on, from_advance)
        SELECT uuidv7(), %(id)s, s.invoice_id, s.amount, s.written_off, s.recovers, %(received_on)s, false
          FROM unnest(%(invoice_ids)s::uuid[], %(amounts)s::numeric[], %(written_off)s::numeric[],
                      %(recovers)s::boolean[]) s(invoice_id, amount, written_off, recovers)
    ),
    told AS (
        {ROWS}(NULL::outbound_message, replace(%(messages)s, %(number_mark)s, (SELECT number FROM paid))::jsonb)
        RETURNING id
    )
    SELECT number, (SELECT id FROM told), set_config('plan_cache_mode', 'auto', true) FROM paid
"""  # noqa: S608
"""The series is locked from here to the commit, and payments of a company pass it one by one: so it comes last.

A message does not know the number when it is put into words, so it says `number_mark` in its place.
"""
