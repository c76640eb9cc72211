-- Searches that ignore accents, case and the order of words, and the alphabetical order of names and titles, whatever the
-- locale of the database is. The next migrations build the indexes and replace the lists that use them.

-- The order of names and titles: that of the Unicode Collation Algorithm, which compares letters and ignores accents and
-- case. Texts that differ in nothing else are equal, so the next key of an order decides: "Müller, Anna" is before
-- "Muller, Berta". PostgreSQL records the version of ICU with it; docs/operations/incidents.md says what to do after an
-- upgrade.
CREATE COLLATION alphabetical (provider = icu, locale = 'und-u-ks-level1', deterministic = false);

-- A text as searches compare it: in lower case, without accents, with the Latin letters that have no decomposition replaced,
-- and with one form of hyphens and of apostrophes. Each Chinese character is a word of its own, because Chinese is written
-- without spaces.
CREATE FUNCTION folded(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    letters text := value;
BEGIN
    IF octet_length(letters) = length(letters) THEN
        RETURN lower(letters COLLATE "C");
    END IF;
    letters := regexp_replace(lower(normalize(letters, NFKD) COLLATE "und-x-icu") COLLATE "C", '[\u0300-\u036f]', '', 'g');
    IF octet_length(letters) > length(letters) THEN
        letters := translate(letters, 'łøđðħŧıŋĸς‐‑‒–—―−’‘ʼʻʹʽ′´', 'loddhtinkσ-------''''''''''''''''');
        letters := replace(replace(replace(replace(letters, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
        letters := regexp_replace(letters, '([\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f])', ' \1', 'g');
    END IF;
    RETURN letters;
END
$$;

-- A text that searches match: folded and, if there are hyphens or apostrophes, also with spaces instead of hyphens and
-- without apostrophes, so that O'Brien is found by "o'brien", "obrien" and "'". The name of the other function is qualified:
-- PostgreSQL builds indexes and reads statistics with an empty search path.
CREATE FUNCTION search_terms(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    letters CONSTANT text := public.folded(value);
BEGIN
    IF strpos(letters, '-') > 0 OR strpos(letters, '''') > 0 THEN
        RETURN letters || ' ' || translate(letters, '-''', ' ');
    END IF;
    RETURN letters;
END
$$;

-- Whether the trigram index can find a word, which needs three consecutive letters or digits. The collation makes the
-- answer independent of the locale of the database.
CREATE OR REPLACE FUNCTION has_trigram(pattern text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN pattern COLLATE "und-x-icu" ~ '[[:alnum:]]{3}';

-- The LIKE patterns of the words of a searched text, the longest first. All of them must match the search_terms. The text is
-- given as the LIKE pattern %text%, as the previous release does. Hyphens separate words, and apostrophes are left out,
-- unless a word has no other characters. NULL if the text has no words: then nothing matches. With short_at_start, words
-- without a trigram are matched at the start of words only.
CREATE FUNCTION search_patterns(pattern text, short_at_start boolean) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(
        CASE WHEN short_at_start AND NOT has_trigram(word) THEN '% ' ELSE '%' END || regexp_replace(word, '([\\%_])', '\\\1', 'g') || '%'
        ORDER BY length(word) DESC, word COLLATE "C"
    )
    FROM (
        SELECT DISTINCT word
        FROM regexp_split_to_table(
                folded(regexp_replace(substr(pattern, 2, length(pattern) - 2), '\\(.)', '\1', 'g')) COLLATE "C", '\s+'
            ) AS written,
            string_to_table(
                CASE WHEN translate(written, '-''', '') = '' THEN written ELSE translate(written, '-''', ' ') END, ' '
            ) AS word
        WHERE word <> ''
    ) AS words
$$;

-- The text that a search for candidates matches. A space precedes every word, so that the start of a word can be matched.
CREATE FUNCTION candidate_terms(first_name text, last_name text, email text, tags text[]) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN public.search_terms(' ' || first_name || ' ' || last_name || ' ' || coalesce(email, '') || ' ' || array_to_string(tags, ' '));
END
$$;

-- The text that a search for users matches.
CREATE FUNCTION user_terms(first_name text, last_name text, email text, department text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN public.search_terms(' ' || first_name || ' ' || last_name || ' ' || email || ' ' || coalesce(department, ''));
END
$$;

-- A last name as a lexeme, by which the index of searches excludes the last names that begin with a text. There is one only
-- if the last name consists of Latin letters with or without accents and of spaces: the last names that have a lexeme with
-- some prefix are adjacent in the alphabetical order. Every last name also has the lexeme *, because a search for nothing
-- but the absence of a lexeme would read the whole index.
CREATE FUNCTION surname_term(last_name text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    term CONSTANT text := lower(regexp_replace(normalize(last_name, NFD) COLLATE "C", '[\u0300-\u0338]', '', 'g') COLLATE "C");
BEGIN
    IF term COLLATE "C" ~ '^[a-z ]+$' THEN
        RETURN array_to_tsvector(ARRAY['*', term]);
    END IF;
    RETURN '*';
END
$$;

-- Candidates of a company that match all patterns and have all of some tags, at most so many; patterns and tags that are
-- NULL match all. Candidates are left out if the lexeme of their last name begins with other_than, which consists of the
-- letters a to z; NULL leaves out none. Only the first patterns use the index; the remaining ones are checked on the rows
-- that it finds. It is a SECURITY DEFINER function because LIKE is not leakproof: under row-level security it could not use
-- the index.
CREATE FUNCTION find_candidates(company uuid, patterns text[], wanted_tags text[], other_than text, at_most integer) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT c.id FROM candidates AS c
        WHERE c.company_id = company AND company = (SELECT current_company())
            AND (wanted_tags IS NULL OR c.tags @> wanted_tags)
            AND (patterns[1] IS NULL OR candidate_terms(c.first_name, c.last_name, c.email, c.tags) LIKE patterns[1])
            AND (patterns[2] IS NULL OR candidate_terms(c.first_name, c.last_name, c.email, c.tags) LIKE patterns[2])
            AND (patterns[3] IS NULL OR candidate_terms(c.first_name, c.last_name, c.email, c.tags) LIKE patterns[3])
            AND (patterns[4] IS NULL OR candidate_terms(c.first_name, c.last_name, c.email, c.tags) LIKE ALL (patterns[4:]))
            AND (other_than IS NULL OR surname_term(c.last_name) @@ ('''*'' & !' || other_than || ':*')::tsquery)
        LIMIT at_most;
END
$$;

-- Users of a company that match all patterns, at most so many. See find_candidates.
CREATE FUNCTION find_users(company uuid, patterns text[], at_most integer) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT u.id FROM users AS u
        WHERE u.company_id = company AND company = (SELECT current_company())
            AND user_terms(u.first_name, u.last_name, u.email, u.department) LIKE patterns[1]
            AND (patterns[2] IS NULL OR user_terms(u.first_name, u.last_name, u.email, u.department) LIKE ALL (patterns[2:]))
        LIMIT at_most;
END
$$;

GRANT CREATE ON SCHEMA public TO interviewer_lookup;
ALTER FUNCTION find_candidates(uuid, text[], text[], text, integer) OWNER TO interviewer_lookup;
ALTER FUNCTION find_users(uuid, text[], integer) OWNER TO interviewer_lookup;
REVOKE CREATE ON SCHEMA public FROM interviewer_lookup;

-- Panelists of the jobs of which the actor sees everything, by name. after_last, after_first and after_id are the position
-- of the last row of the previous page. It replaces list_interviewers, which the previous release uses and the next release
-- removes.
CREATE FUNCTION list_panelists(
    company uuid, actor uuid, reach text, max_rows integer, after_text text DEFAULT NULL, after_id uuid DEFAULT NULL,
    wanted_job uuid DEFAULT NULL
) RETURNS SETOF users
    LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    after_last CONSTANT text := split_part(after_text, E'\x01', 1);
    after_first CONSTANT text := split_part(after_text, E'\x01', 2);
BEGIN
    RETURN QUERY
    SELECT u.* FROM users AS u
    WHERE u.company_id = company
        AND (after_id IS NULL
            OR (u.last_name COLLATE alphabetical, u.first_name COLLATE alphabetical, u.id) > (after_last, after_first, after_id))
        AND EXISTS (
            SELECT FROM interview_panelists AS p
            JOIN interviews AS i ON i.company_id = p.company_id AND i.id = p.interview_id
            JOIN led_jobs(company, actor, reach) AS led ON led.id = i.job_id
            WHERE p.company_id = company AND p.user_id = u.id
                AND (wanted_job IS NULL OR i.job_id = wanted_job)
        )
    ORDER BY u.last_name COLLATE alphabetical, u.first_name COLLATE alphabetical, u.id
    LIMIT max_rows;
END
$$;

-- Collects the statistics of the tables that imports fill, if that has not been done since they were empty. An import calls it
-- after its first rows, which ANALYZE counts in the same transaction. Without statistics, all indexes that begin with the
-- company cost the same for the check of a foreign key, and PostgreSQL chose one by which it read all rows of the company or
-- of the job for each imported row. Only the owner of a table may analyze it. Another transaction that analyzes one of the
-- tables is not waited for.
CREATE FUNCTION analyze_empty_tables() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_class WHERE oid IN ('candidates'::regclass, 'applications'::regclass) AND reltuples <= 0) THEN
        ANALYZE (SKIP_LOCKED) candidates, applications;
    END IF;
END
$$;

REVOKE EXECUTE ON FUNCTION find_candidates, find_users, list_panelists, analyze_empty_tables FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_candidates, find_users, list_panelists, analyze_empty_tables TO interviewer_service;
