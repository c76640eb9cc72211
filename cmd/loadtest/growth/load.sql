-- Fills an empty, migrated database with one company: candidates, as many applications, 0.3 interviews, 0.6 panelists, up to 0.6 scores
-- and 0.5 audit entries for each. Secondary indexes are built at the end. A seventh of the candidates match "lee". It needs a superuser:
--   psql -v rows=1000000 -f cmd/loadtest/growth/load.sql DATABASE
\set ON_ERROR_STOP on
SET session_replication_role = replica; -- skips triggers and foreign keys: the rows are consistent
SET synchronous_commit = off;
SET work_mem = '64MB';
SET maintenance_work_mem = '1GB';
SET client_min_messages = warning;
SELECT '01900000-0000-7000-8000-000000000001' AS company \gset

CREATE TABLE loaded_indexes AS
SELECT x.indrelid::regclass AS "table", x.indexrelid::regclass::text AS name, pg_get_indexdef(x.indexrelid) AS definition
FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indrelid
WHERE c.relname IN ('candidates', 'applications', 'interviews', 'interview_panelists', 'scores')
    AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = x.indexrelid);
SELECT 'DROP INDEX ' || name FROM loaded_indexes \gexec

CREATE FUNCTION pg_temp.key(at timestamptz, n bigint, kind integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid
$$;
CREATE FUNCTION pg_temp.some(n bigint, salt integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT abs(hashint8extended(n, salt) % 1000000)::integer
$$;
CREATE TEMP TABLE people (region integer PRIMARY KEY, first text[], last text[]);
\ir names.sql
ANALYZE people;
CREATE TEMP TABLE spelled AS SELECT n, replace(search_terms(n), ' ', '') AS s FROM (SELECT DISTINCT unnest(first || last) AS n FROM people) AS x;
ALTER TABLE people ADD first_s text[], ADD last_s text[];
UPDATE people SET first_s = ARRAY(SELECT s FROM unnest(first) WITH ORDINALITY AS f (n, o) JOIN spelled USING (n) ORDER BY o), last_s = ARRAY(SELECT s FROM unnest(last) WITH ORDINALITY AS f (n, o) JOIN spelled USING (n) ORDER BY o);
ANALYZE people;

INSERT INTO companies (id, slug, name, created_at, updated_at) VALUES (:'company', 'growth', 'Growth', now(), now());
INSERT INTO principals (company_id, id, kind) VALUES (:'company', :'company', 'system');
INSERT INTO users (company_id, id, email, password_hash, first_name, last_name, role, created_at, updated_at)
SELECT :'company', pg_temp.key('2024-01-01', n, 1), 'u' || n || '@growth.example', '', (p.first)[1 + n % 16], (p.last)[1 + n / 16 % 16],
    CASE WHEN n <= 3 THEN 'hr' WHEN n <= 200 THEN 'team_lead' ELSE 'employee' END, timestamptz '2024-01-01' + n * interval '1 minute', timestamptz '2024-01-01' + n * interval '1 minute'
FROM generate_series(1, greatest(300, least(:rows / 100, 100000))) AS n JOIN people AS p ON p.region = n % 18;
INSERT INTO principals (company_id, id, kind) SELECT company_id, id, 'user' FROM users;
INSERT INTO jobs (company_id, id, title, status, created_at, updated_at)
SELECT :'company', pg_temp.key('2024-01-01', n, 2), 'Engineer ' || n, 'open', timestamptz '2024-01-01' + n * interval '1 minute', timestamptz '2024-01-01' + n * interval '1 minute' FROM generate_series(1, 100 + :rows / 5000) AS n;
INSERT INTO job_members (company_id, job_id, user_id, role, created_at, updated_at)
SELECT :'company', pg_temp.key('2024-01-01', 1 + pg_temp.some(n * 5 + k, 11) % (100 + :rows / 5000), 2), pg_temp.key('2024-01-01', n, 1), 'interviewer', now(), now()
FROM generate_series(4, 200) AS n, generate_series(1, 3) AS k ON CONFLICT DO NOTHING;
INSERT INTO kits (company_id, id, name, created_at, updated_at) SELECT :'company', pg_temp.key('2024-01-01', n, 3), 'Kit ' || n, timestamptz '2024-01-01' + n * interval '1 minute', now() FROM generate_series(1, 200) AS n;
INSERT INTO kit_versions (company_id, id, kit_id, number, status, created_at, updated_at, published_at, published_by, content_hash)
SELECT :'company', pg_temp.key('2024-01-01', n, 4), pg_temp.key('2024-01-01', n, 3), 1, 'published', now(), now(), now(), pg_temp.key('2024-01-01', 1, 1), repeat('a', 64) FROM generate_series(1, 200) AS n;

-- n-th candidate: 14 % match "lee" by last name (10 %) or first name (4 %), a fifth have rare last names.
INSERT INTO candidates (company_id, id, first_name, last_name, email, phone, location, tags, source, external_id, status, created_at, updated_at)
SELECT :'company', pg_temp.key(c.at, n, 5), c.first, c.last,
    lower(c.first_s || '.' || c.last_s || n || '@mail.example'),
    '+49 30 5550 ' || pg_temp.some(n, 3), 'Berlin, Germany', ARRAY[(ARRAY['senior', 'remote', 'referral', 'german', 'golang'])[1 + pg_temp.some(n, 4) % 5], 'tag' || pg_temp.some(n, 5) % 300],
    (ARRAY['referral', 'linkedin', 'careers', 'agency', 'fair'])[1 + pg_temp.some(n, 6) % 5], 'ext-' || lpad(n::text, 9, '0'),
    CASE WHEN n % 50 = 0 THEN 'archived' ELSE 'active' END, c.at, c.at + pg_temp.some(n, 7) * interval '30 seconds'
FROM generate_series(1::bigint, :rows) AS n
CROSS JOIN LATERAL (SELECT timestamptz '2024-02-01' + n * (interval '900 days' / :rows) AS at,
    CASE WHEN pg_temp.some(n, 1) % 100 < 4 THEN (ARRAY['Kathleen', 'Ashlee'])[1 + n % 2] ELSE p.first[1 + pg_temp.some(n, 8) % 16] END AS first,
    CASE WHEN pg_temp.some(n, 1) % 100 < 4 THEN (ARRAY['Kathleen', 'Ashlee'])[1 + n % 2] ELSE p.first_s[1 + pg_temp.some(n, 8) % 16] END AS first_s,
    CASE WHEN pg_temp.some(n, 2) % 100 < 10 THEN 'Lee'
        WHEN pg_temp.some(n, 2) % 100 < 30 THEN 'Ov' || translate(((pg_temp.some(n, 9)::bigint * (:rows / 20)) / 1000000)::text, '0123456789', 'abcdefghij')
        ELSE p.last[1 + pg_temp.some(n, 10) % 16] END AS last,
    CASE WHEN pg_temp.some(n, 2) % 100 < 10 THEN 'lee'
        WHEN pg_temp.some(n, 2) % 100 < 30 THEN 'ov' || translate(((pg_temp.some(n, 9)::bigint * (:rows / 20)) / 1000000)::text, '0123456789', 'abcdefghij')
        ELSE p.last_s[1 + pg_temp.some(n, 10) % 16] END AS last_s
    FROM people AS p WHERE p.region = pg_temp.some(n, 12) % 18) AS c;
\echo candidates loaded
INSERT INTO applications (company_id, id, candidate_id, job_id, stage, furthest_stage, status, source, stage_entered_at, created_at, updated_at)
SELECT company_id, pg_temp.key(created_at, n, 6), id,
    pg_temp.key('2024-01-01', 1 + floor((100 + :rows / 5000) * power(pg_temp.some(n, 21) / 1000000.0, 2))::bigint, 2),
    stage, stage, CASE WHEN n % 3 = 0 THEN 'withdrawn' ELSE 'active' END, source, created_at, created_at, updated_at
FROM (SELECT *, substr(external_id, 5)::bigint AS n, (ARRAY['applied', 'screening', 'interview', 'offer'])[1 + substr(external_id, 5)::bigint % 4] AS stage FROM candidates) AS c;
INSERT INTO interviews (company_id, id, application_id, job_id, candidate_id, kit_version_id, title, kind, status, starts_at, ends_at,
    timezone, finished_at, completed_at, created_by, created_at, updated_at)
SELECT company_id, pg_temp.key(created_at, n, 7), id, job_id, candidate_id, pg_temp.key('2024-01-01', 1 + n % 200, 4), 'Interview', 'video',
    (ARRAY['completed', 'completed', 'completed', 'awaiting_scores', 'scheduled'])[1 + n / 10 % 5], created_at + interval '5 days', created_at + interval '5 days 1 hour', 'UTC',
    created_at, created_at, pg_temp.key('2024-01-01', 1, 1), created_at, updated_at
FROM (SELECT *, ('x' || right(id::text, 12))::bit(48)::bigint AS n FROM applications) AS a WHERE n % 10 < 3;
INSERT INTO interview_panelists (company_id, interview_id, user_id, created_at, updated_at, starts_key)
SELECT company_id, id, pg_temp.key('2024-01-01', 1 + (pg_temp.some(n, 31) + k) % greatest(300, least(:rows / 100, 100000)), 1), created_at, created_at, starts_key
FROM (SELECT *, ('x' || right(id::text, 12))::bit(48)::bigint AS n FROM interviews) AS i, generate_series(0, 1) AS k;
INSERT INTO scores (company_id, id, interview_id, application_id, job_id, rater_id, status, ratings, recommendation, weighted_score, submitted_at, created_at, updated_at)
SELECT i.company_id, pg_temp.key(i.created_at, ('x' || right(i.id::text, 12))::bit(48)::bigint * 2 + (row_number() OVER (PARTITION BY i.id) - 1), 8), i.id, i.application_id, i.job_id, p.user_id,
    CASE i.status WHEN 'completed' THEN 'submitted' ELSE 'draft' END, '[]', CASE i.status WHEN 'completed' THEN 'yes' END, 3.5,
    CASE i.status WHEN 'completed' THEN i.created_at END, i.created_at, i.updated_at
FROM interviews AS i JOIN interview_panelists AS p ON p.company_id = i.company_id AND p.interview_id = i.id WHERE i.status <> 'scheduled';
\echo others loaded
INSERT INTO audit_logs (company_id, id, created_at, actor_type, actor_id, action, resource_type, resource_id, outcome, ip, user_agent, request_id)
SELECT company_id, pg_temp.key(created_at, ('x' || right(id::text, 12))::bit(48)::bigint, 9), created_at + interval '100 days', 'user', pg_temp.key('2024-01-01', 1 + ('x' || right(id::text, 12))::bit(48)::bigint % 300, 1),
    'candidate.created', 'candidate', id, 'success', '10.1.1.1', 'Mozilla/5.0', 'request'
FROM candidates WHERE ('x' || right(id::text, 12))::bit(48)::bigint % 2 = 0;
INSERT INTO audit_seals (company_id, sequence, audit_log_id, hash) SELECT company_id, row_number() OVER (ORDER BY created_at, id), id, sha256('x') FROM audit_logs;
\echo audit loaded
SELECT definition FROM loaded_indexes ORDER BY "table"::text, name \gexec
DROP TABLE loaded_indexes;
VACUUM (ANALYZE);
\echo done
