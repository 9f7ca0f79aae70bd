-- The guards that every payment and every invoice of a run pays for, at the price of a statement in place of a row.

-- TG_ARGV names the columns that may still move; every other difference is refused.
CREATE OR REPLACE FUNCTION taar_only_columns() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before_row jsonb := to_jsonb(OLD) - TG_ARGV::text[];
    after_row jsonb := to_jsonb(NEW) - TG_ARGV::text[];
BEGIN
    IF before_row = after_row THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% may not change its %', TG_TABLE_NAME,
        (SELECT string_agg(o.key, ', ') FROM jsonb_each(before_row) AS o WHERE o.value IS DISTINCT FROM after_row -> o.key)
        USING ERRCODE = 'restrict_violation';
END $$;

-- Both sides of an update have the same columns, and JSON gives them in the same order.
CREATE OR REPLACE FUNCTION taar_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    after_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    whole jsonb := coalesce(after_row, before_row);
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(c.name, c.was), jsonb_object_agg(c.name, c.now)
          INTO before_row, after_row
          FROM ROWS FROM (jsonb_each(before_row), jsonb_each(after_row)) AS c(name, was, same_name, now)
         WHERE c.was <> c.now;
        IF before_row IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO audit_entry (company_id, actor, table_name, row_id, action, old, new)
    VALUES (coalesce((whole ->> 'company_id')::uuid, CASE WHEN TG_TABLE_NAME = 'company' THEN (whole ->> 'id')::uuid END),
            coalesce(nullif(current_setting('taar.actor', true), ''), session_user),
            TG_TABLE_NAME, (whole ->> 'id')::uuid, lower(TG_OP),
            before_row - 'password_hash', after_row - 'password_hash');
    RETURN NULL;
END $$;

-- One look per statement at all the lines it adds: the day is open, the entry is of this transaction and of the same
-- day, the account is the company's and has its party. What does not add up by itself is looked at when the
-- transaction ends. OFFSET 0 keeps the look-ups by key, whatever the statistics say.
CREATE OR REPLACE FUNCTION taar_guard_postings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closed record;
    entries record;
    now_writing xid := (pg_current_xact_id()::text::bigint % 4294967296)::text::xid;
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
    WITH lines AS MATERIALIZED (
        SELECT entry_id, sum(amount) AS total, min(posted_on) AS first_day, max(posted_on) AS last_day
          FROM added GROUP BY entry_id
    ), entry AS MATERIALIZED (
        SELECT lines.*, e.kind, e.posted_on, e.writer
          FROM lines
          LEFT JOIN LATERAL (
            SELECT kind, posted_on, xmin AS writer FROM journal_entry WHERE id = lines.entry_id OFFSET 0) e ON true
    ), unfinished AS (
        INSERT INTO entry_check (entry_id) SELECT entry_id FROM entry WHERE total <> 0
    )
    SELECT (SELECT entry_id FROM entry
             WHERE writer IS NULL OR (writer <> now_writing AND NOT taar_is_written_now(writer)) LIMIT 1) AS late,
           (SELECT entry_id FROM entry WHERE posted_on <> first_day OR posted_on <> last_day LIMIT 1) AS of_another_day,
           (SELECT bool_or(kind IN ('manual', 'year_close', 'opening_balance')) FROM entry) AS by_hand
      INTO entries;
    IF entries.late IS NOT NULL THEN
        RAISE EXCEPTION 'Journal entry % is written already: lines join an entry only in the transaction that writes it',
            entries.late USING ERRCODE = 'restrict_violation';
    END IF;
    IF entries.of_another_day IS NOT NULL THEN
        RAISE EXCEPTION 'A posting of entry % is refused: its day is not the day of the entry', entries.of_another_day
            USING ERRCODE = 'check_violation';
    END IF;
    IF entries.by_hand OR EXISTS (
        SELECT 1 FROM (SELECT account_id, bool_or(party_id IS NULL) AS of_nobody FROM added GROUP BY account_id) p
          LEFT JOIN account a ON a.id = p.account_id
         WHERE a.id IS NULL OR (a.control <> '' AND p.of_nobody)
    ) THEN
        PERFORM taar_refuse_line(p.entry_id, p.party_id, a.code, a.type, a.control, e.kind)
           FROM added p
           LEFT JOIN account a ON a.id = p.account_id
           JOIN LATERAL (SELECT kind FROM journal_entry WHERE id = p.entry_id OFFSET 0) e ON true;
    END IF;
    RETURN NULL;
END $$;

-- Raises where a line may not stand on its account; the account's columns are NULL where it is not of this company.
CREATE FUNCTION taar_refuse_line(entry uuid, party uuid, code text, type text, control text, kind text) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    why text := CASE
        WHEN code IS NULL THEN 'its account is not of this company'
        WHEN control <> '' AND kind = 'manual' THEN
            format('account %s belongs to its subledger, never to a manual entry', code)
        WHEN control <> '' AND party IS NULL THEN format('account %s needs its %s', code, control)
        WHEN (kind = 'year_close' AND type NOT IN ('income', 'expense') AND code <> '3900')
             OR (kind = 'opening_balance' AND type IN ('income', 'expense')) THEN
            format('the kind %s does not touch account %s', kind, code) END;
BEGIN
    IF why IS NOT NULL THEN
        RAISE EXCEPTION 'A posting of entry % is refused: %', entry, why USING ERRCODE = 'check_violation';
    END IF;
END $$;

DROP TRIGGER checked ON posting;
DROP FUNCTION taar_check_postings();

-- An entry that comes with its lines in one statement is finished there; any other is looked at when its transaction
-- ends, with the lines it has by then.
CREATE FUNCTION taar_check_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO entry_check (entry_id)
    SELECT e.id
      FROM added e
     CROSS JOIN LATERAL (
        SELECT coalesce(sum(p.amount), 0) AS total, count(*) AS sides
          FROM posting p WHERE p.company_id = e.company_id AND p.entry_id = e.id) lines
     WHERE lines.total <> 0 OR lines.sides < 2;
    RETURN NULL;
END $$;

DROP TRIGGER entry_balances ON journal_entry;
CREATE TRIGGER checked AFTER INSERT ON journal_entry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION taar_check_entries();

-- What foreign keys of a posting would look up row by row: its entry and account are there when it comes
-- (taar_guard_postings), entries are never deleted, and an account goes only while nobody posts, and unused.
ALTER TABLE posting DROP CONSTRAINT fk_posting_entry_id;
ALTER TABLE posting DROP CONSTRAINT fk_posting_account_id;

CREATE FUNCTION taar_keep_used_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'An account keeps its id and its company' USING ERRCODE = 'restrict_violation';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('taar.books:' || OLD.company_id::text, 0));
    IF EXISTS (SELECT 1 FROM posting WHERE company_id = OLD.company_id AND account_id = OLD.id) THEN
        RAISE EXCEPTION 'Account % has postings and stays', OLD.code USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER kept BEFORE DELETE ON account FOR EACH ROW EXECUTE FUNCTION taar_keep_used_account();
CREATE TRIGGER kept_id BEFORE UPDATE ON account FOR EACH ROW
    WHEN ((OLD.id, OLD.company_id) IS DISTINCT FROM (NEW.id, NEW.company_id)) EXECUTE FUNCTION taar_keep_used_account();
