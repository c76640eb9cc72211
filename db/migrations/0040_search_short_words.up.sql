-- Searches find a short word behind punctuation in a stored text, such as bo in Robert (Bo) Smith, and ignore characters in a
-- searched text that people add or that come with a copied text: *smith*, #smith, and characters without width.

-- A text that searches match: folded and, if there is punctuation, also with spaces instead of it and without apostrophes, so
-- that O'Brien is found by "o'brien", "obrien" and "'", and (Bo) by "(bo)" and at the start of a word by "bo". Periods, @ and
-- underscores remain, because parts of email addresses are not words.
--
-- The indexes need no rebuilding: they contain the trigrams of words, and for pg_trgm all this punctuation ends a word, so the
-- trigrams of a text are the same as before. Only the comparison with the row, after the index, finds more.
CREATE OR REPLACE FUNCTION search_terms(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    letters CONSTANT text := public.folded(value);
BEGIN
    IF letters COLLATE "C" ~ '[!-\-/:-?[-^`{-~¡-¿\u2000-\u206f]' THEN
        RETURN letters || ' ' || regexp_replace(
            translate(letters, '-''', ' ') COLLATE "C", '[!-\-/:-?[-^`{-~¡-¿\u2000-\u206f]', ' ', 'g'
        );
    END IF;
    RETURN letters;
END
$$;

-- The LIKE patterns of the words of a searched text, the longest first. All of them must match the search_terms. The text is
-- given as the LIKE pattern %text%. Spaces, hyphens, commas, brackets, quotation marks, asterisks and characters without width
-- separate words. Left out are apostrophes, soft hyphens, the characters # & / + at the start of a word, and . & / at its end.
-- Words without a letter or digit are left out unless there are no others. NULL if the text has no words: then nothing matches.
-- With short_at_start, words without a trigram are matched at the start of words only.
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
