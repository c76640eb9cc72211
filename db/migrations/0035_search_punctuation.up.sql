-- Punctuation in a searched text does not lose results: it separates words, or is a part of a word only if the word has it
-- inside, as in email addresses. Only the patterns change, not the indexed texts.

-- The LIKE patterns of the words of a searched text, the longest first. All of them must match the search_terms. The text is
-- given as the LIKE pattern %text%. Spaces, hyphens, commas, brackets and quotation marks separate words; apostrophes, and
-- periods at the end of a word, are left out. Words without a letter or digit are left out unless there are no others. NULL
-- if the text has no words: then nothing matches. With short_at_start, words without a trigram are matched at the start of
-- words only.
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
