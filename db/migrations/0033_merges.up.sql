-- migrate: no transaction
-- Duplicates: candidates that are likely the same person, and their merges. A candidate that was merged into another one keeps
-- its row, but nobody sees it: its id and its external_id lead to the other one, and the merge can be undone.
ALTER TABLE candidates ADD COLUMN IF NOT EXISTS merged_into uuid;
-- next
ALTER TABLE candidates
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS candidates_merged_into_fkey,
    ADD CONSTRAINT candidates_merged_into_fkey FOREIGN KEY (company_id, merged_into) REFERENCES candidates (company_id, id) NOT VALID;
-- next
ALTER TABLE candidates VALIDATE CONSTRAINT candidates_merged_into_fkey;
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS candidates_merged_into_idx ON candidates (company_id, merged_into) WHERE merged_into IS NOT NULL;
-- next
-- Identifies a person by name and telephone number: equal for names that differ only in case, accents, spaces and
-- punctuation, and numbers that differ only in their first digits, such as a country code. NULL without a number of at least seven digits.
CREATE OR REPLACE FUNCTION person_key(first_name text, last_name text, phone text) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN length(regexp_replace(phone, '[^0-9]', '', 'g')) >= 7 THEN hashtextextended(
        regexp_replace(public.folded(first_name || last_name) COLLATE "und-x-icu", '[^[:alnum:]]', '', 'g') || ' ' || right(regexp_replace(phone, '[^0-9]', '', 'g'), 9), 0
    ) END;
-- next
-- The index includes the columns of the expression, because PostgreSQL would otherwise read each row and compute its key again.
CREATE INDEX CONCURRENTLY IF NOT EXISTS candidates_person_idx ON candidates (company_id, person_key(first_name, last_name, phone), id)
    INCLUDE (first_name, last_name, phone, merged_into)
    WHERE person_key(first_name, last_name, phone) IS NOT NULL;
-- next
-- Pairs of candidates that are different people, although they look alike. first_id is the smaller id.
CREATE TABLE IF NOT EXISTS candidate_distinctions (
    company_id uuid        NOT NULL,
    first_id   uuid        NOT NULL,
    second_id  uuid        NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT candidate_distinctions_pkey PRIMARY KEY (company_id, first_id, second_id),
    CONSTRAINT candidate_distinctions_first_fkey FOREIGN KEY (company_id, first_id) REFERENCES candidates (company_id, id) ON DELETE CASCADE,
    CONSTRAINT candidate_distinctions_second_fkey FOREIGN KEY (company_id, second_id) REFERENCES candidates (company_id, id) ON DELETE CASCADE,
    CONSTRAINT candidate_distinctions_order CHECK (first_id < second_id)
);
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS candidate_distinctions_second_idx ON candidate_distinctions (company_id, second_id);
-- next
-- Merges. filled are the fields of the survivor that had no value and got that of the merged candidate, external_id the one
-- that moved to the survivor, tags and links those that were added.
CREATE TABLE IF NOT EXISTS candidate_merges (
    company_id   uuid        NOT NULL,
    id           uuid        NOT NULL,
    survivor_id  uuid        NOT NULL,
    merged_id    uuid        NOT NULL,
    filled       text[]      NOT NULL,
    external_id  text        COLLATE "C",
    tags         text[]      NOT NULL,
    links        text[]      NOT NULL,
    created_at   timestamptz NOT NULL,
    undone_at    timestamptz,
    CONSTRAINT candidate_merges_pkey PRIMARY KEY (company_id, id),
    CONSTRAINT candidate_merges_survivor_fkey FOREIGN KEY (company_id, survivor_id) REFERENCES candidates (company_id, id) ON DELETE CASCADE,
    CONSTRAINT candidate_merges_merged_fkey FOREIGN KEY (company_id, merged_id) REFERENCES candidates (company_id, id) ON DELETE CASCADE,
    CONSTRAINT candidate_merges_texts CHECK (
        longest(filled) <= 64 AND length(external_id) <= 200 AND longest(tags) <= 50 AND longest(links) <= 500
    )
);
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS candidate_merges_merged_idx ON candidate_merges (company_id, merged_id, created_at);
-- next
CREATE INDEX CONCURRENTLY IF NOT EXISTS candidate_merges_survivor_idx ON candidate_merges (company_id, survivor_id);
-- next
-- What a merge moved: the applications, and their interviews and scores, with their versions after the merge. An application
-- that has other ones now was changed since.
CREATE TABLE IF NOT EXISTS candidate_merge_items (
    company_id     uuid    NOT NULL,
    merge_id       uuid    NOT NULL,
    id             uuid    NOT NULL,
    application_id uuid    NOT NULL,
    version        integer NOT NULL,
    CONSTRAINT candidate_merge_items_pkey PRIMARY KEY (company_id, merge_id, id),
    CONSTRAINT candidate_merge_items_merge_fkey FOREIGN KEY (company_id, merge_id) REFERENCES candidate_merges (company_id, id) ON DELETE CASCADE
);
-- next
-- These statements have the same result when they are repeated.
ALTER TABLE candidate_distinctions
    -- squawk-ignore prefer-robust-stmts
    ENABLE ROW LEVEL SECURITY;
