package demo_test

// violation is an inconsistency that the data must not have. The query finds it; cause is a statement that creates it.
type violation struct{ name, cause, query string }

// violations returns all violations that are checked.
func violations() []violation {
	all := append(applicationViolations(), interviewViolations()...)
	return append(append(all, scoreViolations()...), otherViolations()...)
}

func applicationViolations() []violation {
	return []violation{
		{
			"application whose stage or status differs from its last move",
			`UPDATE applications SET version = version + 1`,
			`SELECT a.id FROM applications AS a JOIN moves AS m ON m.application_id = a.id
			WHERE m.from_end = 1 AND (m.to_stage <> a.stage OR m.to_status <> a.status OR m.created_at <> a.updated_at OR m.n <> a.version
				OR m.rejection_reason IS DISTINCT FROM a.rejection_reason)`,
		},
		{
			"application without moves",
			`DELETE FROM application_moves WHERE application_id = (SELECT id FROM applications LIMIT 1)`,
			`SELECT id FROM applications AS a WHERE NOT EXISTS (SELECT FROM application_moves AS m WHERE m.application_id = a.id)`,
		},
		{
			"first move that is not apply",
			`UPDATE application_moves SET to_stage = 'screening' WHERE event = 'apply'`,
			`SELECT id FROM moves WHERE n = 1 AND (event <> 'apply' OR from_stage IS NOT NULL OR from_status IS NOT NULL
			OR to_stage <> 'applied' OR to_status <> 'active' OR created_at <> applied_at OR seconds IS NOT NULL)`,
		},
		{
			"move from a state other than the one that the previous move led to",
			`UPDATE application_moves SET from_stage = 'applied' WHERE from_stage = 'offer'`,
			`SELECT id FROM moves WHERE n > 1
			AND (event = 'apply' OR from_stage IS DISTINCT FROM stage_before OR from_status IS DISTINCT FROM status_before OR created_at <= moved_before)`,
		},
		{
			"move with wrong seconds in the stage",
			`UPDATE application_moves SET seconds = seconds + 1 WHERE event = 'skip'`,
			`SELECT id FROM moves WHERE n > 1 AND seconds IS DISTINCT FROM
			CASE WHEN from_stage <> to_stage THEN floor(extract(epoch FROM created_at - entered))::bigint END`,
		},
		{
			"application with wrong stage_entered_at",
			`UPDATE applications SET stage_entered_at = stage_entered_at + INTERVAL '1 ms' WHERE stage = 'hired'`,
			`SELECT a.id FROM applications AS a WHERE stage_entered_at <>
			(SELECT max(created_at) FROM application_moves AS m WHERE m.application_id = a.id AND from_stage IS DISTINCT FROM to_stage)`,
		},
		{
			"application with wrong furthest_stage",
			`UPDATE applications SET furthest_stage = 'offer' WHERE stage = 'evaluation'`,
			`SELECT a.id FROM applications AS a WHERE array_position(ARRAY['applied', 'screening', 'interview', 'evaluation', 'offer', 'hired'], furthest_stage::text)
			<> (SELECT max(to_rank) FROM moves AS m WHERE m.application_id = a.id)`,
		},
		{
			"move between stages that its event does not permit",
			`UPDATE application_moves SET event = 'skip' WHERE event = 'advance' AND to_stage = 'offer'`,
			`SELECT id, event, from_stage, to_stage FROM moves WHERE n > 1 AND NOT CASE event
			WHEN 'advance' THEN to_rank = from_rank + 1 WHEN 'skip' THEN to_rank > from_rank + 1 AND to_rank < 6 WHEN 'return' THEN to_rank < from_rank
			ELSE to_rank = from_rank END`,
		},
		{
			"move between statuses that its event does not permit",
			`UPDATE application_moves SET event = 'withdraw' WHERE event = 'hold'`,
			`SELECT id, event, from_status, to_status FROM moves WHERE n > 1 AND NOT CASE event
			WHEN 'advance' THEN from_status = 'active' AND to_status = CASE WHEN to_stage = 'hired' THEN 'hired' ELSE 'active' END
			WHEN 'skip' THEN from_status = 'active' AND to_status = 'active' WHEN 'return' THEN from_status = 'active' AND to_status = 'active'
			WHEN 'hold' THEN from_status = 'active' AND to_status = 'on_hold' WHEN 'resume' THEN from_status = 'on_hold' AND to_status = 'active'
			WHEN 'reject' THEN from_status = 'active' AND to_status = 'rejected' WHEN 'withdraw' THEN from_status IN ('active', 'on_hold') AND to_status = 'withdrawn'
			WHEN 'reactivate' THEN from_status IN ('rejected', 'withdrawn') AND to_status = 'active' END`,
		},
		{
			"move without its required reason",
			`UPDATE application_moves SET reason = NULL WHERE event = 'return'`,
			`SELECT id FROM moves WHERE event IN ('return', 'reactivate') AND reason IS NULL
			OR (event = 'reject') <> (rejection_reason IS NOT NULL)`,
		},
		{
			"move by a user without permission",
			`UPDATE application_moves SET actor_id = (SELECT id FROM users WHERE email = 'lead@acme.example') WHERE event = 'apply'`,
			`SELECT id, event FROM moves AS m WHERE actor_id NOT IN (SELECT id FROM managers)
			AND (event IN ('apply', 'skip', 'return', 'reactivate') OR NOT EXISTS (SELECT FROM leads AS l WHERE l.job_id = m.job_id AND l.user_id = m.actor_id))`,
		},
		{
			"move in the future or older than the generated history",
			`UPDATE application_moves SET created_at = created_at + INTERVAL '1 year' WHERE event = 'hold'`,
			`SELECT m.id FROM moves AS m, present WHERE created_at > now OR created_at < now - INTERVAL '190 days'`,
		},
		{
			"application to a job that did not accept applications",
			`UPDATE jobs SET opened_at = opened_at + INTERVAL '200 days'`,
			`SELECT a.id, j.title FROM applications AS a JOIN jobs AS j ON j.id = a.job_id
			WHERE j.opened_at IS NULL OR a.created_at < j.opened_at OR j.status = 'closed' AND a.created_at > j.closed_at OR j.status = 'on_hold' AND a.created_at > j.updated_at`,
		},
		{
			"active application to a closed job",
			`UPDATE jobs SET status = 'closed', closed_at = updated_at WHERE status = 'open'`,
			`SELECT a.id FROM applications AS a JOIN jobs AS j ON j.id = a.job_id WHERE a.status IN ('active', 'on_hold') AND j.status = 'closed'`,
		},
		{
			"candidate with two applications to one job",
			`DROP INDEX applications_active_pair_key; UPDATE applications SET job_id = (SELECT id FROM jobs LIMIT 1)`,
			`SELECT candidate_id, job_id FROM applications GROUP BY 1, 2 HAVING count(*) > 1`,
		},
		{
			"hired candidate with another open application",
			`UPDATE applications SET stage = 'hired', status = 'hired', rejection_reason = NULL WHERE status = 'rejected'`,
			`SELECT a.id FROM applications AS a JOIN applications AS b ON b.candidate_id = a.candidate_id
			WHERE a.status = 'hired' AND b.id <> a.id AND b.status IN ('active', 'on_hold', 'hired')`,
		},
	}
}

