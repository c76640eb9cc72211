DROP FUNCTION analyze_empty_tables, list_panelists, find_users, find_candidates, surname_term, user_terms, candidate_terms, search_patterns, search_terms, folded;
CREATE OR REPLACE FUNCTION has_trigram(pattern text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN pattern ~ '[[:alnum:]]{3}';
DROP COLLATION alphabetical;
