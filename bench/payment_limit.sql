-- The rows of one payment by bare SQL in one function: what the product's path is measured against.
CREATE OR REPLACE FUNCTION bench_pay(company uuid, who uuid, paid numeric, day date, key text, ref text) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    bill record;
    payment uuid := uuidv7();
    entry uuid := uuidv7();
    receipt bigint;
    person uuid;
BEGIN
    PERFORM set_config('taar.company_id', company::text, true), set_config('taar.actor', 'bench', true);
    PERFORM 1 FROM customer WHERE id = who FOR NO KEY UPDATE;
    SELECT id, balance INTO bill FROM invoice
     WHERE customer_id = who AND balance > 0 AND state IN ('issued', 'part_paid') FOR NO KEY UPDATE;
    INSERT INTO journal_entry (id, kind, source_id, posted_on, memo, actor, origin)
    VALUES (entry, 'payment', payment, day, 'jazzcash ' || ref, 'bench', 'bench');
    INSERT INTO posting (entry_id, account_id, party_id, posted_on, amount)
    SELECT entry, a.id, l.party, day, l.amount
      FROM (VALUES ('1030', NULL::uuid, paid), ('1100', who, -paid)) l(code, party, amount)
      JOIN account a ON a.code = l.code;
    UPDATE invoice SET balance = balance - paid, state = 'part_paid' WHERE id = bill.id;
    INSERT INTO number_series (kind, fiscal_year, last) VALUES ('receipt', '2026-27', 1)
        ON CONFLICT (company_id, kind, fiscal_year) DO UPDATE SET last = number_series.last + 1
        RETURNING last INTO receipt;
    INSERT INTO payment (
        id, number, customer_id, method, account_code, amount, withheld_income_tax, withheld_sales_tax, certificate_no,
        unallocated, received_on, reference, reference_key, idempotency_key, taken_by, state, state_reason, suspect
    )
    VALUES (payment, 'R-2026-27-' || lpad(receipt::text, 6, '0'), who, 'jazzcash', '1030', paid, 0, 0, '',
            0, day, ref, lower(ref), key, 'bench', 'received', '', false);
    INSERT INTO allocation (payment_id, invoice_id, amount, allocated_on, from_advance)
    VALUES (payment, bill.id, paid, day, false);
    SELECT c.id INTO person FROM customer_phone p JOIN contact c ON c.company_id = company AND c.phone = p.phone
     WHERE p.customer_id = who LIMIT 1;
    INSERT INTO outbound_message (
        business_number_id, contact_id, lane, kind, payload, text, template, dedupe_key, state, state_since, not_before,
        expires_at, attempts, error
    )
    SELECT b.id, person, 'notice', 'text', jsonb_build_object('type', 'text', 'text', jsonb_build_object('body', said)),
           said, jsonb_build_object('name', 'payment_receipt', 'language', 'en', 'parameters',
                                    jsonb_build_object('number', receipt, 'amount', paid)),
           'receipt:' || payment, 'queued', now(), now(), now() + interval '1 day', 0, ''
      FROM business_number b, format('Receipt *%s*, received *Rs %s* by JazzCash %s. Thank you.', receipt, paid, ref) said;
END $$;
