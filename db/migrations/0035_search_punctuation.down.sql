CREATE OR REPLACE FUNCTION search_patterns(pattern text, short_at_start boolean) RETURNS text[]
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
