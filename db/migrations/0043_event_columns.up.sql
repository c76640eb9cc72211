-- migrate: no transaction
-- Events: what the log of changes tells beyond the resource that changed: the type of event, the actor, the names of the changed
-- fields, and the part of a list that changed. Changes by the previous release have no actor, and older changes have none of this.
--
-- event is a type of the API, and belongs to the resource, or to one of its lists: the score of an interview, the version of a kit or
-- the member of a job, which part_id names. It is NULL for changes that affect other resources; these are updated, and fields
-- names what changed in them.
ALTER TABLE changes
    ADD COLUMN IF NOT EXISTS event text,
    ADD COLUMN IF NOT EXISTS fields text[],
    ADD COLUMN IF NOT EXISTS part_id uuid,
    ADD COLUMN IF NOT EXISTS actor_kind text,
    ADD COLUMN IF NOT EXISTS actor_id uuid;
-- next
-- The actor of a transaction is its setting app.actor: the kind and the id, separated by a space.
ALTER TABLE changes
    -- squawk-ignore prefer-robust-stmts
    ALTER COLUMN actor_kind SET DEFAULT nullif(split_part(current_setting('app.actor', true), ' ', 1), ''),
    -- squawk-ignore prefer-robust-stmts
    ALTER COLUMN actor_id SET DEFAULT nullif(split_part(current_setting('app.actor', true), ' ', 2), '')::uuid;
-- next
ALTER TABLE changes
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS changes_texts,
    ADD CONSTRAINT changes_texts CHECK (length(event) <= 64 AND length(actor_kind) <= 16 AND longest(fields) <= 64) NOT VALID;
-- next
ALTER TABLE changes VALIDATE CONSTRAINT changes_texts;
