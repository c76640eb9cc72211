-- name: InsertMail :execrows
-- Inserts no row if there is one with the id: the job that inserts it may run twice.
INSERT INTO mails (company_id, id, user_id, kind, link_expires_at, created_at)
VALUES (@company_id, @id, @user_id, @kind, sqlc.narg('link_expires_at'), @now)
ON CONFLICT ON CONSTRAINT mails_pkey DO NOTHING;

-- name: GetMail :one
-- A mail with what its text needs.
SELECT sqlc.embed(m), u.email, u.first_name, u.last_name, u.language, c.name AS company_name, c.timezone
FROM mails AS m
JOIN users AS u ON u.company_id = m.company_id AND u.id = m.user_id
JOIN companies AS c ON c.id = m.company_id
WHERE m.company_id = @company_id AND m.id = @id;

-- name: MoveMail :execrows
-- Changes the state of a mail, unless another process has changed it before.
UPDATE mails
SET state = @state, attempts = attempts + @attempts, smtp_code = coalesce(sqlc.narg('smtp_code'), smtp_code), ended_at = sqlc.narg('ended_at')
WHERE company_id = @company_id AND id = @id AND state = @was_state;

-- name: ListMails :many
-- The latest mails of a company, for the outbox of development.
SELECT sqlc.embed(m), u.email, u.first_name, u.last_name, u.language, c.name AS company_name, c.timezone
FROM mails AS m
JOIN users AS u ON u.company_id = m.company_id AND u.id = m.user_id
JOIN companies AS c ON c.id = m.company_id
WHERE m.company_id = @company_id
ORDER BY m.created_at DESC, m.id DESC
LIMIT @max_rows;

-- name: FindPasswordLink :one
-- The user who can choose a password with the link of a mail.
SELECT sqlc.embed(u), c.name AS company_name, c.slug AS company_slug, c.test_of AS company_test_of
FROM mails AS m
JOIN users AS u ON u.company_id = m.company_id AND u.id = m.user_id
JOIN companies AS c ON c.id = m.company_id
WHERE m.company_id = @company_id AND m.id = @id AND m.kind = 'password_reset' AND m.link_expires_at > @now::timestamptz
    AND u.is_active AND company_is_live(m.company_id);

-- name: UsePasswordLink :execrows
-- Of several transactions that use a link, the first that commits finds it. The transaction has locked the user before.
UPDATE mails SET link_expires_at = NULL
WHERE company_id = @company_id AND id = @id AND kind = 'password_reset' AND link_expires_at > @now::timestamptz;

-- name: CountWaitingMails :many
SELECT w.kind::text AS kind, w.mails::bigint AS mails FROM count_waiting_mails() AS w;

-- name: DeleteOldMails :one
-- Deletes mails of all companies that were created before a time, the oldest first.
SELECT delete_old_mails(@before::timestamptz, @at_most::integer)::bigint AS deleted;