func interviewViolations() []violation {
	return []violation{
		{
			"interview whose first event is not its creation",
			`UPDATE interviews SET created_at = created_at - INTERVAL '1 s' WHERE status = 'draft'`,
			`SELECT i.id FROM interviews AS i LEFT JOIN events AS e ON e.interview_id = i.id AND e.n = 1
			WHERE e.id IS NULL OR e.event <> 'create' OR e.from_status IS NOT NULL OR e.to_status <> 'draft' OR e.created_at <> i.created_at OR e.to_starts_at IS NOT NULL
				OR e.actor_id IS DISTINCT FROM i.created_by`,
		},
		{
			"event from a status other than that of the previous event",
			`UPDATE interview_events SET from_status = 'draft' WHERE event = 'finish'`,
			`SELECT id FROM events WHERE n > 1 AND (event = 'create' OR from_status IS DISTINCT FROM status_before OR created_at <= happened_before)`,
		},
		{
			"event between statuses that it does not permit",
			`UPDATE interview_events SET event = 'schedule' WHERE event = 'reschedule'`,
			`SELECT id, event FROM events WHERE n > 1 AND NOT CASE event
			WHEN 'schedule' THEN from_status IN ('draft', 'no_show') AND to_status = 'scheduled' WHEN 'reschedule' THEN from_status = 'scheduled' AND to_status = 'scheduled'
			WHEN 'start' THEN from_status = 'scheduled' AND to_status = 'in_progress' WHEN 'finish' THEN from_status = 'in_progress' AND to_status = 'awaiting_scores'
			WHEN 'mark_no_show' THEN from_status = 'scheduled' AND to_status = 'no_show' WHEN 'cancel' THEN from_status IN ('draft', 'scheduled', 'no_show') AND to_status = 'cancelled'
			WHEN 'complete' THEN from_status = 'awaiting_scores' AND to_status = 'completed' AND actor_id IS NULL
			WHEN 'reopen' THEN from_status = 'completed' AND to_status = 'awaiting_scores' AND reason IS NOT NULL END`,
		},
		{
			"interview whose status differs from its last event",
			`UPDATE interviews SET updated_at = updated_at + INTERVAL '1 ms' WHERE status = 'no_show'`,
			`SELECT i.id FROM interviews AS i JOIN events AS e ON e.interview_id = i.id AND e.from_end = 1
			WHERE e.to_status <> i.status OR e.n <> i.version
				OR greatest(e.created_at, (SELECT max(responded_at) FROM interview_panelists AS p WHERE p.interview_id = i.id)) <> i.updated_at`,
		},
		{
			"event with times that differ from the previous event",
			`UPDATE interview_events SET from_ends_at = from_ends_at + INTERVAL '1 m' WHERE event = 'finish'`,
			`SELECT id FROM (SELECT e.*, lag(to_starts_at) OVER w AS was_start, lag(to_ends_at) OVER w AS was_end, lag(to_timezone) OVER w AS was_zone
			FROM events AS e WHERE actor_id IS NOT NULL WINDOW w AS (PARTITION BY interview_id ORDER BY created_at)) AS e
			WHERE from_starts_at IS DISTINCT FROM was_start OR from_ends_at IS DISTINCT FROM was_end OR from_timezone IS DISTINCT FROM was_zone
				OR event NOT IN ('schedule', 'reschedule') AND to_starts_at IS DISTINCT FROM from_starts_at`,
		},
		{
			"automatic event with times",
			`UPDATE interview_events SET to_starts_at = created_at WHERE event = 'complete'`,
			`SELECT id FROM events WHERE actor_id IS NULL AND (from_starts_at IS NOT NULL OR to_starts_at IS NOT NULL)`,
		},
		{
			"interview whose times differ from its last event",
			`UPDATE interviews SET timezone = 'Etc/UTC' WHERE status = 'scheduled'`,
			`SELECT i.id FROM interviews AS i WHERE (starts_at, ends_at, timezone) IS DISTINCT FROM
			(SELECT (to_starts_at, to_ends_at, to_timezone) FROM events AS e WHERE e.interview_id = i.id AND actor_id IS NOT NULL ORDER BY n DESC LIMIT 1)
			AND NOT (status = 'draft' AND starts_at IS NULL)`,
		},
		{
			"interview with a wrong number of reschedules",
			`UPDATE interviews SET reschedules = 0`,
			`SELECT i.id FROM interviews AS i WHERE reschedules <> (SELECT count(*) FROM events AS e WHERE e.interview_id = i.id AND event = 'reschedule')`,
		},
		{
			"reschedule to the same time",
			`UPDATE interview_events SET to_starts_at = from_starts_at WHERE event = 'reschedule'`,
			`SELECT id FROM events WHERE event = 'reschedule' AND from_starts_at = to_starts_at`,
		},
		{
			"interview whose status reason differs from its last event",
			`UPDATE interviews SET status_reason = 'Another.' WHERE status = 'cancelled'`,
			`SELECT i.id FROM interviews AS i WHERE status_reason IS DISTINCT FROM
			(SELECT reason FROM events AS e WHERE e.interview_id = i.id AND event <> 'reschedule' ORDER BY n DESC LIMIT 1)`,
		},
		{
			"interview whose start, finish or completion differs from its events",
			`UPDATE interviews SET completed_at = completed_at + INTERVAL '1 ms'`,
			`SELECT i.id FROM interviews AS i WHERE
			started_at IS DISTINCT FROM (SELECT max(created_at) FROM events AS e WHERE e.interview_id = i.id AND event = 'start')
			OR finished_at IS DISTINCT FROM (SELECT max(created_at) FROM events AS e WHERE e.interview_id = i.id AND event = 'finish')
			OR completed_at IS DISTINCT FROM CASE WHEN status = 'completed' THEN (SELECT max(created_at) FROM events AS e WHERE e.interview_id = i.id AND event = 'complete') END`,
		},
		{
			"interview that was not held at its scheduled time",
			`UPDATE interviews SET finished_at = finished_at + INTERVAL '1 h'`,
			`SELECT id FROM interviews WHERE started_at NOT BETWEEN starts_at - INTERVAL '5 minutes' AND starts_at + INTERVAL '6 minutes'
			OR finished_at NOT BETWEEN ends_at - INTERVAL '7 minutes' AND ends_at + INTERVAL '11 minutes'`,
		},
		{
			"event in the future",
			`UPDATE interview_events SET created_at = created_at + INTERVAL '90 days' WHERE event = 'cancel'`,
			`SELECT e.id, event FROM events AS e, present WHERE created_at > now`,
		},
		{
			"event by a user without permission",
			`UPDATE interview_events SET actor_id = (SELECT id FROM users WHERE email = 'employee@acme.example') WHERE event = 'cancel'`,
			`SELECT id, event FROM events AS e WHERE actor_id NOT IN (SELECT id FROM managers)
			AND NOT EXISTS (SELECT FROM leads AS l WHERE l.job_id = e.job_id AND l.user_id = e.actor_id)
			AND (event NOT IN ('start', 'finish', 'mark_no_show') OR NOT EXISTS (SELECT FROM interview_panelists AS p WHERE p.interview_id = e.interview_id AND p.user_id = e.actor_id))`,
		},
		{
			"interview outside of office hours",
			`UPDATE interviews SET starts_at = starts_at + INTERVAL '12 h', ends_at = ends_at + INTERVAL '12 h'`,
			`SELECT id, starts_at, timezone FROM interviews WHERE starts_at IS NOT NULL AND (extract(isodow FROM starts_at AT TIME ZONE timezone) > 5
			OR (starts_at AT TIME ZONE timezone)::time < '09:00' OR (ends_at AT TIME ZONE timezone)::time > '18:00' OR ends_at - starts_at NOT BETWEEN INTERVAL '30 minutes' AND INTERVAL '90 minutes')`,
		},
		{
			"event that schedules an interview outside of office hours",
			`UPDATE interview_events SET to_starts_at = to_starts_at + INTERVAL '5 days' WHERE event = 'schedule'`,
			`SELECT id FROM events WHERE to_starts_at IS NOT NULL AND (extract(isodow FROM to_starts_at AT TIME ZONE to_timezone) > 5
			OR (to_starts_at AT TIME ZONE to_timezone)::time < '09:00' OR (to_ends_at AT TIME ZONE to_timezone)::time > '18:00' OR event IN ('schedule', 'reschedule') AND to_starts_at <= created_at)`,
		},
		{
			"interview outside of the generated period",
			`UPDATE interviews SET starts_at = starts_at + INTERVAL '7 weeks', ends_at = ends_at + INTERVAL '7 weeks'`,
			`SELECT id FROM interviews, present WHERE starts_at NOT BETWEEN now - INTERVAL '56 days' AND now + INTERVAL '28 days'`,
		},
		{
			"scheduled interview in the past",
			`UPDATE interviews SET status = 'scheduled' WHERE status = 'completed'`,
			`SELECT id FROM interviews, present WHERE status = 'scheduled' AND starts_at < now OR status = 'no_show' AND starts_at > now`,
		},
		{
			"interview in progress for days",
			`UPDATE interviews SET status = 'in_progress' WHERE status = 'completed'`,
			`SELECT id FROM interviews, present WHERE status = 'in_progress' AND started_at < now - INTERVAL '3 days'`,
		},
		{
			"user or candidate in two interviews at the same time",
			`UPDATE interviews SET starts_at = date_trunc('day', starts_at), ends_at = date_trunc('day', starts_at) + INTERVAL '20 h'`,
			`SELECT a.id FROM appointments AS a JOIN appointments AS b ON b.id = a.id AND b.interview_id <> a.interview_id AND b.starts_at < a.ends_at AND a.starts_at < b.ends_at`,
		},
		{
			"panel that is too small or too large",
			`DELETE FROM interview_panelists WHERE score_required AND user_id IN (SELECT user_id FROM interview_panelists LIMIT 1)`,
			`SELECT i.id FROM interviews AS i LEFT JOIN interview_panelists AS p ON p.interview_id = i.id GROUP BY i.id
			HAVING count(p) NOT BETWEEN 2 AND 4 OR count(p) FILTER (WHERE score_required) < 2 OR bool_or(p.created_at <> i.created_at) OR bool_and(p.response = 'declined')`,
		},
		{
			"response outside of the time for responses",
			`UPDATE interview_panelists SET responded_at = responded_at - INTERVAL '20 days', updated_at = updated_at - INTERVAL '20 days'`,
			`SELECT p.interview_id FROM interview_panelists AS p JOIN interviews AS i ON i.id = p.interview_id CROSS JOIN present
			WHERE (response = 'needs_action') <> (responded_at IS NULL) OR p.updated_at <> coalesce(responded_at, p.created_at) OR comment IS NOT NULL AND responded_at IS NULL
				OR responded_at <= (SELECT max(created_at) FROM events AS e WHERE e.interview_id = i.id AND event IN ('schedule', 'reschedule'))
				OR responded_at >= least(now, (SELECT min(created_at) FROM events AS e WHERE e.interview_id = i.id AND event IN ('start', 'cancel')), i.starts_at)`,
		},
		{
			"interview with a kit version that was not the published one",
			`UPDATE interviews SET kit_version_id = (SELECT id FROM kit_versions WHERE status = 'archived')`,
			`SELECT i.id FROM interviews AS i JOIN kit_versions AS v ON v.id = i.kit_version_id
			WHERE v.status = 'draft' OR i.created_at < v.published_at OR i.created_at > v.archived_at`,
		},
		{
			"interview of an application that was not in the interview stage",
			`UPDATE interviews SET created_at = created_at - INTERVAL '30 days'`,
			`SELECT i.id FROM interviews AS i WHERE ('interview'::text, 'active'::text) IS DISTINCT FROM
			(SELECT (m.to_stage::text, m.to_status::text) FROM application_moves AS m WHERE m.application_id = i.application_id AND m.created_at <= i.created_at ORDER BY m.created_at DESC LIMIT 1)`,
		},
		{
			"application that left the stage before its interviews were over",
			`UPDATE interviews SET status = 'scheduled' WHERE application_id IN (SELECT id FROM applications WHERE status = 'hired')`,
			`SELECT i.id, i.status FROM interviews AS i JOIN applications AS a ON a.id = i.application_id
			WHERE (a.status, a.stage) IS DISTINCT FROM ('active', 'interview') AND (i.status NOT IN ('completed', 'cancelled', 'no_show')
				OR (SELECT min(created_at) FROM events AS e WHERE e.interview_id = i.id AND event IN ('complete', 'cancel', 'mark_no_show')) > a.updated_at)`,
		},
	}
}

