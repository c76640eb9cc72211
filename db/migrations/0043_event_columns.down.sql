-- migrate: no transaction
ALTER TABLE changes
    DROP CONSTRAINT IF EXISTS changes_texts,
    DROP COLUMN IF EXISTS event,
    DROP COLUMN IF EXISTS fields,
    DROP COLUMN IF EXISTS part_id,
    DROP COLUMN IF EXISTS actor_kind,
    DROP COLUMN IF EXISTS actor_id;
