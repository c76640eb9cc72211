CREATE OR REPLACE FUNCTION surviving_candidate(company uuid, candidate uuid) RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH RECURSIVE chain AS (
        SELECT c.id, c.merged_into FROM candidates AS c WHERE c.company_id = company AND c.id = candidate
        UNION ALL
        SELECT c.id, c.merged_into FROM chain JOIN candidates AS c ON c.company_id = company AND c.id = chain.merged_into
    )
    SELECT chain.id FROM chain WHERE chain.merged_into IS NULL
$$;

CREATE OR REPLACE FUNCTION search_patterns(pattern text, short_at_start boolean) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(
        CASE WHEN short_at_start AND NOT has_trigram(word) THEN '% ' ELSE '%' END || regexp_replace(word, '([\\%_])', '\\\1', 'g') || '%'
        ORDER BY length(word) DESC, word COLLATE "C"
    )
    FROM (
        SELECT word, spoken, bool_or(spoken) OVER () AS any_spoken
        FROM (
            SELECT DISTINCT word, word COLLATE "und-x-icu" ~ '[[:alnum:]]' AS spoken
            FROM regexp_split_to_table(
                    replace(folded(regexp_replace(substr(pattern, 2, length(pattern) - 2), '\\(.)', '\1', 'g')), U&'\00AD', '') COLLATE "C",
                    '[]\s,;:!?(){}<>"|`«»‹›“”„‟…·•*~^=¿¡\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff[]+'
                ) AS written,
                string_to_table(
                    CASE WHEN translate(written, '-''', '') = '' THEN written ELSE translate(written, '-''', ' ') END, ' '
                ) AS part,
                regexp_replace(regexp_replace(part, '[.&/]+$', ''), '^[#&/+]+(?=.)', '') AS word
            WHERE word <> ''
        ) AS distinct_words
    ) AS words
    WHERE spoken OR NOT any_spoken
$$;

CREATE OR REPLACE FUNCTION longest(texts text[]) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT max(length(element)) FROM unnest(texts) AS element);

CREATE OR REPLACE FUNCTION transaction_history() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (SELECT s.system_identifier::text FROM pg_control_system() AS s)
        || '-' || (SELECT c.timeline_id::text FROM pg_control_checkpoint() AS c);
