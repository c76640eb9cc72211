// Package retention lists, for every table, what adds rows to it, how long they are kept and what deletes them.
// docs/operations/retention.md shows the list, and a test compares it with the tables of the database, so that no
// table can grow without a decision about its end.
package retention

// Table is the retention of one table.
type Table struct {
	// Name is the name of the table, with its schema unless that is public.
	Name string
	// Grows says what adds a row.
	Grows string
	// Kept says how long a row is kept.
	Kept string
	// Setting is the environment variable that changes it; empty for none.
	Setting string
	// Deleted says what deletes rows.
	Deleted string
	// Owner is the package that is responsible for the rows.
	Owner string
}

// How rows end that a company keeps as its records.
const (
	asRecord    = "as long as the company"
	withRecord  = "as long as its record"
	byReset     = "the reset of a test company"
	byExpiry    = "the job expire_audit_logs, every day"
	byRiver     = "River, about every 30 seconds"
	configured  = "number of rows does not depend on use"
	neverPruned = "nothing"
)

// Tables lists all tables.
func Tables() []Table {
	return []Table{
		{"companies", "a company or a test company is created", "for good", "", neverPruned, "identity/companies"},
		{"users", "a user is created", asRecord, "", byReset, "identity/users"},
		{"login_emails", "a user is created", "as long as the user", "", "the deletion of the user", "identity/login"},
		{"principals", "a user or an API key is created", asRecord, "", neverPruned, "access"},
		{"api_keys", "an API key is created", asRecord, "", neverPruned, "identity/apikeys"},
		{
			"api_key_jobs", "an API key is limited to a job", withRecord, "", "a change of the key; " + byReset,
			"identity/apikeys",
		},
		{
			"api_key_holders", "a user is shown a secret of an API key", withRecord, "", byReset, "identity/apikeys",
		},
		{
			"sessions", "a sign-in", "until some days after its end", "SESSION_RETENTION_DAYS",
			"the job delete_ended_sessions, every 15 minutes", "identity/session",
		},
		{
			"idempotency_records", "a request with an Idempotency-Key", "24 hours", "",
			"the job delete_expired_idempotency_records, every minute", "edge/idempotency",
		},
		{
			"audit_logs", "an action or a denial", "until the end of the month in which the retention ends",
			"AUDIT_RETENTION", byExpiry, "compliance/audit",
		},
		{"audit_pending", "an audit entry", "about a second", "", "sealing", "compliance/audit"},
		{"audit_seals", "an audit entry", "as long as its entry", "AUDIT_RETENTION", byExpiry, "compliance/audit"},
		{"audit_bases", "the first expiry of a company's entries", asRecord, "", neverPruned, "compliance/audit"},
		{"jobs", "a job is created", asRecord, "", byReset, "hiring/jobs"},
		{"job_members", "a member is added", withRecord, "", "the removal of the member; " + byReset, "hiring/jobs"},
		{"candidates", "a candidate is created or imported", asRecord, "", byReset, "hiring/candidates"},
		{
			"candidate_distinctions", "two candidates are marked as different people", withRecord, "", byReset,
			"hiring/candidates",
		},
		{"candidate_merges", "candidates are merged", withRecord, "", byReset, "hiring/candidates"},
		{"candidate_merge_items", "candidates are merged", withRecord, "", byReset, "hiring/candidates"},
		{"applications", "an application is created", asRecord, "", byReset, "hiring/applications"},
		{"application_moves", "an application changes its stage or status", withRecord, "", byReset, "hiring/applications"},
		{"kits", "a kit is created", asRecord, "", byReset, "hiring/kits"},
		{"kit_versions", "a version of a kit is created", withRecord, "", byReset, "hiring/kits"},
		{"interviews", "an interview is created", asRecord, "", byReset, "hiring/interviews"},
		{
			"interview_panelists", "a panelist is added", withRecord, "",
			"the removal of the panelist; " + byReset, "hiring/interviews",
		},
		{
			"panel_removals", "a panelist is removed from an interview with a time", "30 days", "",
			"the job delete_old_panel_removals, every hour; " + byReset, "hiring/interviews",
		},
		{
			"bookings", "an interview is scheduled, or a panelist is added to it", "until the interview ends", "",
			"the end or the cancellation of the interview; " + byReset, "hiring/interviews",
		},
		{"interview_events", "an interview changes", withRecord, "", byReset, "hiring/interviews"},
		{"scores", "a score is created", asRecord, "", byReset, "hiring/scores"},
		{"score_revisions", "a score is saved, submitted, reopened or voided", withRecord, "", byReset, "hiring/scores"},
		{
			"changes", "a resource changes", "some days", "EVENT_RETENTION_DAYS",
			"the job delete_old_changes, every hour", "messaging/events",
		},
		{
			"mails", "a mail to a user is caused", "30 days", "", "the job delete_old_mails, every hour; " + byReset,
			"messaging/mail",
		},
		{"schema_migrations", configured, "for good", "", neverPruned, "platform/schema"},
		{
			"river.river_job", "a job is enqueued",
			"until some days after it was completed or canceled; longer if it was discarded",
			"JOB_RETENTION_DAYS, JOB_DISCARDED_RETENTION_DAYS", byRiver, "worker",
		},
		{"river.river_leader", configured, "as long as a replica leads", "", byRiver, "worker"},
		{"river.river_queue", configured, "a day after its last use", "", byRiver, "worker"},
		{"river.river_notification", "nothing: PostgreSQL notifies", "", "", neverPruned, "worker"},
		{"river.river_migration", configured, "for good", "", neverPruned, "platform/schema"},
	}
}
