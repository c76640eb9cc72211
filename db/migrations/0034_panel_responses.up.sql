-- The number of responses that panelists gave to an interview. A response does not change the version of the interview, but
-- calendar files have a sequence that increases with it.
ALTER TABLE interviews ADD COLUMN responses integer NOT NULL DEFAULT 0;
