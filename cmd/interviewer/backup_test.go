package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/dev/demo"
	"github.com/ai-interviewer-platform/interviewer/server/dev/local"
	"github.com/ai-interviewer-platform/interviewer/server/platform/backup"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// withBin adds the directory of the client programs of the version that is tested.
func withBin(args ...string) []string {
	if bin := os.Getenv(local.BinVariable); bin != "" {
		return append(args, "--bin", bin)
	}
	return args
}

// at returns the installation with another database, as the owner of that database.
func at(t *testing.T, i *testkit.Installation, database string) *testkit.Installation {
	t.Helper()
	other := i.In(t)
	other.DatabaseURL, other.Config.DatabaseURL = database, config.SecretURL(database)
	return other
}

// changeManifest changes the manifest of a dump.
func changeManifest(t *testing.T, dump string, change func(*backup.Manifest)) {
	t.Helper()
	text, err := os.ReadFile(backup.ManifestPath(dump))
	if err != nil {
		t.Fatal(err)
	}
	var m backup.Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	change(&m)
	if text, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(backup.ManifestPath(dump), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// readAsAdmin signs in to a replica and reads candidates.
func readAsAdmin(t *testing.T, replica *testkit.Replica) {
	t.Helper()
	anonymous := replica.Anonymous(t)
	anonymous.Adopt(anonymous.Post("/api/v1/auth/login",
		map[string]string{"email": "admin@acme.example", "password": demo.Password}).Expect(http.StatusOK))
	if page := testkit.Decode[api.CandidatePage](anonymous.Get("/api/v1/candidates?limit=5")); len(page.Data) != 5 {
		t.Errorf("candidates of the restored database: got %d, want 5", len(page.Data))
	}
}

// TestBackupDrill backs up the demo data of an owner without superuser, and restores it into an empty cluster and into another
// database of the same cluster. The service runs on the result, and the audit log verifies.
func TestBackupDrill(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	source := newCluster(t)
	source.exec(t, "postgres", `CREATE ROLE owner LOGIN CREATEROLE`, `CREATE DATABASE live OWNER owner`, `CREATE DATABASE copy OWNER owner`)
	live := at(t, i, source.as(t, "owner", "live"))
	call(t, environ(live), "", "migrate", "up").succeeds(t)
	call(t, environ(live), "", "seed").succeeds(t)
	readAsAdmin(t, live.Replica())
	source.awaitSeals(t, "live")

	dump := filepath.Join(t.TempDir(), "drill.dump")
	out := call(t, environ(live), "", withBin("backup", "--output", dump)...).succeeds(t)
	if !strings.Contains(out, "audit chains") {
		t.Errorf("got output %q", out)
	}
	for _, path := range []string{dump, backup.ManifestPath(dump)} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got %v and error %v, want mode 0600", path, info, err)
		}
	}
	if left, err := filepath.Glob(dump + ".*.partial"); err != nil || len(left) > 0 {
		t.Errorf("partial files: got %q and error %v, want none", left, err)
	}
	call(t, environ(live), "", withBin("backup", "--output", dump)...).fails(t, exitFailure, "exists; choose another name")
	call(t, environ(live), "", withBin("restore", dump)...).fails(t, exitFailure, "is not empty")

	target := newCluster(t)
	target.exec(t, "postgres", `CREATE ROLE other LOGIN CREATEROLE`, `CREATE DATABASE restored OWNER other`,
		`CREATE ROLE poor LOGIN`, `CREATE DATABASE poor OWNER poor`)
	poor := at(t, i, target.as(t, "poor", "poor"))
	call(t, environ(poor), "", withBin("restore", dump)...).fails(t, exitUnfit, "CREATE ROLE interviewer_lookup NOLOGIN;")
	for name, database := range map[string]string{
		"empty cluster": target.as(t, "other", "restored"), "same cluster": source.as(t, "owner", "copy"),
	} {
		t.Run(name, func(t *testing.T) {
			restored := at(t, i, database)
			out := call(t, environ(restored), "", withBin("restore", dump)...).succeeds(t)
			if got := strings.Count(out, "as in the backup"); got != 5 {
				t.Errorf("got output\n%s\nwant 5 verified lines", out)
			}
			call(t, environ(restored), "", "audit", "verify", "--company", "acme-robotics").succeeds(t)
			readAsAdmin(t, restored.Replica())
		})
	}
}

// awaitSeals waits until all audit entries are sealed.
func (c cluster) awaitSeals(t *testing.T, database string) {
	t.Helper()
	testkit.Eventually(t, time.Minute, "all audit entries are sealed", func() bool {
		return c.value(t, database, `SELECT (count(*) = 0 AND (SELECT count(*) > 0 FROM audit_seals))::text FROM audit_pending`) == "true"
	})
}

// TestBackupRefusesWhatItCannotVerify changes a dump, its manifest and the rights of the database.
func TestBackupRefusesWhatItCannotVerify(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	i.Company("acme")
	c := newCluster(t)
	dump := filepath.Join(t.TempDir(), "small.dump")
	call(t, environ(i), "", withBin("backup", "--output", dump)...).succeeds(t)
	databases := 0
	restore := func(t *testing.T) result {
		t.Helper()
		databases++
		name := "target" + string(rune('a'+databases))
		c.exec(t, "postgres", `CREATE DATABASE `+name)
		return call(t, environ(at(t, i, c.URL(name))), "", withBin("restore", dump)...)
	}
	restore(t).succeeds(t)
	for name, one := range map[string]struct {
		change func(*backup.Manifest)
		text   string
	}{
		"a row less":    {func(m *backup.Manifest) { m.Tables[len(m.Tables)-2].Rows++ }, "rows instead of"},
		"another chain": {func(m *backup.Manifest) { m.Heads = append(m.Heads, backup.Head{Sequence: 7, Hash: "00"}) }, "the audit chain of company"},
		"a right more":  {func(m *backup.Manifest) { m.Rights = m.Rights[1:] }, "a right was not in the backup: GRANT USAGE ON SCHEMA public"},
		"newer schema":  {func(m *backup.Manifest) { m.Schema += 1000 }, "a later one"},
		"another dump":  {func(m *backup.Manifest) { m.SHA256 = strings.Repeat("0", 64) }, "is not the dump of its manifest"},
		"newer format":  {func(m *backup.Manifest) { m.Format++ }, "has the format 2"},
	} {
		t.Run(name, func(t *testing.T) {
			saved, err := os.ReadFile(backup.ManifestPath(dump))
			if err != nil {
				t.Fatal(err)
			}
			changeManifest(t, dump, one.change)
			restore(t).fails(t, exitFailure, one.text)
			if err := os.WriteFile(backup.ManifestPath(dump), saved, 0o600); err != nil {
				t.Fatal(err)
			}
		})
	}
	t.Run("programs that do not exist", func(t *testing.T) {
		call(t, environ(i), "", "backup", "--output", dump+"2", "--bin", t.TempDir()).fails(t, exitFailure, "pg_dump of PostgreSQL", "--bin")
	})
	t.Run("hidden table", func(t *testing.T) {
		i.In(t).Exec(`DROP POLICY backup ON scores`)
		call(t, environ(i), "", withBin("backup", "--output", dump+"2")...).fails(t, exitUnfit, "CREATE POLICY backup ON public.scores")
	})
	if _, err := os.Stat(dump + "2"); err == nil {
		t.Error("a refused backup left a file")
	}
}
