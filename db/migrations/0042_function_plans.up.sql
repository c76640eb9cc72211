-- Functions in SQL that are not part of the plan of their caller are planned at each call. In PL/pgSQL the plan is kept.

-- The candidate that another one was merged into, also by several merges; the candidate itself if it was not merged. It is not
-- called for NULL, which lists without a filter pass.
CREATE OR REPLACE FUNCTION surviving_candidate(company uuid, candidate uuid) RETURNS uuid
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RETURN (
        WITH RECURSIVE chain AS (
            SELECT c.id, c.merged_into FROM candidates AS c WHERE c.company_id = company AND c.id = candidate
            UNION ALL
            SELECT c.id, c.merged_into FROM chain JOIN candidates AS c ON c.company_id = company AND c.id = chain.merged_into
        )
        SELECT chain.id FROM chain WHERE chain.merged_into IS NULL
    );
END
$$;

-- The LIKE patterns of the words of a searched text, the longest first. All of them must match the search_terms. The text is
-- given as the LIKE pattern %text%. Spaces, hyphens, commas, brackets, quotation marks, asterisks and characters without width
-- separate words. Left out are apostrophes, soft hyphens, the characters # & / + at the start of a word, and . & / at its end.
-- Words without a letter or digit are left out unless there are no others. NULL if the text has no words: then nothing matches.
-- With short_at_start, words without a trigram are matched at the start of words only.
CREATE OR REPLACE FUNCTION search_patterns(pattern text, short_at_start boolean) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RETURN (
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
    );
END
$$;

-- The length of the longest element of a list; NULL if it has none. Constraints call it for every row that is written.
CREATE OR REPLACE FUNCTION longest(texts text[]) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (SELECT max(length(element)) FROM unnest(texts) AS element);
END
$$;

-- Names the history of transactions. It changes when a backup is restored into another cluster and when a standby is promoted,
-- where the numbers of transactions may begin again.
CREATE OR REPLACE FUNCTION transaction_history() RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (SELECT s.system_identifier::text FROM pg_control_system() AS s)
        || '-' || (SELECT c.timeline_id::text FROM pg_control_checkpoint() AS c);
END
$$;
