-- Prints what requests cost in a database that load.sql filled: the processor time in ms of the backend for one execution, the average of
-- up to 100, with warm caches and under row-level security; and the sizes of tables and indexes. It needs a superuser and Linux:
--   psql -Atq -f cmd/loadtest/growth/measure.sql DATABASE
CREATE OR REPLACE FUNCTION cpu() RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER AS $$
    SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::bigint
$$;
CREATE OR REPLACE FUNCTION measured(name text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    started bigint;
    times integer := 0;
    found bigint;
BEGIN
    EXECUTE 'SELECT count(*) FROM (' || query || ') AS q' INTO found;
    EXECUTE 'PREPARE measured AS ' || query;
    EXECUTE 'EXECUTE measured';
    started := cpu();
    LOOP
        EXECUTE 'EXECUTE measured';
        times := times + 1;
        EXIT WHEN times = 100 OR cpu() - started > 900000000;
    END LOOP;
    DEALLOCATE measured;
    RETURN format('%s | %s | %s rows', name, round((cpu() - started) / 1e6 / times, 2), found);
END
$$;
GRANT EXECUTE ON FUNCTION cpu(), measured(text, text) TO PUBLIC;
SELECT '01900000-0000-7000-8000-000000000001' c \gset
select id hr from users where email='u1@growth.example' \gset
select id lead from users where email='u10@growth.example' \gset
select id emp from users where email='u250@growth.example' \gset
select least(500000, count(*) / 2) deep from candidates \gset
select created_at dt, id did from candidates order by created_at desc, id desc offset :deep limit 1 \gset
select last_name || E'\x01' || first_name dn, id dnid from candidates where company_id = :'c' order by last_name collate alphabetical, first_name collate alphabetical, id offset :deep limit 1 \gset
select created_at at, id aid from applications order by created_at desc, id desc offset :deep limit 1 \gset
select created_at lt, id lid from audit_logs order by created_at desc, id desc offset :deep / 2 limit 1 \gset
select starts_key it, id iid from interviews order by starts_key, id offset :deep / 4 limit 1 \gset
select id one from candidates where external_id = 'ext-' || lpad((:deep)::text, 9, '0') \gset
select id oneapp, job_id job from applications where candidate_id = :'one' limit 1 \gset
select id oneint from interviews order by id offset 100 limit 1 \gset
set role interviewer_service; set jit=off; set plan_cache_mode=force_generic_plan; set app.company_id='01900000-0000-7000-8000-000000000001';
SELECT measured('candidates', format('select * from list_candidates(%L,%L,%L,%L,51)',:'c',:'hr','all','-created_at'));
SELECT measured('candidates, 10,000th page', format('select * from list_candidates(%L,%L,%L,%L,51,%L,null,%L)',:'c',:'hr','all','-created_at',:'dt',:'did'));
SELECT measured('candidates by name', format('select * from list_candidates(%L,%L,%L,%L,51)',:'c',:'hr','all','name'));
SELECT measured('candidates by name, 10,000th page', format('select * from list_candidates(%L,%L,%L,%L,51,null,%L,%L)',:'c',:'hr','all','name',:'dn',:'dnid'));
SELECT measured('candidates of a source', format('select * from list_candidates(%L,%L,%L,%L,51,wanted_source=>%L)',:'c',:'hr','all','-created_at','fair'));
SELECT measured('candidates of a lead', format('select * from list_candidates(%L,%L,%L,%L,51)',:'c',:'lead','jobs','-created_at'));
SELECT measured('one candidate', format('select * from visible_candidates(%L,%L,%L) c where c.id=%L',:'c',:'hr','all',:'one'));
SELECT measured('one candidate, lead', format('select * from visible_candidates(%L,%L,%L) c where c.id=%L',:'c',:'lead','jobs',:'one'));
SELECT measured('applications', format('select * from list_applications(%L,%L,%L,%L,51)',:'c',:'hr','all','-created_at'));
SELECT measured('active applications', format('select * from list_applications(%L,%L,%L,%L,51,wanted_statuses=>%L)',:'c',:'hr','all','-created_at','{active}'));
SELECT measured('applications, 10,000th page', format('select * from list_applications(%L,%L,%L,%L,51,%L,%L)',:'c',:'hr','all','-created_at',:'at',:'aid'));
SELECT measured('applications of a job', format('select * from list_applications(%L,%L,%L,%L,51,wanted_job=>%L)',:'c',:'hr','all','-created_at',:'job'));
SELECT measured('applications of a lead', format('select * from list_applications(%L,%L,%L,%L,51)',:'c',:'lead','jobs','-created_at'));
SELECT measured('interviews', format('select * from list_interviews(%L,%L,%L,%L,51)',:'c',:'hr','all','starts_at'));
SELECT measured('interviews, 10,000th page', format('select * from list_interviews(%L,%L,%L,%L,51,%L,%L)',:'c',:'hr','all','starts_at',:'it',:'iid'));
SELECT measured('my interviews', format('select * from list_interviews(%L,%L,%L,%L,21,mine=>true)',:'c',:'emp','own','starts_at'));
SELECT measured('one interview', format('select * from visible_interviews(%L,%L,%L) c where c.id=%L',:'c',:'hr','all',:'oneint'));
SELECT measured('scores', format('select * from list_scores(%L,%L,%L,%L,21)',:'c',:'hr','all','-created_at'));
SELECT measured('scores of a lead', format('select * from list_scores(%L,%L,%L,%L,21)',:'c',:'lead','jobs','-created_at'));
SELECT measured(format('search for %s by %s', word, sort), format('select * from list_candidates(%L,%L,%L,%L,51,pattern=>%L)', :'c', :'hr', 'all', sort, '%' || word || '%'))
FROM unnest(ARRAY['lee', 'li', 'kathleen', 'smith', 'müller', 'priya sharma', 'ovabc', 'zzzq']) AS word, unnest(ARRAY['-created_at', '-updated_at', 'name']) AS sort;
SELECT measured(format('tag by %s', sort), format('select * from list_candidates(%L,%L,%L,%L,51,wanted_tags=>%L)', :'c', :'hr', 'all', sort, '{tag7}'))
FROM unnest(ARRAY['-created_at', '-updated_at', 'name']) AS sort;
SELECT measured('search for kathleen, deep', format('select * from list_candidates(%L,%L,%L,%L,51,%L,null,%L,pattern=>%L)', :'c', :'hr', 'all', '-created_at', :'dt', :'did', '%kathleen%'));
SELECT measured(format('search for %s by a lead', word), format('select * from list_candidates(%L,%L,%L,%L,51,pattern=>%L)', :'c', :'lead', 'jobs', '-created_at', '%' || word || '%'))
FROM unnest(ARRAY['lee', 'zzzq']) AS word;
set plan_cache_mode=force_custom_plan;
SELECT measured('users by name', format('select * from list_users(%L,%L,%L,%L,51)',:'c',:'hr','all','name'));
SELECT measured('users search lee', format('select * from list_users(%L,%L,%L,%L,51,pattern=>%L)',:'c',:'hr','all','name','%lee%'));
SELECT measured('audit', format('select l.*, s.sequence from visible_audit_entries(%L,%L,%L,%L) l left join audit_seals s on s.company_id=l.company_id and s.audit_log_id=l.id order by created_at desc, id desc limit 51',:'c',:'hr','all','{candidate,user,job}'));
SELECT measured('audit, 10,000th page', format('select l.*, s.sequence from visible_audit_entries(%L,%L,%L,%L) l left join audit_seals s on s.company_id=l.company_id and s.audit_log_id=l.id where (created_at,l.id)<(%L,%L) order by created_at desc, id desc limit 51',:'c',:'hr','all','{candidate,user,job}',:'lt',:'lid'));
SELECT measured('audit of an action', format('select l.*, s.sequence from visible_audit_entries(%L,%L,%L,%L) l left join audit_seals s on s.company_id=l.company_id and s.audit_log_id=l.id where action=%L order by created_at desc, id desc limit 51',:'c',:'hr','all','{candidate,user,job}','candidate.created'));
RESET ROLE;
SELECT format('%s | %s MB', relname, pg_total_relation_size(oid) / 1000000) FROM pg_class
WHERE relname IN ('candidates', 'applications', 'interviews', 'interview_panelists', 'scores', 'audit_logs_before', 'audit_seals') ORDER BY relname;
SELECT format('%s | %s MB', relname, pg_relation_size(oid) / 1000000) FROM pg_class
WHERE relkind = 'i' AND relname ~ '^(candidates|applications_created|applications_status|applications_job_idx|interviews_starts|interview_panelists_starts)' ORDER BY relname;