func scoreViolations() []violation {
	return []violation{
		{
			"score with times in the wrong order",
			`UPDATE scores SET created_at = submitted_at WHERE status = 'submitted'`,
			`SELECT s.id FROM scores AS s JOIN interviews AS i ON i.id = s.interview_id CROSS JOIN present
			WHERE i.started_at IS NULL OR s.created_at < i.started_at OR s.submitted_at <= s.created_at OR s.updated_at < s.created_at OR s.updated_at > now
				OR s.status = 'submitted' AND s.updated_at <> s.submitted_at`,
		},
		{
			"score that the status of its interview does not permit",
			`UPDATE scores SET status = 'draft' WHERE status = 'submitted'`,
			`SELECT s.id, s.status, i.status FROM scores AS s JOIN interviews AS i ON i.id = s.interview_id
			WHERE i.status NOT IN ('in_progress', 'awaiting_scores', 'completed') OR s.status = 'draft' AND i.status = 'completed' OR s.status = 'submitted' AND i.status = 'in_progress'`,
		},
		{
			"completed interview without a required score",
			`UPDATE interview_panelists SET score_required = true`,
			`SELECT i.id FROM interviews AS i JOIN interview_panelists AS p ON p.interview_id = i.id
			WHERE i.status = 'completed' AND p.score_required AND NOT EXISTS (SELECT FROM scores AS s WHERE s.interview_id = i.id AND s.rater_id = p.user_id AND s.status = 'submitted')`,
		},
		{
			"completion that does not follow the last required score",
			`UPDATE interviews SET completed_at = completed_at + INTERVAL '2 s'`,
			`SELECT i.id FROM interviews AS i WHERE i.status = 'completed' AND i.completed_at - greatest(i.finished_at,
			(SELECT max(s.submitted_at) FROM scores AS s JOIN interview_panelists AS p ON p.interview_id = s.interview_id AND p.user_id = s.rater_id WHERE s.interview_id = i.id AND p.score_required AND s.status = 'submitted'))
			NOT BETWEEN INTERVAL '0' AND INTERVAL '1 second'`,
		},
		{
			"score that was submitted after the completion",
			`UPDATE interviews SET completed_at = finished_at WHERE status = 'completed'`,
			`SELECT s.id FROM scores AS s JOIN interviews AS i ON i.id = s.interview_id WHERE s.submitted_at > i.completed_at`,
		},
		{
			"interview that awaits scores although all required ones are submitted",
			`UPDATE interview_panelists SET score_required = false`,
			`SELECT i.id FROM interviews AS i WHERE i.status = 'awaiting_scores' AND NOT EXISTS (SELECT FROM interview_panelists AS p
			WHERE p.interview_id = i.id AND p.score_required AND NOT EXISTS (SELECT FROM scores AS s WHERE s.interview_id = i.id AND s.rater_id = p.user_id AND s.status = 'submitted'))`,
		},
		{
			"score with a wrong weighted score or coverage",
			`UPDATE scores SET coverage = coverage - 0.01 WHERE coverage = 1`,
			`SELECT id, weighted_score, score FROM results WHERE (weighted_score IS NULL) <> (score IS NULL)
			OR abs(weighted_score - score) > 1e-12 OR abs(coverage - covered) > 1e-12`,
		},
		{
			"ratings that do not match the criteria of the kit",
			`UPDATE scores SET ratings = '[]' WHERE status = 'voided'`,
			`SELECT id FROM results WHERE given IS NOT NULL AND wanted IS DISTINCT FROM given OR both_ways > 0 OR status <> 'draft' AND missing > 0`,
		},
		{
			"recommendation that contradicts the score",
			`UPDATE scores SET recommendation = 'definitely_no' WHERE recommendation = 'strong_yes'`,
			`SELECT id, weighted_score, recommendation FROM results WHERE weighted_score > 4.2 AND recommendation IN ('no', 'definitely_no') OR weighted_score < 2.5 AND recommendation IN ('yes', 'strong_yes')`,
		},
		{
			"reopened or voided score without a revision",
			`DELETE FROM score_revisions WHERE event = 'void'`,
			`SELECT s.id FROM scores AS s WHERE
			(SELECT count(*) FROM score_revisions AS r WHERE r.score_id = s.id) <> s.revision - 1 + CASE WHEN s.status = 'voided' THEN 1 ELSE 0 END
			OR (s.status = 'voided') <> (s.status_reason IS NOT NULL)`,
		},
		{
			"revision of a score that was not submitted",
			`UPDATE score_revisions SET created_at = submitted_at`,
			`SELECT r.id FROM score_revisions AS r JOIN scores AS s ON s.id = r.score_id
			WHERE r.submitted_at IS NULL OR r.submitted_at >= r.created_at OR r.recommendation IS NULL OR r.actor_id NOT IN (SELECT id FROM managers)
				OR NOT EXISTS (SELECT FROM interview_events AS e WHERE e.interview_id = s.interview_id AND e.event = 'reopen' AND e.created_at < r.created_at)`,
		},
	}
}

