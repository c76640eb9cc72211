-- migrate: no transaction
-- The indexes and functions of searches that ignore only case, and of the order by code points. The previous release sorts
-- jobs and kits, of which a company has thousands, without an index.
DROP INDEX CONCURRENTLY IF EXISTS candidates_search_idx;
-- next
DROP INDEX CONCURRENTLY IF EXISTS candidates_name_idx;
-- next
DROP INDEX CONCURRENTLY IF EXISTS users_search_idx;
-- next
DROP INDEX CONCURRENTLY IF EXISTS users_name_idx;
-- next
DROP INDEX CONCURRENTLY IF EXISTS jobs_title_idx;
-- next
DROP INDEX CONCURRENTLY IF EXISTS kits_name_idx;
-- next
-- Only the lists that were replaced have called them; dropping the indexes has waited for the calls that were running.
-- squawk-ignore ban-drop-function
DROP FUNCTION IF EXISTS search_candidates(uuid, text, text[], integer), search_users(uuid, text, integer),
    candidate_search_text(text, text, text, text[]), user_search_text(text, text, text, text);
