-- Bookings: the times at which candidates and panelists are busy. PostgreSQL refuses two bookings of a person that overlap,
-- unless the conflict was allowed.
--
-- Every booking uses lanes of the person's time. A booking without conflicts uses all lanes; a booking whose conflicts are
-- allowed uses one lane, which belongs to its interview. So two bookings exclude each other unless both have one lane. When a
-- booking with one lane is added, the bookings that it overlaps are reduced to one lane.
--
-- Triggers add bookings with one lane, because earlier versions of the service do not say whether conflicts are allowed. The
-- service then extends them to all lanes (ClaimTime), which fails if the person is busy.

CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TYPE lanes AS RANGE (subtype = uuid);

CREATE TABLE bookings (
    company_id   uuid      NOT NULL,
    interview_id uuid      NOT NULL,
    person_id    uuid      NOT NULL,
    during       tstzrange NOT NULL,
    lanes        lanes     NOT NULL DEFAULT lanes(NULL, NULL),
    CONSTRAINT bookings_pkey PRIMARY KEY (company_id, interview_id, person_id),
    CONSTRAINT bookings_interview_fkey FOREIGN KEY (company_id, interview_id) REFERENCES interviews (company_id, id) ON DELETE CASCADE,
    CONSTRAINT bookings_during CHECK (NOT isempty(during)),
    CONSTRAINT bookings_lanes CHECK (lower_inf(lanes) AND upper_inf(lanes) OR lanes = lanes(interview_id, interview_id, '[]')),
    CONSTRAINT bookings_overlap EXCLUDE USING gist (company_id WITH =, person_id WITH =, during WITH &&, lanes WITH &&)
);

ALTER TABLE bookings ENABLE ROW LEVEL SECURITY;
ALTER TABLE bookings FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON bookings TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
GRANT SELECT, INSERT, UPDATE, DELETE ON bookings TO interviewer_service;

-- The key of the advisory lock of a person's calendar. Earlier versions of the service compute it in LockCalendars.
CREATE FUNCTION calendar_key(company uuid, person uuid) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN hashtextextended(concat('calendar ', company, ' ', person), 0);

-- The people who are busy because of an interview: the candidate and the panelists who have not declined, while it is
-- scheduled or in progress.
CREATE FUNCTION busy_people(company uuid, interview uuid) RETURNS TABLE (person_id uuid, during tstzrange)
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT people.id, tstzrange(i.starts_at, i.ends_at) FROM interviews AS i, LATERAL (
        SELECT i.candidate_id AS id
        UNION ALL
        SELECT p.user_id FROM interview_panelists AS p
        WHERE p.company_id = company AND p.interview_id = interview AND p.response <> 'declined'
    ) AS people
    WHERE i.company_id = company AND i.id = interview AND i.status IN ('scheduled', 'in_progress')
$$;

-- Replaces the bookings of an interview, or those of one person.
CREATE FUNCTION replace_bookings(company uuid, interview uuid, person uuid DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM bookings AS b WHERE b.company_id = company AND b.interview_id = interview AND (person IS NULL OR b.person_id = person);
    UPDATE bookings AS b SET lanes = lanes(b.interview_id, b.interview_id, '[]')
    FROM busy_people(company, interview) AS busy
    WHERE b.company_id = company AND b.person_id = busy.person_id AND b.during && busy.during AND upper_inf(b.lanes)
        AND (person IS NULL OR busy.person_id = person);
    INSERT INTO bookings (company_id, interview_id, person_id, during, lanes)
    SELECT company, interview, busy.person_id, busy.during, lanes(interview, interview, '[]') FROM busy_people(company, interview) AS busy
    WHERE person IS NULL OR busy.person_id = person;
END
$$;

CREATE FUNCTION book_interview() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM replace_bookings(NEW.company_id, NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER interviews_booking_insert AFTER INSERT ON interviews
    FOR EACH ROW WHEN (NEW.status IN ('scheduled', 'in_progress')) EXECUTE FUNCTION book_interview();
CREATE TRIGGER interviews_booking_update AFTER UPDATE OF status, starts_at, ends_at ON interviews
    FOR EACH ROW WHEN (
        (OLD.status IN ('scheduled', 'in_progress')) <> (NEW.status IN ('scheduled', 'in_progress'))
        OR (OLD.starts_at, OLD.ends_at) IS DISTINCT FROM (NEW.starts_at, NEW.ends_at)
    ) EXECUTE FUNCTION book_interview();

-- A panelist who has declined and then accepts is booked again. That request does not lock the calendar itself.
CREATE FUNCTION book_panelist() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM bookings AS b WHERE b.company_id = OLD.company_id AND b.interview_id = OLD.interview_id AND b.person_id = OLD.user_id;
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.response <> 'declined' THEN
        PERFORM pg_advisory_xact_lock(calendar_key(NEW.company_id, NEW.user_id));
    END IF;
    PERFORM replace_bookings(NEW.company_id, NEW.interview_id, NEW.user_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER interview_panelists_booking_insert AFTER INSERT ON interview_panelists
    FOR EACH ROW EXECUTE FUNCTION book_panelist();
CREATE TRIGGER interview_panelists_booking_update AFTER UPDATE OF response ON interview_panelists
    FOR EACH ROW WHEN ((OLD.response = 'declined') <> (NEW.response = 'declined')) EXECUTE FUNCTION book_panelist();
CREATE TRIGGER interview_panelists_booking_delete AFTER DELETE ON interview_panelists
    FOR EACH ROW EXECUTE FUNCTION book_panelist();

REVOKE EXECUTE ON FUNCTION calendar_key, busy_people, replace_bookings, book_interview, book_panelist FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calendar_key, busy_people, replace_bookings TO interviewer_service;
