-- name: GetChangeLogEnd :one
-- The position after all changes of complete transactions, and the history of transactions that positions belong to.
SELECT first_running_transaction() AS transaction_id, transaction_history() AS history;

-- name: ListChanges :many
-- The changes after a position, in the order of the log. concerns_reader is false for those that concern another reader only.
SELECT c.transaction_id, c.id, c.kind::text AS kind, c.resource_id, c.parent_id, (c.reader_id IS NOT NULL)::boolean AS personal,
    (c.reader_id IS NULL OR c.reader_id = @reader_id::uuid)::boolean AS concerns_reader,
    c.created_at, c.event, c.fields, c.part_id, c.actor_kind, c.actor_id
FROM changes AS c
WHERE c.company_id = @company_id
    AND (c.transaction_id, c.id) > (@after_transaction::bigint, @after_id::bigint)
    AND c.transaction_id < @before_transaction::bigint
ORDER BY c.transaction_id, c.id
LIMIT @max_rows;

-- name: ListChangeTargets :many
-- The resources that a change affects; see change_targets.
SELECT t.type::text AS type, t.id::uuid AS id, t.key_time::timestamptz AS key_time, t.key_id::uuid AS key_id, t.more::boolean AS more
FROM change_targets(
    @company_id, @reach, @kind::text, @resource_id, sqlc.narg('after_time'), sqlc.narg('after_id'), sqlc.narg('after_type'),
    sqlc.narg('after_target'), @max_rows
) AS t;

-- name: LocateResources :many
-- The jobs and applications that resources of a type belong to; the nil UUID for none.
SELECT r::uuid AS id,
    coalesce(
        CASE WHEN @type::text IN ('job', 'job_members') THEN r END,
        (SELECT a.job_id FROM applications AS a WHERE @type::text = 'application' AND a.company_id = @company_id AND a.id = r),
        (SELECT i.job_id FROM interviews AS i WHERE @type::text IN ('interview', 'interview_scores') AND i.company_id = @company_id AND i.id = r),
        (SELECT k.job_id FROM kits AS k WHERE @type::text IN ('kit', 'kit_versions') AND k.company_id = @company_id AND k.id = r),
        '00000000-0000-0000-0000-000000000000'
    )::uuid AS job_id,
    coalesce(
        CASE WHEN @type::text = 'application' THEN r END,
        (SELECT i.application_id FROM interviews AS i
            WHERE @type::text IN ('interview', 'interview_scores') AND i.company_id = @company_id AND i.id = r),
        '00000000-0000-0000-0000-000000000000'
    )::uuid AS application_id
FROM unnest(@ids::uuid[]) AS r;

-- name: SetActor :exec
-- Sets the actor of the transaction, which the log of changes records.
SELECT set_config('app.actor', CAST(@kind::text || ' ' || @actor_id::uuid AS text), true);

-- name: FilterVisible :many
-- Those of some resources of a type that the actor sees.
SELECT v::uuid FROM which_visible(@company_id, @actor_id, @reach, @type, @ids::uuid[]) AS v;

-- name: ListSurvivors :many
-- The candidates that others were merged into, if the actor sees them.
SELECT merged::uuid AS merged_id, v.id AS survivor_id FROM unnest(@ids::uuid[]) AS merged
JOIN visible_candidates(@company_id, @actor_id, @reach) AS v ON v.id = surviving_candidate(@company_id, merged) AND v.id <> merged;

-- name: DeleteOldChanges :one
-- Deletes changes of all companies that were recorded before a time, the oldest first.
SELECT delete_old_changes(@before::timestamptz, @at_most::integer)::bigint AS deleted;
