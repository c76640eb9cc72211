package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/doctor"
	"github.com/ai-interviewer-platform/interviewer/server/platform/smtp/smtptest"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// patient is a correct installation in a cluster of its own.
type patient struct {
	cluster

	env []string
}

func newPatient(t *testing.T) patient {
	t.Helper()
	i := testkit.New(t)
	c := newCluster(t)
	c.exec(t, "postgres", `CREATE ROLE owner LOGIN CREATEROLE`, `CREATE ROLE login LOGIN`, `CREATE DATABASE live OWNER owner`, `CREATE DATABASE other`,
		`REVOKE CONNECT ON DATABASE live FROM PUBLIC`, `GRANT CONNECT ON DATABASE live TO login`)
	key := strings.Fields(call(t, nil, "", "audit", "key").succeeds(t))
	p := patient{c, []string{
		"APP_ENV=production", "DATABASE_URL=" + c.as(t, "login", "live"), "MIGRATION_DATABASE_URL=" + c.as(t, "owner", "live"),
		"REDIS_URL=" + i.Redis.URL, "SECRET_KEY=" + i.Config.SecretKey.Reveal(), "METRICS_TOKEN=" + plain,
		"AUDIT_CHECKPOINT_TO=file:///var/tmp/checkpoints.jsonl", `TRUSTED_PROXIES=["10.0.0.0/8"]`,
		"SMTP_URL=" + smtptest.Start(t, smtptest.Options{}).URL, "MAIL_FROM=hiring@example.com", "PUBLIC_URL=https://hiring.example.com",
	}}
	for _, word := range key {
		if _, found := strings.CutPrefix(word, "AUDIT_CHECKPOINT_KEY="); found {
			p.env = append(p.env, word)
		}
	}
	call(t, p.env, "", "migrate", "up").succeeds(t)
	c.exec(t, "live", `GRANT interviewer_service TO login`)
	return p
}

// examine returns the findings by check, and the result of the command.
func (p patient) examine(t *testing.T, more ...string) (map[string]doctor.Finding, result) {
	t.Helper()
	r := call(t, append(slices.Clone(p.env), more...), "", "doctor", "--json")
	var all []doctor.Finding
	if err := json.Unmarshal([]byte(r.out), &all); err != nil {
		t.Fatalf("got output\n%s%s\nand error %v, want JSON", r.out, r.err, err)
	}
	found := map[string]doctor.Finding{}
	for _, f := range all {
		found[f.Check] = f
	}
	return found, r
}