ALTER TABLE candidate_distinctions
    -- squawk-ignore prefer-robust-stmts
    FORCE ROW LEVEL SECURITY;
ALTER TABLE candidate_merges
    -- squawk-ignore prefer-robust-stmts
    ENABLE ROW LEVEL SECURITY;
ALTER TABLE candidate_merges
    -- squawk-ignore prefer-robust-stmts
    FORCE ROW LEVEL SECURITY;
ALTER TABLE candidate_merge_items
    -- squawk-ignore prefer-robust-stmts
    ENABLE ROW LEVEL SECURITY;
ALTER TABLE candidate_merge_items
    -- squawk-ignore prefer-robust-stmts
    FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS tenant ON candidate_distinctions;
CREATE POLICY tenant ON candidate_distinctions TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
DROP POLICY IF EXISTS tenant ON candidate_merges;
CREATE POLICY tenant ON candidate_merges TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
DROP POLICY IF EXISTS tenant ON candidate_merge_items;
CREATE POLICY tenant ON candidate_merge_items TO interviewer_service
    USING (company_id = (SELECT current_company())) WITH CHECK (company_id = (SELECT current_company()));
GRANT SELECT, INSERT ON candidate_distinctions TO interviewer_service;
GRANT SELECT, INSERT, UPDATE ON candidate_merges TO interviewer_service;
GRANT SELECT, INSERT ON candidate_merge_items TO interviewer_service;
-- next
-- A merge changes the candidate of an application, its history and its interviews in three statements, so the foreign keys are
-- checked at its end.
ALTER TABLE interviews
    -- squawk-ignore prefer-robust-stmts
    ALTER CONSTRAINT interviews_application_fkey DEFERRABLE INITIALLY IMMEDIATE;
-- next
ALTER TABLE application_moves
    -- squawk-ignore prefer-robust-stmts
    ALTER CONSTRAINT application_moves_application_fkey DEFERRABLE INITIALLY IMMEDIATE;
-- next
CREATE OR REPLACE FUNCTION defer_application_keys() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    SET CONSTRAINTS interviews_application_fkey, application_moves_application_fkey DEFERRED;
END
$$;
REVOKE EXECUTE ON FUNCTION defer_application_keys FROM PUBLIC;
GRANT EXECUTE ON FUNCTION defer_application_keys TO interviewer_service;
-- next
GRANT UPDATE (candidate_id) ON application_moves TO interviewer_service;
-- next
-- The history stays as it is, except that it follows its application to another candidate.
CREATE OR REPLACE TRIGGER application_moves_no_delete BEFORE DELETE ON application_moves
    FOR EACH ROW EXECUTE FUNCTION refuse_history_change();
-- next
CREATE OR REPLACE TRIGGER application_moves_append_only BEFORE UPDATE ON application_moves
    FOR EACH ROW WHEN (to_jsonb(OLD) - 'candidate_id' IS DISTINCT FROM to_jsonb(NEW) - 'candidate_id') EXECUTE FUNCTION refuse_history_change();