func otherViolations() []violation {
	rest := []violation{
		{
			"candidate created after an application of theirs",
			`UPDATE candidates SET created_at = created_at + INTERVAL '1 h', updated_at = updated_at + INTERVAL '1 h'`,
			`SELECT c.id FROM candidates AS c JOIN applications AS a ON a.candidate_id = c.id WHERE c.created_at >= a.created_at`,
		},
		{
			"candidate with a wrong version or update time",
			`UPDATE candidates SET version = 2`,
			`SELECT id FROM candidates, present WHERE updated_at < candidates.created_at OR updated_at > now OR (version = 1) <> (updated_at = candidates.created_at)`,
		},
		{
			"archived candidate with an open application",
			`UPDATE candidates SET status = 'archived'`,
			`SELECT c.id FROM candidates AS c JOIN applications AS a ON a.candidate_id = c.id
			WHERE c.status = 'archived' AND (a.status IN ('active', 'on_hold') OR a.updated_at > c.updated_at)`,
		},
		{
			"email address outside of mail.example",
			`UPDATE candidates SET email = replace(email, 'mail.', 'post.')`,
			`SELECT email FROM candidates WHERE email !~ '^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*[0-9]*(\.[0-9]+)?@mail\.example$'`,
		},
		{
			"email address of two candidates",
			`UPDATE candidates SET email = 'nobody@mail.example'`,
			`SELECT email FROM candidates WHERE email IS NOT NULL GROUP BY company_id, email HAVING count(*) > 1`,
		},
		{
			"job whose times do not fit its status",
			`UPDATE jobs SET opened_at = created_at WHERE status = 'draft'`,
			`SELECT id FROM jobs, present WHERE (status = 'draft') <> (opened_at IS NULL) OR (status = 'closed') <> (closed_at IS NOT NULL) OR created_at >= opened_at OR opened_at >= closed_at OR updated_at > now OR updated_at <> coalesce(closed_at, CASE WHEN status <> 'on_hold' THEN opened_at END, updated_at)`,
		},
		{
			"job without its hiring manager or recruiter",
			`DELETE FROM job_members WHERE role = 'recruiter'`,
			`SELECT j.id FROM jobs AS j WHERE (SELECT count(*) FROM job_members AS m WHERE m.job_id = j.id AND m.role = 'hiring_manager') <> 1 OR (SELECT count(*) FROM job_members AS m WHERE m.job_id = j.id AND m.role = 'recruiter') < 1`,
		},
		{
			"job member whose job role does not fit the role",
			`UPDATE job_members SET role = 'hiring_manager' WHERE role = 'interviewer'`,
			`SELECT m.job_id FROM job_members AS m JOIN users AS u ON u.id = m.user_id WHERE (m.role = 'hiring_manager') <> (u.role = 'team_lead') OR (m.role = 'recruiter') <> (u.role = 'hr')`,
		},
		{
			"kit whose update time is not that of its latest version",
			`UPDATE kits SET updated_at = created_at`,
			`SELECT k.id FROM kits AS k WHERE updated_at <> (SELECT max(updated_at) FROM kit_versions AS v WHERE v.kit_id = k.id)`,
		},
		{
			"kit versions in the wrong order",
			`UPDATE kit_versions SET archived_at = archived_at + INTERVAL '1 s'`,
			`SELECT v.id FROM kit_versions AS v JOIN kit_versions AS w ON w.kit_id = v.kit_id AND w.number = v.number + 1 WHERE w.created_at < v.published_at OR w.published_at <> v.archived_at OR v.status = 'archived' AND w.status = 'draft'`,
		},
		{
			"move by a user who was created later",
			`UPDATE users SET created_at = created_at + INTERVAL '1 year'`,
			`SELECT m.id FROM application_moves AS m JOIN users AS u ON u.id = m.actor_id WHERE m.created_at < u.created_at`,
		},
		{
			"text that is not trimmed",
			`UPDATE jobs SET description = description || E'\n'`,
			`SELECT t FROM (SELECT first_name AS t FROM candidates UNION SELECT last_name FROM candidates UNION SELECT reason FROM application_moves UNION SELECT reason FROM interview_events UNION SELECT comment FROM scores UNION SELECT instructions FROM interviews UNION SELECT title FROM jobs UNION SELECT description FROM jobs UNION SELECT description FROM kits) AS x WHERE t <> btrim(t, E' \n\t')`,
		},
		{
			"tags that are not lower-case or not unique",
			`UPDATE candidates SET tags = tags || tags`,
			`SELECT id FROM candidates WHERE tags::text <> lower(tags::text) OR cardinality(tags) <> (SELECT count(DISTINCT x) FROM unnest(tags) AS x)`,
		},
	}
	for _, table := range []string{
		"candidates", "applications", "application_moves", "interviews", "interview_events", "scores", "score_revisions", "jobs", "kits", "kit_versions",
	} {
		rest = append(rest, violation{
			"id with a time other than created_at in " + table,
			`UPDATE ` + table + ` SET created_at = created_at + INTERVAL '1 ms'`,
			`SELECT id FROM ` + table + ` WHERE ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint
			<> floor(extract(epoch FROM created_at) * 1000) OR substr(id::text, 15, 1) <> '7'`,
		})
	}
	return rest
}
