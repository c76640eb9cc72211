-- The number of responses that panelists gave to an interview. A response does not change the version of the interview, but
-- calendar files have a sequence that increases with it.
--
-- list_interviews fails if interviews gets a column while it runs, even before it reads the table. Its callers have already
-- locked job_members, and they wait here before they call it.
LOCK TABLE job_members IN ACCESS EXCLUSIVE MODE;
ALTER TABLE interviews ADD COLUMN responses integer NOT NULL DEFAULT 0;