-- next
-- candidate_merged: a candidate that was merged into another one. application_candidate: a candidate that the application no
-- longer belongs to (resource_id), for readers of the application (parent_id).
ALTER DOMAIN change_kind
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT IF EXISTS change_kind_known;
ALTER DOMAIN change_kind
    -- squawk-ignore ban-alter-domain-with-add-constraint
    ADD CONSTRAINT change_kind_known CHECK (VALUE IN (
    'user', 'job', 'job_members', 'kit', 'candidate', 'application', 'interview', 'interview_scores', 'own_score', 'user_name', 'admins',
    'job_title', 'job_access', 'candidate_name', 'candidate_merged', 'application_candidate', 'application_status', 'interview_access',
    'interview_kit', 'key_holder', 'reset'
)) NOT VALID;
-- next
ALTER DOMAIN change_kind VALIDATE CONSTRAINT change_kind_known;
-- next
CREATE OR REPLACE FUNCTION record_candidate_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (company_id, kind, resource_id) SELECT n.company_id, 'candidate', n.id FROM new_rows AS n;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO changes (company_id, kind, resource_id)
        SELECT n.company_id, kind.name, n.id FROM new_rows AS n
        JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id, (VALUES ('candidate_name'), ('candidate_merged')) AS kind (name)
        WHERE CASE kind.name
            WHEN 'candidate_name' THEN
                (o.first_name, o.last_name, o.external_id, o.email) IS DISTINCT FROM (n.first_name, n.last_name, n.external_id, n.email)
            ELSE o.merged_into IS NULL AND n.merged_into IS NOT NULL
        END;
    END IF;
    RETURN NULL;
END
$$;
-- next
CREATE OR REPLACE FUNCTION record_application_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (company_id, kind, resource_id) SELECT n.company_id, 'application', n.id FROM new_rows AS n;
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes (company_id, kind, resource_id) SELECT n.company_id, 'candidate', n.candidate_id FROM new_rows AS n;
    ELSE
        INSERT INTO changes (company_id, kind, resource_id)
        SELECT n.company_id, 'application_status', n.id FROM new_rows AS n
        JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id
        WHERE o.status <> n.status;
        INSERT INTO changes (company_id, kind, resource_id, parent_id)
        SELECT n.company_id, 'application_candidate', o.candidate_id, n.id FROM new_rows AS n
        JOIN old_rows AS o ON o.company_id = n.company_id AND o.id = n.id
        WHERE o.candidate_id <> n.candidate_id;
    END IF;
    RETURN NULL;
END
$$;
-- next
-- Candidates that were not merged into others. With a lower reach than all, an actor sees the candidates of the applications
-- that they see.
CREATE OR REPLACE FUNCTION visible_candidates(company uuid, actor uuid, reach text) RETURNS SETOF candidates
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT c.* FROM candidates AS c
    WHERE c.company_id = company AND c.merged_into IS NULL AND (
        reach = 'all' OR EXISTS (SELECT FROM visible_applications(company, actor, reach) AS a WHERE a.candidate_id = c.id)
    )
$$;
-- next
CREATE OR REPLACE FUNCTION list_candidates(
    company uuid, actor uuid, reach text, sort text, max_rows integer, after_time timestamptz DEFAULT NULL, after_text text DEFAULT NULL,
    after_id uuid DEFAULT NULL, pattern text DEFAULT NULL, wanted_tags text[] DEFAULT NULL, wanted_status text DEFAULT NULL,
    wanted_source text DEFAULT NULL, wanted_email text DEFAULT NULL, wanted_external_id text DEFAULT NULL,
    updated_since timestamptz DEFAULT NULL
) RETURNS SETOF candidates
    LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan SET enable_seqscan = off AS $$
DECLARE
    patterns CONSTANT text[] := search_patterns(pattern, true);
    after_last CONSTANT text := split_part(after_text, E'\x01', 1);
    after_first CONSTANT text := split_part(after_text, E'\x01', 2);
    searched CONSTANT boolean := pattern IS NOT NULL OR wanted_tags IS NOT NULL;
    filtered CONSTANT boolean := num_nonnulls(wanted_status, wanted_source, wanted_email, wanted_external_id, updated_since) > 0;
    surname text; -- the searched word, if it can be the beginning of a surname_term and the order is that of names
    block uuid[]; -- the candidates whose last names begin with it
    jobs uuid[];
    reached bigint; -- how many applications the actor sees, up to the largest bound of a lookup and one more
    found integer := 0; -- how many candidates match at least, as far as the indexes of searches and of tags have shown
    step text;
    bound integer;
    ids uuid[];
    page uuid[];
