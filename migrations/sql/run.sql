-- Whether the running transaction, or a savepoint of it, wrote a row version. An xmin has 32 bits, so the rest is
-- taken from the present: the writer lies within half a cycle of it.
CREATE FUNCTION taar_is_written_now(writer xid) RETURNS boolean LANGUAGE sql STABLE
    RETURN pg_xact_status(
        (pg_current_xact_id()::text::bigint - 2147483648
         + (writer::text::bigint - pg_current_xact_id()::text::bigint + 2147483648) % 4294967296
         + CASE WHEN (writer::text::bigint - pg_current_xact_id()::text::bigint + 2147483648) % 4294967296 < 0
                THEN 4294967296 ELSE 0 END)::text::xid8) IS NOT DISTINCT FROM 'in progress';

-- One look per statement at the lines it adds. What adds up by itself leaves its entry as it was, balanced or still to
-- be looked at; what does not is looked at when the transaction ends. OFFSET 0 keeps the look-ups by key: a plan made
-- for few rows, or without statistics, must not read the whole journal for many.
CREATE FUNCTION taar_check_postings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    late uuid;
    now_writing xid := (pg_current_xact_id()::text::bigint % 4294967296)::text::xid;
BEGIN
    SELECT a.entry_id INTO late
      FROM (SELECT DISTINCT entry_id FROM added) a
      LEFT JOIN LATERAL (SELECT e.xmin AS writer FROM journal_entry e WHERE e.id = a.entry_id OFFSET 0) e ON true
     WHERE e.writer IS NULL OR (e.writer <> now_writing AND NOT taar_is_written_now(e.writer))
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Journal entry % is written already: lines join an entry only in the transaction that writes it', late
            USING ERRCODE = 'restrict_violation';
    END IF;
    INSERT INTO entry_check (entry_id)
    SELECT entry_id FROM added GROUP BY entry_id HAVING sum(amount) <> 0;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION taar_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry uuid := CASE WHEN TG_TABLE_NAME = 'entry_check' THEN (to_jsonb(NEW) ->> 'entry_id')::uuid ELSE NEW.id END;
    total numeric;
    sides integer;
BEGIN
    SELECT coalesce(sum(amount), 0), count(*) INTO total, sides
      FROM posting WHERE company_id = NEW.company_id AND entry_id = entry;
    IF total <> 0 THEN
        RAISE EXCEPTION 'Journal entry % does not balance: off by %', entry, total USING ERRCODE = 'check_violation';
    END IF;
    IF sides < 2 THEN
        RAISE EXCEPTION 'Journal entry % has % posting(s), needs two', entry, sides USING ERRCODE = 'check_violation';
    END IF;
    IF TG_TABLE_NAME = 'entry_check' THEN
        DELETE FROM entry_check WHERE id = NEW.id;
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER posting_balances ON posting;
CREATE TRIGGER checked AFTER INSERT ON posting REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION taar_check_postings();
CREATE CONSTRAINT TRIGGER entry_balances AFTER INSERT ON entry_check
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION taar_entry_balances();

-- An issued invoice takes its lines in one statement, and they are exactly what it says; afterwards it takes none.
CREATE FUNCTION taar_lines_complete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT i.number, n.lines, o.lines AS lines_now INTO wrong
      FROM (SELECT company_id, invoice_id, count(*) AS lines,
                   coalesce(sum(amount) FILTER (WHERE kind = 'charge'), 0) AS net,
                   coalesce(sum(amount) FILTER (WHERE kind = 'tax'), 0) AS tax,
                   coalesce(sum(amount) FILTER (WHERE kind = 'rounding'), 0) AS rounding
              FROM added GROUP BY company_id, invoice_id) n
      CROSS JOIN LATERAL (SELECT * FROM invoice WHERE id = n.invoice_id OFFSET 0) i
      CROSS JOIN LATERAL (SELECT count(*) AS lines FROM invoice_line l
                           WHERE l.company_id = n.company_id AND l.invoice_id = n.invoice_id) o
     WHERE i.state <> 'draft' AND (o.lines <> n.lines OR (i.net, i.tax, i.rounding) <> (n.net, n.tax, n.rounding))
     LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '%', CASE WHEN wrong.lines_now <> wrong.lines
        THEN 'The lines of an issued invoice are frozen: write a credit note'
        ELSE format('The lines of %s do not add up to it', wrong.number) END
        USING ERRCODE = 'restrict_violation';
END $$;

DROP TRIGGER frozen ON invoice_line;
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON invoice_line FOR EACH ROW EXECUTE FUNCTION taar_freeze_lines();
CREATE TRIGGER complete AFTER INSERT ON invoice_line REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION taar_lines_complete();

-- What the run moves is said by its invoices; everything else about a subscription goes to the audit trail.
DROP TRIGGER audit ON subscription;
CREATE TRIGGER audit AFTER INSERT OR DELETE ON subscription FOR EACH ROW EXECUTE FUNCTION taar_audit();
CREATE TRIGGER audit_update AFTER UPDATE ON subscription FOR EACH ROW
    WHEN ((OLD.customer_id, OLD.payer_id, OLD.site_id, OLD.plan_id, OLD.state, OLD.started_on, OLD.ended_on,
           OLD.billing_day, OLD.interval_months, OLD.due_days, OLD.paid_until, OLD.contract_no, OLD.contract_until)
          IS DISTINCT FROM
          (NEW.customer_id, NEW.payer_id, NEW.site_id, NEW.plan_id, NEW.state, NEW.started_on, NEW.ended_on,
           NEW.billing_day, NEW.interval_months, NEW.due_days, NEW.paid_until, NEW.contract_no, NEW.contract_until)
          OR NEW.billed_until < OLD.billed_until)
    EXECUTE FUNCTION taar_audit();
