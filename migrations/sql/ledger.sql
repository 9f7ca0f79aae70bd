-- Held shared by whoever posts and alone by whoever closes, until their transactions end: nothing slips into a month
-- while its totals are made.
CREATE FUNCTION taar_books_lock() RETURNS bigint LANGUAGE sql STABLE
    RETURN hashtextextended('taar.books:' || coalesce(taar_company()::text, ''), 0);

CREATE FUNCTION taar_guard_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT e.id, e.kind, e.origin, k.kind IS NULL AS unknown, k.origins,
           o.id IS NOT NULL AND o.reverses_id IS NOT NULL AS reverses_a_reversal
      INTO wrong
      FROM added e
      LEFT JOIN taar_entry_kinds() k ON k.kind = e.kind
      LEFT JOIN LATERAL (SELECT id, reverses_id FROM journal_entry WHERE id = e.reverses_id OFFSET 0) o ON true
     WHERE k.kind IS NULL
        OR (cardinality(k.origins) > 0 AND split_part(e.origin, ':', 1) <> ALL (k.origins))
        OR (e.reverses_id IS NOT NULL AND (o.id IS NULL OR o.reverses_id IS NOT NULL))
     LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'Journal entry % is refused: %', wrong.id,
        CASE WHEN wrong.unknown THEN format('no kind is called %L', wrong.kind)
             WHEN wrong.reverses_a_reversal THEN 'a reversal is not reversed again'
             WHEN wrong.kind = 'reversal' THEN 'what it reverses does not exist'
             ELSE format('%L may not cause the kind %L, only %s', wrong.origin, wrong.kind, wrong.origins) END
        USING ERRCODE = 'check_violation';
END $$;

-- One look per statement at all the lines it adds. OFFSET 0 keeps the look-ups by key, whatever the statistics say.
CREATE FUNCTION taar_guard_postings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closed record;
    wrong record;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(taar_books_lock());
    SELECT soft_through, hard_through, totals_through INTO closed
      FROM period_event WHERE company_id = taar_company() ORDER BY serial DESC LIMIT 1;
    IF closed.soft_through IS NOT NULL AND EXISTS (SELECT 1 FROM added WHERE posted_on <= closed.soft_through) THEN
        PERFORM taar_guard_closed(p.entry_id, p.posted_on, closed.soft_through, closed.hard_through)
           FROM (SELECT DISTINCT entry_id, posted_on FROM added WHERE posted_on <= closed.soft_through) p;
        INSERT INTO account_month AS m (account_id, month, area_id, plan_id, closing, debit, credit)
        SELECT p.account_id, date_trunc('month', p.posted_on::timestamp)::date, p.area_id, p.plan_id, taar_is_closing(p.entry_id),
               sum(greatest(p.amount, 0)), sum(greatest(-p.amount, 0))
          FROM added p WHERE p.posted_on <= closed.totals_through
         GROUP BY 1, 2, 3, 4, 5
            ON CONFLICT ON CONSTRAINT uq_account_month_row
            DO UPDATE SET debit = m.debit + excluded.debit, credit = m.credit + excluded.credit;
    END IF;
    SELECT p.entry_id, a.code, a.control, a.id IS NULL AS unknown, e.kind,
           e.posted_on <> p.posted_on AS another_day
      INTO wrong
      FROM added p
      LEFT JOIN account a ON a.id = p.account_id
      LEFT JOIN LATERAL (SELECT kind, posted_on FROM journal_entry WHERE id = p.entry_id OFFSET 0) e ON true
     WHERE a.id IS NULL OR e.posted_on <> p.posted_on
        OR (a.control <> '' AND (p.party_id IS NULL OR e.kind = 'manual'))
        OR (e.kind = 'year_close' AND a.type NOT IN ('income', 'expense') AND a.code <> '3900')
        OR (e.kind = 'opening_balance' AND a.type IN ('income', 'expense'))
     LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'A posting of entry % is refused: %', wrong.entry_id,
        CASE WHEN wrong.unknown THEN 'its account is not of this company'
             WHEN wrong.another_day THEN 'its day is not the day of the entry'
             WHEN wrong.control <> '' AND wrong.kind = 'manual' THEN
                 format('account %s belongs to its subledger, never to a manual entry', wrong.code)
             WHEN wrong.control <> '' THEN format('account %s needs its %s', wrong.code, wrong.control)
             ELSE format('the kind %s does not touch account %s', wrong.kind, wrong.code) END
        USING ERRCODE = 'check_violation';
END $$;

CREATE FUNCTION taar_is_closing(entry uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT e.kind = 'year_close' OR o.kind IS NOT DISTINCT FROM 'year_close'
      FROM journal_entry e LEFT JOIN journal_entry o ON o.id = e.reverses_id WHERE e.id = entry
$$;

-- Into a hard-closed period posts nobody; into a soft one an accountant of the policy, with an adjusting kind.
CREATE FUNCTION taar_guard_closed(entry uuid, day date, soft date, hard date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    allowed boolean;
BEGIN
    IF (day > hard) IS NOT FALSE THEN
        SELECT k.adjusting AND e.actor = ANY (p.accountants) INTO allowed
          FROM journal_entry e
          JOIN taar_entry_kinds() k ON k.kind = e.kind
          JOIN ledger_policy p ON p.company_id = taar_company()
         WHERE e.id = entry;
        IF allowed THEN
            RETURN;
        END IF;
    END IF;
    RAISE EXCEPTION 'The books are closed through %, and % lies within', soft, day
        USING ERRCODE = 'check_violation', CONSTRAINT = 'books_closed';
END $$;

CREATE TRIGGER guarded AFTER INSERT ON journal_entry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION taar_guard_entries();
CREATE TRIGGER guarded AFTER INSERT ON posting REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION taar_guard_postings();