BEGIN
    IF pattern IS NOT NULL AND patterns IS NULL THEN
        RETURN;
    END IF;
    IF sort IN ('name', '-name') AND cardinality(patterns) = 1 THEN
        surname := substring(patterns[1] COLLATE "C" FROM '^% ?([a-z]{2,})%$');
    END IF;
    IF reach <> 'all' THEN
        jobs := ARRAY(SELECT j.job_id FROM jobs_of_actor(company, actor, reach) AS j);
        reached := count(*) FROM (
            SELECT FROM applications AS a WHERE a.company_id = company AND a.job_id = ANY (jobs)
            UNION ALL
            SELECT FROM panels_of_actor(company, actor, reach)
            LIMIT (SELECT max(s.bound) + 1 FROM search_steps(filtered) AS s WHERE s.step = 'look up')
        ) AS a;
    END IF;
    FOR step, bound IN SELECT s.step, s.bound FROM search_steps(filtered) AS s LOOP
        ids := NULL;
        CASE step
        WHEN 'look up' THEN
            CONTINUE WHEN reach = 'all' OR reached > bound;
            ids := ARRAY(
                SELECT a.candidate_id FROM applications AS a WHERE a.company_id = company AND a.job_id = ANY (jobs)
                UNION
                SELECT i.candidate_id FROM panels_of_actor(company, actor, reach) AS p
                JOIN interviews AS i ON i.company_id = company AND i.id = p.interview_id
            );
        WHEN 'surname' THEN
            CONTINUE WHEN surname IS NULL;
        WHEN 'probe' THEN
            CONTINUE WHEN block IS DISTINCT FROM '{}';
        WHEN 'others' THEN
            CONTINUE WHEN block IS NULL;
            ids := ARRAY(SELECT find_candidates(company, patterns, wanted_tags, surname, bound + 1));
            found := cardinality(ids);
            CONTINUE WHEN found > bound;
            ids := ids || block;
        WHEN 'search' THEN
            CONTINUE WHEN NOT searched OR found > bound;
            ids := ARRAY(SELECT find_candidates(company, patterns, wanted_tags, NULL, bound + 1));
            found := cardinality(ids);
            CONTINUE WHEN found > bound;
        ELSE NULL;
        END CASE;
        page := ARRAY(
            SELECT walked.id FROM (
                SELECT c.id, c.first_name, c.last_name, c.email, c.tags FROM candidates AS c
                WHERE c.company_id = company AND c.merged_into IS NULL
                    AND (ids IS NULL OR c.id = ANY (ids))
                    AND (step <> 'surname'
                        OR c.last_name COLLATE alphabetical >= surname AND c.last_name COLLATE alphabetical < surname || E'\uFFFF')
                    AND (wanted_status IS NULL OR c.status = wanted_status)
                    AND (wanted_source IS NULL OR c.source = wanted_source)
                    AND (wanted_email IS NULL OR c.email = wanted_email)
                    AND (wanted_external_id IS NULL OR c.external_id = wanted_external_id)
                    AND (updated_since IS NULL OR c.updated_at >= updated_since)
                    AND (after_id IS NULL OR CASE sort
                        WHEN 'created_at' THEN (c.created_at, c.id) > (after_time, after_id)
                        WHEN '-created_at' THEN (c.created_at, c.id) < (after_time, after_id)
                        WHEN 'updated_at' THEN (c.updated_at, c.id) > (after_time, after_id)
                        WHEN '-updated_at' THEN (c.updated_at, c.id) < (after_time, after_id)
                        WHEN 'name' THEN (c.last_name COLLATE alphabetical, c.first_name COLLATE alphabetical, c.id) > (after_last, after_first, after_id)
                        WHEN '-name' THEN (c.last_name COLLATE alphabetical, c.first_name COLLATE alphabetical, c.id) < (after_last, after_first, after_id)
                    END)
                ORDER BY
                    CASE WHEN ids IS NOT NULL THEN c.company_id::text END,
                    CASE WHEN sort = 'created_at' THEN c.created_at END,
                    CASE WHEN sort = '-created_at' THEN c.created_at END DESC,
                    CASE WHEN sort = 'updated_at' THEN c.updated_at END,
                    CASE WHEN sort = '-updated_at' THEN c.updated_at END DESC,
                    CASE WHEN sort = 'name' THEN c.last_name COLLATE alphabetical END,
                    CASE WHEN sort = 'name' THEN c.first_name COLLATE alphabetical END,
                    CASE WHEN sort = '-name' THEN c.last_name COLLATE alphabetical END DESC,
                    CASE WHEN sort = '-name' THEN c.first_name COLLATE alphabetical END DESC,
                    CASE WHEN sort IN ('created_at', 'updated_at', 'name') THEN c.id END,
                    CASE WHEN sort IN ('-created_at', '-updated_at', '-name') THEN c.id END DESC
                LIMIT CASE WHEN ids IS NULL THEN bound END
            ) AS walked
            WHERE (reach = 'all' OR walked.id IN (SELECT v.id FROM visible_candidates(company, actor, reach) AS v WHERE v.id = walked.id))
                AND (wanted_tags IS NULL OR walked.tags @> wanted_tags)
                AND (pattern IS NULL OR candidate_terms(walked.first_name, walked.last_name, walked.email, walked.tags) LIKE ALL (patterns))
            LIMIT max_rows
        );
        IF step = 'surname' THEN
            -- A page that is not full is complete only if the bound did not end the walk.
            IF cardinality(page) = max_rows OR bound >= (SELECT count(*) FROM (
                SELECT FROM candidates AS c
                WHERE c.company_id = company
                    AND c.last_name COLLATE alphabetical >= surname AND c.last_name COLLATE alphabetical < surname || E'\uFFFF'
                    AND (after_id IS NULL OR CASE sort
                        WHEN 'name' THEN (c.last_name COLLATE alphabetical, c.first_name COLLATE alphabetical, c.id) > (after_last, after_first, after_id)
                        ELSE (c.last_name COLLATE alphabetical, c.first_name COLLATE alphabetical, c.id) < (after_last, after_first, after_id)
                    END)
                LIMIT bound + 1
            ) AS c) THEN
                block := page;
            END IF;
            CONTINUE;
        END IF;
        EXIT WHEN cardinality(page) = max_rows OR ids IS NOT NULL OR reach = 'all' AND NOT searched;
    END LOOP;
    RETURN QUERY
    SELECT c.* FROM unnest(page) WITH ORDINALITY AS shown (id, place)
    JOIN candidates AS c ON c.company_id = company AND c.id = shown.id
    ORDER BY shown.place;
