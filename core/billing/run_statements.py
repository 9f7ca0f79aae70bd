"""Invoices in sets: a batch goes into temporary tables by COPY, and from there into the books.

Row-level security does not take COPY, and numbers are known last; so what depends on them is put in on the way.
`@number@` in a notice becomes the invoice's number.
"""

from __future__ import annotations

from sqlalchemy import text

TEMPORARY = text("""
    CREATE TEMPORARY TABLE run_invoice (
        position integer, id uuid DEFAULT uuidv7(), entry_id uuid DEFAULT uuidv7(), customer_id uuid,
        subscription_id uuid, customer_name text, customer_address text, customer_tax_number text, area_id uuid,
        period_start date, period_end date, due_on date, tax_rounding text, net numeric(14,2), tax numeric(14,2),
        rounding numeric(14,2), total numeric(14,2), balance numeric(14,2), state text, earlier_balance numeric(14,2)
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE run_line (
        id uuid DEFAULT uuidv7(), invoice integer, position integer, kind text, description text,
        quantity numeric(12,4), unit_price numeric(12,4), discount numeric(14,2), amount numeric(14,2),
        period_start date, period_end date, plan_id uuid, service_class text, tax_code text,
        tax_percent numeric(12,4), tax_base numeric(14,2), account_code text, deferred boolean,
        subscription_line_id uuid
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE run_notice (
        invoice integer, contact_id uuid, business_number_id uuid, payload text, words text, template text
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE run_share (
        id uuid DEFAULT uuidv7(), entry_id uuid DEFAULT uuidv7(), invoice integer, payment_id uuid,
        credit_note_id uuid, amount numeric(14,2)
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE run_charge (id uuid, invoice integer) ON COMMIT DROP;
    CREATE TEMPORARY TABLE run_step (subscription_id uuid, billed_until date, next_bill_on date) ON COMMIT DROP;
""")

DROPPED = text("DROP TABLE pg_temp.run_invoice, run_line, run_notice, run_share, run_charge, run_step")
"""For who writes several sets in one transaction."""

COLUMNS = {
    "run_invoice": (
        "position", "customer_id", "subscription_id", "customer_name", "customer_address", "customer_tax_number",
        "area_id", "period_start", "period_end", "due_on", "tax_rounding", "net", "tax", "rounding", "total",
        "balance", "state", "earlier_balance",
    ),
    "run_line": (
        "invoice", "position", "kind", "description", "quantity", "unit_price", "discount", "amount", "period_start",
        "period_end", "plan_id", "service_class", "tax_code", "tax_percent", "tax_base", "account_code",
        "deferred", "subscription_line_id",
    ),
    "run_notice": ("invoice", "contact_id", "business_number_id", "payload", "words", "template"),
    "run_share": ("invoice", "payment_id", "credit_note_id", "amount"),
    "run_charge": ("id", "invoice"),
    "run_step": ("subscription_id", "billed_until", "next_bill_on"),
}  # fmt: skip
"""The columns that COPY fills, in the order in which rows give them; `invoice` is the invoice's position."""

