-- An issued invoice takes its lines in one statement, and they are exactly what it says; afterwards it takes none.
CREATE FUNCTION taar_lines_complete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT i.number, n.lines, count(l.id) AS lines_now INTO wrong
      FROM (SELECT invoice_id, count(*) AS lines,
                   coalesce(sum(amount) FILTER (WHERE kind = 'charge'), 0) AS net,
                   coalesce(sum(amount) FILTER (WHERE kind = 'tax'), 0) AS tax,
                   coalesce(sum(amount) FILTER (WHERE kind = 'rounding'), 0) AS rounding
              FROM added GROUP BY invoice_id) n
      JOIN invoice i ON i.id = n.invoice_id AND i.state <> 'draft'
      JOIN invoice_line l ON l.invoice_id = n.invoice_id
     GROUP BY i.id, n.lines, n.net, n.tax, n.rounding
    HAVING count(l.id) <> n.lines OR (i.net, i.tax, i.rounding) <> (n.net, n.tax, n.rounding)
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