// TestDoctor examines a correct installation, and then one fault after the other. Every check has a fault that it finds; the list fails
// if a check is added without one.
func TestDoctor(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	healthy, r := p.examine(t)
	r.succeeds(t)
	for name, f := range healthy {
		if f.State != doctor.OK || f.Remedy != "" {
			t.Errorf("correct installation: %s: got %+v, want ok", name, f)
		}
	}
	table := call(t, p.env, "", "doctor").succeeds(t)
	if lines := strings.Count(table, "\n"); lines != len(healthy)+1 {
		t.Errorf("got table\n%s\nwant a line for each of %d checks", table, len(healthy))
	}
	faults := []struct {
		check string
		state doctor.State
		// cause and cure are statements of the superuser in the database live.
		cause, cure string
		env         []string
		// text is in what was found, in the remedy or in the statements.
		text string
	}{
		{"configuration: variables", doctor.Warning, "", "", []string{"ACCESS_TOKEN_EXPIRE_MINUTE=5"}, "ACCESS_TOKEN_EXPIRE_MINUTE: did you mean ACCESS_TOKEN_EXPIRE"},
		{"configuration: secrets", doctor.Warning, "", "", []string{"METRICS_TOKEN="}, "/metrics is public"},
		{"configuration: proxies", doctor.Warning, "", "", []string{"TRUSTED_PROXIES="}, "TRUSTED_PROXIES"},
		{"configuration: origins", doctor.Warning, "", "", []string{`CORS_ORIGINS=["http://localhost:3000"]`}, "CORS_ORIGINS"},
		{"postgresql: reachable", doctor.Failed, "", "", []string{"DATABASE_URL=" + p.as(t, "nobody", "live")}, "refuses the login"},
		{"postgresql: reachable", doctor.Failed, "", "", []string{"DATABASE_URL=postgres://x@127.0.0.1:1/x"}, "Start PostgreSQL"},
		{"postgresql: owner", doctor.Warning, "", "", []string{"MIGRATION_DATABASE_URL="}, "MIGRATION_DATABASE_URL"},
		{
			"postgresql: encoding", doctor.Failed, `CREATE DATABASE ascii OWNER owner ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0`,
			`DROP DATABASE ascii`,
			[]string{"DATABASE_URL=" + p.as(t, "owner", "ascii")},
			"UTF8",
		},
		{
			"postgresql: collation", doctor.Failed, `UPDATE pg_database SET datcollversion = '1.0' WHERE datname = 'live'`,
			`UPDATE pg_database SET datcollversion = NULL WHERE datname = 'live'`, nil, "REINDEX DATABASE live",
		},
		{"postgresql: primary", doctor.Failed, `ALTER ROLE login SET default_transaction_read_only = on`, `ALTER ROLE login RESET ALL`, nil, "read-only"},
		{"postgresql: connections", doctor.Failed, `ALTER ROLE login CONNECTION LIMIT 3`, `ALTER ROLE login CONNECTION LIMIT -1`, nil, "max_connections"},
		{"postgresql: access", doctor.Warning, `GRANT CONNECT ON DATABASE live TO PUBLIC`, `REVOKE CONNECT ON DATABASE live FROM PUBLIC`, nil, "REVOKE CONNECT ON DATABASE live"},
		{"postgresql: roles", doctor.Failed, `REVOKE interviewer_service FROM login`, `GRANT interviewer_service TO login`, nil, `GRANT interviewer_service TO "login"`},
		{"postgresql: roles", doctor.Failed, `ALTER ROLE interviewer_lookup LOGIN BYPASSRLS`, `ALTER ROLE interviewer_lookup NOLOGIN NOBYPASSRLS`, nil, "ALTER ROLE interviewer_lookup"},
		{"postgresql: migrations", doctor.Failed, `UPDATE schema_migrations SET version = version - 1`, `UPDATE schema_migrations SET version = version + 1`, nil, "interviewer migrate up"},
		{"postgresql: migrations", doctor.Warning, `UPDATE schema_migrations SET version = version + 1`, `UPDATE schema_migrations SET version = version - 1`, nil, "newer release"},
		{"postgresql: queue", doctor.Failed, `ALTER TABLE river.river_queue RENAME TO gone`, `ALTER TABLE river.gone RENAME TO river_queue`, nil, "interviewer migrate up"},
		{
			"postgresql: extensions", doctor.Failed, `UPDATE pg_extension SET extname = 'gone' WHERE extname = 'btree_gist'`,
			`UPDATE pg_extension SET extname = 'btree_gist' WHERE extname = 'gone'`, nil, "CREATE EXTENSION btree_gist",
		},
		{"postgresql: rights", doctor.Failed, `REVOKE SELECT ON jobs FROM interviewer_service`, `GRANT SELECT ON jobs TO interviewer_service`, nil, "GRANT SELECT ON public.jobs TO interviewer_service"},
		{"postgresql: further rights", doctor.Warning, `GRANT TRUNCATE ON jobs TO interviewer_service`, `REVOKE TRUNCATE ON jobs FROM interviewer_service`, nil, "GRANT TRUNCATE ON public.jobs"},
		{"postgresql: row-level security", doctor.Failed, `ALTER TABLE audit_logs_default NO FORCE ROW LEVEL SECURITY`, `ALTER TABLE audit_logs_default FORCE ROW LEVEL SECURITY`, nil, "ALTER TABLE audit_logs_default"},
		{"postgresql: backup role", doctor.Warning, `DROP POLICY backup ON jobs`, `CREATE POLICY backup ON jobs FOR SELECT TO interviewer_backup USING (true)`, nil, "CREATE POLICY backup ON public.jobs"},
		{"postgresql: backup role", doctor.Warning, `DROP POLICY backup ON audit_logs_default`, `CREATE POLICY backup ON audit_logs_default FOR SELECT TO interviewer_backup USING (true)`, nil, "CALL grant_backup()"},
		{"postgresql: rights", doctor.Failed, `REVOKE USAGE ON SCHEMA public FROM PUBLIC`, `GRANT USAGE ON SCHEMA public TO PUBLIC`, nil, "GRANT USAGE ON SCHEMA public TO interviewer_service"},
		{
			"postgresql: rights", doctor.Failed, `ALTER POLICY tenant ON jobs USING (true)`,
			`ALTER POLICY tenant ON jobs USING (company_id = (SELECT current_company()))`, nil, "DROP POLICY IF EXISTS tenant ON public.jobs",
		},
		{"postgresql: triggers", doctor.Failed, `ALTER TABLE jobs DISABLE TRIGGER jobs_update_changes`, `ALTER TABLE jobs ENABLE TRIGGER jobs_update_changes`, nil, "ALTER TABLE public.jobs ENABLE TRIGGER USER"},
		{
			"postgresql: triggers", doctor.Failed, `ALTER TRIGGER jobs_update_changes ON jobs RENAME TO gone`, `ALTER TRIGGER gone ON jobs RENAME TO jobs_update_changes`, nil,
			"CREATE OR REPLACE TRIGGER jobs_update_changes",
		},
		{"postgresql: owners and indexes", doctor.Warning, `ALTER TABLE jobs OWNER TO postgres`, `ALTER TABLE jobs OWNER TO owner`, nil, "ALTER TABLE public.jobs OWNER TO owner"},
		{"postgresql: owners and indexes", doctor.Warning, `ALTER FUNCTION folded(text) OWNER TO postgres`, `ALTER FUNCTION folded(text) OWNER TO owner`, nil, "ALTER FUNCTION public.folded(value text) OWNER TO owner"},
		{
			"postgresql: owners and indexes", doctor.Warning, `ALTER INDEX candidates_source_idx RENAME TO gone`, `ALTER INDEX gone RENAME TO candidates_source_idx`, nil,
			"CREATE INDEX candidates_source_idx ON public.candidates",
		},
		{
			"postgresql: owners and indexes", doctor.Warning, `ALTER TABLE jobs RENAME CONSTRAINT jobs_external_id_length TO gone`,
			`ALTER TABLE jobs RENAME CONSTRAINT gone TO jobs_external_id_length`, nil, "ALTER TABLE public.jobs ADD CONSTRAINT jobs_external_id_length",
		},
		{"mail: server", doctor.Warning, "", "", []string{"SMTP_URL="}, "no security mails"},
		{"mail: server", doctor.Failed, "", "", []string{"SMTP_URL=smtp://127.0.0.1:1"}, "the SMTP server 127.0.0.1:1"},
		{"mail: server", doctor.Failed, "", "", []string{"SMTP_URL=" + smtptest.Start(t, smtptest.Options{NoTLS: true}).URL}, "STARTTLS"},
		{"redis: reachable", doctor.Failed, "", "", []string{"REDIS_URL=redis://127.0.0.1:1"}, "Start Redis"},
	}
	// What these find is tested elsewhere: with judgements, with a clock, and with a Redis server that can be changed.
	tested := []string{"postgresql: version", "postgresql: TLS", "postgresql: pooler", "postgresql: clock", "postgresql: audit partitions", "redis: version", "redis: rights and eviction", "redis: TLS"}
	for _, one := range faults {
		tested = append(tested, one.check)
		t.Run(one.check+" "+string(one.state), func(t *testing.T) {
			if one.cause != "" {
				p.exec(t, "live", one.cause)
			}
			found, r := p.examine(t, one.env...)
			f := found[one.check]
			text, err := json.Marshal(f)
			if err != nil {
				t.Fatal(err)
			}
			if f.State != one.state || !strings.Contains(strings.ReplaceAll(string(text), `\"`, `"`), one.text) || f.Remedy == "" {
				t.Errorf("got %+v, want %s and %q", f, one.state, one.text)
			}
			if want := one.state == doctor.Failed; want != (r.code == exitFailure) {
				t.Errorf("got exit code %d; failed: %t", r.code, want)
			}
			if one.cure != "" {
				p.exec(t, "live", one.cure)
			}
		})
	}
	for name := range healthy {
		if !slices.Contains(tested, name) {
			t.Errorf("%s: no fault is tested", name)
		}
	}
	if _, r := p.examine(t); r.code != 0 {
		t.Errorf("after all cures: got\n%s", r.out)
	}
}

