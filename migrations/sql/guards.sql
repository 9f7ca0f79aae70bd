-- Changes of business rows go to the audit trail; `changed` keeps only the columns that moved.
CREATE FUNCTION taar_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    after_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    whole jsonb := coalesce(after_row, before_row);
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, after_row -> o.key)
          INTO before_row, after_row
          FROM jsonb_each(before_row) AS o
         WHERE o.value IS DISTINCT FROM after_row -> o.key;
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

CREATE FUNCTION taar_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: correct it with a reversal', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

-- TG_ARGV names the columns that may still move; every other difference is refused.
CREATE FUNCTION taar_only_columns() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    frozen text;
BEGIN
    SELECT string_agg(o.key, ', ') INTO frozen
      FROM jsonb_each(to_jsonb(OLD)) AS o
     WHERE o.value IS DISTINCT FROM to_jsonb(NEW) -> o.key AND NOT o.key = ANY (TG_ARGV);
    IF frozen IS NOT NULL THEN
        RAISE EXCEPTION '% may not change its %', TG_TABLE_NAME, frozen USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION taar_freeze_lines() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bill uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.invoice_id ELSE NEW.invoice_id END;
BEGIN
    IF EXISTS (SELECT 1 FROM invoice WHERE id = bill AND state <> 'draft')
       OR (TG_OP = 'UPDATE' AND EXISTS (SELECT 1 FROM invoice WHERE id = OLD.invoice_id AND state <> 'draft')) THEN
        RAISE EXCEPTION 'The lines of an issued invoice are frozen: write a credit note'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

-- Runs at commit, once per posting: the entry adds up to zero and has two sides.
CREATE FUNCTION taar_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry uuid := CASE WHEN TG_TABLE_NAME = 'posting' THEN (to_jsonb(NEW) ->> 'entry_id')::uuid ELSE NEW.id END;
    total numeric;
    sides integer;
BEGIN
    SELECT coalesce(sum(amount), 0), count(*) INTO total, sides FROM posting WHERE entry_id = entry;
    IF total <> 0 THEN
        RAISE EXCEPTION 'Journal entry % does not balance: off by %', entry, total USING ERRCODE = 'check_violation';
    END IF;
    IF sides < 2 THEN
        RAISE EXCEPTION 'Journal entry % has % posting(s), needs two', entry, sides USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER posting_balances AFTER INSERT ON posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION taar_entry_balances();
CREATE CONSTRAINT TRIGGER entry_balances AFTER INSERT ON journal_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION taar_entry_balances();

CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON journal_entry FOR EACH ROW EXECUTE FUNCTION taar_refuse_change();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON posting FOR EACH ROW EXECUTE FUNCTION taar_refuse_change();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON allocation FOR EACH ROW EXECUTE FUNCTION taar_refuse_change();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON movement FOR EACH ROW EXECUTE FUNCTION taar_refuse_change();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION taar_refuse_change();

CREATE TRIGGER frozen BEFORE UPDATE ON payment
    FOR EACH ROW EXECUTE FUNCTION taar_only_columns('state', 'unallocated');
CREATE TRIGGER kept BEFORE DELETE ON payment FOR EACH ROW EXECUTE FUNCTION taar_refuse_change();
CREATE TRIGGER frozen BEFORE UPDATE ON invoice FOR EACH ROW
    WHEN (OLD.state <> 'draft') EXECUTE FUNCTION taar_only_columns('state', 'balance');
CREATE TRIGGER kept BEFORE DELETE ON invoice FOR EACH ROW
    WHEN (OLD.state <> 'draft') EXECUTE FUNCTION taar_refuse_change();
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON invoice_line
    FOR EACH ROW EXECUTE FUNCTION taar_freeze_lines();

CREATE FUNCTION taar_isolate(target regclass, visible text, writable text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY company ON %s USING (%s) WITH CHECK (%s)', target, visible, writable);
END $$;

-- A partition is a table of its own to whoever names it, so each gets its policy.
CREATE FUNCTION taar_prepare_audit(months integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first_day date;
    partition text;
BEGIN
    FOR ahead IN 0..months LOOP
        first_day := (date_trunc('month', now()) + make_interval(months => ahead))::date;
        partition := 'audit_entry_' || to_char(first_day, 'YYYY_MM');
        IF to_regclass(partition) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF audit_entry FOR VALUES FROM (%L) TO (%L)',
                           partition, first_day, first_day + interval '1 month');
            PERFORM taar_isolate(partition::regclass, 'company_id = taar_company()', 'company_id = taar_company()');
        END IF;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION taar_isolate, taar_prepare_audit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION taar_prepare_audit TO taar_app;
