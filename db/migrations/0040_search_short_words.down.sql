CREATE OR REPLACE FUNCTION search_terms(value text) RETURNS text
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
                    folded(regexp_replace(substr(pattern, 2, length(pattern) - 2), '\\(.)', '\1', 'g')) COLLATE "C",
                    '[]\s,;:!?(){}<>"|`«»‹›“”„‟[]+'
                ) AS written,
                string_to_table(
                    CASE WHEN translate(written, '-''', '') = '' THEN written ELSE translate(written, '-''', ' ') END, ' '
                ) AS part,
                regexp_replace(part, '[.]+$', '') AS word
            WHERE word <> ''
        ) AS distinct_words
    ) AS words
    WHERE spoken OR NOT any_spoken
$$;