END
$$;
-- next
-- The candidate that another one was merged into, also by several merges; the candidate itself if it was not merged.
CREATE OR REPLACE FUNCTION surviving_candidate(company uuid, candidate uuid) RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH RECURSIVE chain AS (
        SELECT c.id, c.merged_into FROM candidates AS c WHERE c.company_id = company AND c.id = candidate
        UNION ALL
        SELECT c.id, c.merged_into FROM chain JOIN candidates AS c ON c.company_id = company AND c.id = chain.merged_into
    )
    SELECT chain.id FROM chain WHERE chain.merged_into IS NULL
$$;
-- next
-- Expressions are not leakproof, so under row-level security they could not use their index. This function runs without it and
-- checks the tenant itself, like find_candidates. It returns candidates with keys above a key, or with exactly that key, in order.
GRANT SELECT (phone, merged_into) ON candidates TO interviewer_lookup;
CREATE OR REPLACE FUNCTION walk_people(company uuid, edge bigint, exactly boolean, at_most integer) RETURNS TABLE (key bigint, id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF company IS DISTINCT FROM current_company() THEN
        RETURN;
    END IF;
    IF exactly THEN
        RETURN QUERY SELECT person_key(c.first_name, c.last_name, c.phone), c.id FROM candidates AS c
            WHERE c.company_id = company AND person_key(c.first_name, c.last_name, c.phone) = edge AND c.merged_into IS NULL
            ORDER BY c.id LIMIT at_most;
        RETURN;
    END IF;
    RETURN QUERY SELECT person_key(c.first_name, c.last_name, c.phone), c.id FROM candidates AS c
        WHERE c.company_id = company AND person_key(c.first_name, c.last_name, c.phone) > edge AND c.merged_into IS NULL
        ORDER BY person_key(c.first_name, c.last_name, c.phone), c.id LIMIT at_most;
END
$$;
-- next
GRANT CREATE ON SCHEMA public TO interviewer_lookup;
ALTER FUNCTION walk_people(uuid, bigint, boolean, integer) OWNER TO interviewer_lookup;
REVOKE CREATE ON SCHEMA public FROM interviewer_lookup;
-- next
-- Pairs of candidates that are likely the same person and that the actor sees: first those with the same email, then the others
-- with the same name and telephone number. The position after a pair is its reason, key and ids. It walks the index of the keys in
-- batches, without reading rows, and stops when it has enough pairs. Of more than 100 candidates with the same key, the oldest 100 are compared.
CREATE OR REPLACE FUNCTION find_duplicates(
    company uuid, actor uuid, reach text, max_rows integer, after_reason text DEFAULT NULL, after_key text DEFAULT NULL,
    after_first uuid DEFAULT NULL, after_second uuid DEFAULT NULL
) RETURNS TABLE (reason text, key text, first_id uuid, second_id uuid, both_reasons boolean)
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    batch CONSTANT integer := 2000;
    most CONSTANT integer := 100;
    step text;
    edge text;
    keys text[];
    shared text;
    last text;
    walked bigint;
    ids uuid[];
    found integer := 0;
    added integer;
    complete boolean;
BEGIN
    FOREACH step IN ARRAY ARRAY['same_email', 'same_name_and_phone'] LOOP
        CONTINUE WHEN after_reason = 'same_name_and_phone' AND step = 'same_email';
        edge := NULL;
        keys := '{}';
        complete := false;
        IF after_reason = step THEN
            keys := ARRAY[after_key];
            edge := after_key;
        END IF;
        LOOP
            FOREACH shared IN ARRAY keys LOOP
                IF step = 'same_email' THEN
                    ids := ARRAY(
                        SELECT c.id FROM candidates AS c
                        WHERE c.company_id = company AND c.email = shared AND c.merged_into IS NULL ORDER BY c.id LIMIT most
                    );
                ELSE
                    ids := ARRAY(SELECT p.id FROM walk_people(company, shared::bigint, true, most) AS p);
                END IF;
                RETURN QUERY
                SELECT step, shared, a.id, b.id,
                    a.email IS NOT DISTINCT FROM b.email AND a.email IS NOT NULL
                    AND person_key(a.first_name, a.last_name, a.phone) IS NOT DISTINCT FROM person_key(b.first_name, b.last_name, b.phone)
                    AND person_key(a.first_name, a.last_name, a.phone) IS NOT NULL
                FROM visible_candidates(company, actor, reach) AS a
                JOIN visible_candidates(company, actor, reach) AS b ON b.id > a.id
                WHERE a.id = ANY (ids) AND b.id = ANY (ids)
                    AND (step = 'same_email' OR a.email IS DISTINCT FROM b.email OR a.email IS NULL)
                    AND (after_reason IS DISTINCT FROM step OR shared <> after_key OR (a.id, b.id) > (after_first, after_second))
                    AND NOT EXISTS (
                        SELECT FROM candidate_distinctions AS d
                        WHERE d.company_id = company AND d.first_id = a.id AND d.second_id = b.id
                    )
                ORDER BY a.id, b.id
                LIMIT max_rows - found;
                GET DIAGNOSTICS added = ROW_COUNT;
                found := found + added;
                IF found >= max_rows THEN
                    RETURN;
                END IF;
            END LOOP;
            EXIT WHEN complete;
            IF step = 'same_email' THEN
                SELECT array_agg(g.key ORDER BY g.key) FILTER (WHERE g.n > 1), max(g.key), sum(g.n) INTO keys, last, walked FROM (
                    SELECT w.email AS key, count(*) AS n FROM (
                        SELECT c.email FROM candidates AS c
                        WHERE c.company_id = company AND c.email > coalesce(edge, '') ORDER BY c.email, c.id LIMIT batch
                    ) AS w GROUP BY w.email
                ) AS g;
            ELSE
                SELECT array_agg(g.key::text ORDER BY g.key) FILTER (WHERE g.n > 1), max(g.key)::text, sum(g.n) INTO keys, last, walked FROM (
                    SELECT w.key, count(*) AS n
                    FROM walk_people(company, coalesce(edge::bigint, -9223372036854775808), false, batch) AS w GROUP BY w.key
                ) AS g;
            END IF;
            EXIT WHEN last IS NULL;
            keys := coalesce(keys, '{}');
            complete := walked < batch;
            IF NOT complete AND NOT last = ANY (keys) THEN -- the last key may have more candidates, which this batch has not reached
                keys := keys || last;
            END IF;
            edge := last;
        END LOOP;
    END LOOP;
END
$$;
-- next
REVOKE EXECUTE ON FUNCTION person_key, surviving_candidate, walk_people, find_duplicates FROM PUBLIC;
GRANT EXECUTE ON FUNCTION person_key, surviving_candidate, walk_people, find_duplicates TO interviewer_service;
GRANT EXECUTE ON FUNCTION person_key TO interviewer_lookup;
