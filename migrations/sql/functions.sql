-- The company of the session; NULL outside one, and then no row of any company is visible.
CREATE FUNCTION taar_company() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('taar.company_id', true), '')::uuid;