INVOICES = text("""
    INSERT INTO invoice (
        id, number, customer_id, subscription_id, run_id, kind, reason, state, currency, seller_name, seller_address,
        seller_tax_number, seller_sales_tax_number, customer_name, customer_address, customer_tax_number, area_id,
        period_start, period_end, issued_on, due_on, tax_rounding, net, tax, rounding, total, balance,
        earlier_balance, fiscal_state, fiscal_number)
    SELECT r.id, :prefix || lpad((:first + r.position)::text, greatest(6, length((:first + r.position)::text)), '0'),
           r.customer_id, r.subscription_id, :run_id, :kind, :reason, r.state, c.currency, c.name,
           c.address, c.tax_number, c.sales_tax_number, r.customer_name, r.customer_address, r.customer_tax_number,
           r.area_id, r.period_start, r.period_end, :day, r.due_on, r.tax_rounding, r.net, r.tax, r.rounding, r.total,
           r.balance, r.earlier_balance, 'not_required', ''
      FROM run_invoice r CROSS JOIN company c ORDER BY r.position
""")
LINES = text("""
    INSERT INTO invoice_line (
        id, invoice_id, position, kind, description, quantity, unit_price, discount, amount, period_start, period_end,
        subscription_line_id, plan_id, service_class, tax_code, tax_percent, tax_base, account_code)
    SELECT l.id, r.id, l.position, l.kind, l.description, l.quantity, l.unit_price, l.discount, l.amount,
           l.period_start, l.period_end, l.subscription_line_id, l.plan_id, l.service_class, l.tax_code, l.tax_percent,
           l.tax_base, l.account_code
      FROM run_line l JOIN run_invoice r ON r.position = l.invoice
     ORDER BY l.invoice, l.position
""")
DEFERRALS = text("""
    INSERT INTO deferral (invoice_line_id, amount, earned, taken)
    SELECT id, amount, 0, 0 FROM run_line WHERE deferred ORDER BY invoice, position
""")
POSTINGS = text("""
    WITH entry AS (
        INSERT INTO journal_entry (id, kind, source_id, posted_on, memo, actor, origin)
        SELECT r.entry_id, 'invoice', r.id, :day,
               :prefix || lpad((:first + r.position)::text, greatest(6, length((:first + r.position)::text)), '0'),
               :actor, :origin
          FROM run_invoice r
         WHERE EXISTS (SELECT 1 FROM run_line l WHERE l.invoice = r.position AND l.amount <> 0)
         ORDER BY r.position
    )
    INSERT INTO posting (entry_id, account_id, party_id, posted_on, amount, area_id, plan_id)
    SELECT p.entry_id, a.id, p.party_id, :day, p.amount, p.area_id, p.plan_id
      FROM (
        SELECT r.position AS invoice, 0 AS place, r.entry_id, '1100' AS code, r.customer_id AS party_id,
               r.total AS amount, NULL::uuid AS area_id, NULL::uuid AS plan_id
          FROM run_invoice r WHERE r.total <> 0
        UNION ALL
        SELECT r.position, l.position, r.entry_id, CASE WHEN l.deferred THEN :deferred ELSE l.account_code END,
               CASE WHEN l.account_code = :deposits THEN r.customer_id END, -l.amount,
               CASE WHEN l.kind = 'charge' AND l.account_code LIKE '4%' AND NOT l.deferred THEN r.area_id END,
               CASE WHEN l.kind = 'charge' AND l.account_code LIKE '4%' AND NOT l.deferred THEN l.plan_id END
          FROM run_line l JOIN run_invoice r ON r.position = l.invoice WHERE l.amount <> 0
      ) p
      JOIN account a ON a.code = p.code
     ORDER BY p.invoice, p.place
""")
"""Entries with their lines in one statement, so that none of them waits for the end to be looked at."""
SHARES = text("""
    INSERT INTO allocation (id, payment_id, credit_note_id, invoice_id, amount, allocated_on, from_advance)
    SELECT s.id, s.payment_id, s.credit_note_id, r.id, s.amount, :day, true
      FROM run_share s JOIN run_invoice r ON r.position = s.invoice
""")
SHARE_POSTINGS = text("""
    WITH entry AS (
        INSERT INTO journal_entry (id, kind, source_id, posted_on, memo, actor, origin)
        SELECT s.entry_id, 'advance_applied', s.id, :day,
               :prefix || lpad((:first + s.invoice)::text, greatest(6, length((:first + s.invoice)::text)), '0'),
               :actor, :origin
          FROM run_share s
    )
    INSERT INTO posting (entry_id, account_id, party_id, posted_on, amount)
    SELECT s.entry_id, a.id, r.customer_id, :day, CASE a.code WHEN '2200' THEN s.amount ELSE -s.amount END
      FROM run_share s
      JOIN run_invoice r ON r.position = s.invoice
      JOIN account a ON a.code IN ('2200', '1100')
""")
PAYMENTS_USED = text("""
    UPDATE payment SET unallocated = payment.unallocated - used.amount
      FROM (SELECT payment_id, sum(amount) AS amount FROM run_share GROUP BY payment_id) used
     WHERE payment.id = used.payment_id
""")
CREDIT_NOTES_USED = text("""
    UPDATE credit_note SET unallocated = credit_note.unallocated - used.amount
      FROM (SELECT credit_note_id, sum(amount) AS amount FROM run_share GROUP BY credit_note_id) used
     WHERE credit_note.id = used.credit_note_id
""")
CHARGES_TAKEN = text("""
    UPDATE pending_charge SET invoice_id = r.id
      FROM run_charge taken JOIN run_invoice r ON r.position = taken.invoice
     WHERE pending_charge.id = taken.id
""")
SUBSCRIPTIONS = text("""
    UPDATE subscription SET billed_until = step.billed_until, next_bill_on = step.next_bill_on
      FROM run_step step
     WHERE subscription.id = step.subscription_id AND subscription.id = ANY(CAST(:ids AS uuid[]))
""")
NOTICES = text("""
    INSERT INTO outbound_message (
        business_number_id, contact_id, lane, kind, payload, text, template, dedupe_key, state, state_since,
        not_before, expires_at, attempts, error)
    SELECT n.business_number_id, n.contact_id, 'billing', 'text',
           replace(n.payload, '@number@', v.number)::jsonb, replace(n.words, '@number@', v.number),
           replace(n.template, '@number@', v.number)::jsonb, 'invoice:' || r.id, 'queued', :now, :not_before,
           :expires_at, 0, ''
      FROM run_notice n
      JOIN run_invoice r ON r.position = n.invoice
      CROSS JOIN LATERAL (
        SELECT :prefix || lpad((:first + r.position)::text, greatest(6, length((:first + r.position)::text)), '0')
      ) v(number)
     ORDER BY n.invoice
        ON CONFLICT (company_id, dedupe_key) DO NOTHING
""")
PROGRESS = text("""
    UPDATE invoice_run SET invoiced = invoiced + :invoiced, amount = amount + :amount,
           problems = (SELECT count(*) FROM invoice_run_problem p WHERE p.run_id = :run_id AND p.resolved_at IS NULL)
     WHERE id = :run_id
""")
RESOLVED = text("""
    UPDATE invoice_run_problem SET resolved_at = :now
     WHERE subscription_id = ANY(CAST(:ids AS uuid[])) AND resolved_at IS NULL
""")
STILL_PARKED = text("""
    UPDATE invoice_run_problem p SET run_id = :run_id, reason = x.reason
      FROM unnest(CAST(:ids AS uuid[]), CAST(:reasons AS text[])) x(id, reason)
     WHERE p.subscription_id = x.id AND p.resolved_at IS NULL
""")
PARKED = text("""
    INSERT INTO invoice_run_problem (run_id, subscription_id, customer_number, customer_name, reason)
    SELECT :run_id, s.id, c.number, c.name, x.reason
      FROM unnest(CAST(:ids AS uuid[]), CAST(:reasons AS text[])) x(id, reason)
      JOIN subscription s ON s.id = x.id
      JOIN customer c ON c.id = s.customer_id
     WHERE NOT EXISTS (
        SELECT 1 FROM invoice_run_problem p WHERE p.subscription_id = x.id AND p.resolved_at IS NULL)
""")
