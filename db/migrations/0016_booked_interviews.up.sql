-- migrate: no transaction
-- Adds the bookings of the interviews that were scheduled before the triggers existed. Each has one lane, so interviews that
-- overlap already are accepted as they are; later ones must not overlap them. Row-level security selects the company, also for
-- an owner who is not a superuser. Everything that changes an interview or its panel locks the interview first, so the lock of
-- a batch keeps both as they are until its bookings are added.
DO $$
DECLARE
    company uuid;
    batch uuid[];
    last uuid;
BEGIN
    FOR company IN SELECT id FROM all_companies() LOOP
        last := '00000000-0000-0000-0000-000000000000';
        LOOP
            PERFORM set_config('app.company_id', company::text, true);
            batch := ARRAY(
                SELECT i.id FROM interviews AS i
                WHERE i.company_id = company AND i.id > last AND i.status IN ('scheduled', 'in_progress')
                ORDER BY i.id LIMIT 500 FOR SHARE
            );
            EXIT WHEN cardinality(batch) = 0;
            INSERT INTO bookings (company_id, interview_id, person_id, during, lanes)
            SELECT company, interview, busy.person_id, busy.during, lanes(interview, interview, '[]')
            FROM unnest(batch) AS interview, busy_people(company, interview) AS busy
            ON CONFLICT ON CONSTRAINT bookings_pkey DO NOTHING;
            last := batch[cardinality(batch)];
            COMMIT;
        END LOOP;
        COMMIT;
    END LOOP;
END
$$;
