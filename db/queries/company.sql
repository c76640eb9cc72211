-- name: GetCompany :one
SELECT * FROM companies WHERE id = @company_id;

-- name: GetCompanyForUpdate :one
SELECT * FROM companies WHERE id = @company_id FOR NO KEY UPDATE;

-- name: UpdateCompany :one
UPDATE companies
SET name = @name, timezone = @timezone, allowed_email_domains = @allowed_email_domains, version = version + 1, updated_at = @now
WHERE id = @company_id AND version = @version
RETURNING *;

-- name: InsertCompany :one
INSERT INTO companies (id, name, slug, created_at, updated_at) VALUES (@company_id, @name, @slug, @now, @now) RETURNING *;

-- name: TransitionCompanyActive :one
UPDATE companies
SET is_active = NOT is_active, version = version + 1, updated_at = @now
WHERE id = @company_id AND is_active = @was_active
RETURNING *;

-- name: FindCompany :one
SELECT id, name, slug, is_active FROM find_company(@slug);

-- name: AllCompanies :many
SELECT id, name, slug, is_active, created_at FROM all_companies();