// TestDoctorFindsClocksPartitionsAndEviction brings about what statements cannot.
func TestDoctorFindsClocksPartitionsAndEviction(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	p.exec(t, "live", `ALTER TABLE audit_logs DETACH PARTITION audit_logs_`+time.Now().AddDate(0, 2, -time.Now().Day()+1).Format("2006_01"))
	c, err := config.Load(p.env, "")
	if err != nil {
		t.Fatal(err)
	}
	option, err := rueidis.ParseURL(c.RedisURL.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	client, err := rueidis.NewClient(option)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Do(t.Context(), client.B().ConfigSet().ParameterValue().
		ParameterValue("maxmemory-policy", "allkeys-lru").Build()).Error(); err != nil {
		t.Fatal(err)
	}
	states := map[string]doctor.State{}
	ahead := func() time.Time { return time.Now().Add(-time.Hour) }
	for _, f := range doctor.Examine(t.Context(), doctor.Options{Config: c, Now: ahead}) {
		states[f.Check] = f.State
	}
	for check, want := range map[string]doctor.State{
		"postgresql: clock": doctor.Failed, "postgresql: audit partitions": doctor.Warning, "redis: rights and eviction": doctor.Warning,
	} {
		if states[check] != want {
			t.Errorf("%s: got %s, want %s", check, states[check], want)
		}
	}
}

// TestDoctorReportsInvalidConfiguration checks that an invalid configuration is a table, too.
func TestDoctorReportsInvalidConfiguration(t *testing.T) {
	t.Parallel()
	r := call(t, []string{"SECRET_KEY=short", "PORT=x"}, "", "doctor")
	r.fails(t, exitFailure, "at least one check failed")
	for _, text := range []string{"configuration: DATABASE_URL", "configuration: PORT", "configuration: SECRET_KEY", "redis: reachable"} {
		if !strings.Contains(r.out, text) {
			t.Errorf("got\n%s\nwant it to contain %q", r.out, text)
		}
	}
}

// TestDoctorFindsEverythingAtOnce breaks several parts of an installation. Each is in the table, with its remedy.
func TestDoctorFindsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	p.exec(t, "live", `REVOKE interviewer_service FROM login`, `ALTER TABLE jobs DISABLE TRIGGER jobs_update_changes`, `DROP POLICY tenant ON scores`,
		`DROP INDEX candidates_source_idx`, `REVOKE USAGE ON SCHEMA public FROM PUBLIC`)
	found, r := p.examine(t, "REDIS_URL=redis://127.0.0.1:1", "PORT=x")
	for check, want := range map[string]doctor.State{
		"configuration: PORT": doctor.Failed, "configuration: variables": doctor.OK, "postgresql: reachable": doctor.OK, "postgresql: roles": doctor.Failed,
		"postgresql: rights": doctor.Failed, "postgresql: triggers": doctor.Failed, "postgresql: owners and indexes": doctor.Warning,
		"postgresql: encoding": doctor.OK, "redis: reachable": doctor.Failed, "redis: version": doctor.Unknown,
	} {
		if got := found[check].State; got != want {
			t.Errorf("%s: got %q, want %q", check, got, want)
		}
	}
	if r.code != exitFailure {
		t.Errorf("got exit code %d, want %d", r.code, exitFailure)
	}
	nobody, _ := p.examine(t, "DATABASE_URL="+p.as(t, "nobody", "live"))
	if nobody["postgresql: reachable"].State != doctor.Failed || nobody["postgresql: triggers"].State != doctor.Failed ||
		nobody["postgresql: connections"].State != doctor.Unknown {
		t.Errorf("with a login that does not exist: got %+v, want the other login to examine the rest", nobody)
	}
}
