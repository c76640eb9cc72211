package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestAuditCheckpoint makes a key, writes checkpoints, and removes the end of the log.
func TestAuditCheckpoint(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	installation.Company("acme")
	path := filepath.Join(t.TempDir(), "checkpoints.jsonl")
	made := regexp.MustCompile(`^(AUDIT_CHECKPOINT_KEY=\S+)\npublic key: (\S+)\n$`).
		FindStringSubmatch(call(t, nil, "", "audit", "key").succeeds(t))
	if made == nil {
		t.Fatal("the command prints no key")
	}
	env, public := environ(installation, made[1], "AUDIT_CHECKPOINT_TO=file://"+path), made[2]
	call(t, env, "", "audit", "export", "--company", "acme", "--output", filepath.Join(t.TempDir(), "a")).succeeds(t)
	call(t, env, "", "audit", "erase", "--company", "acme", "--resource-id", "01980a3e-7b1c-7c7e-8f00-0123456789ab", "--yes").succeeds(t) // seals
	call(t, env, "", "audit", "checkpoint").succeeds(t)
	if line := call(t, environ(installation, made[1]), "", "audit", "checkpoint", "--company", "acme").succeeds(t); !strings.Contains(line, `"sequence":1`) {
		t.Errorf("got checkpoint %s, want the first position", line)
	}
	call(t, environ(installation), "", "audit", "checkpoint").fails(t, exitFailure, "AUDIT_CHECKPOINT_KEY", "audit key")
	call(t, env, "", "audit", "checkpoint", "--company", "nobody").fails(t, exitFailure, "nobody")

	verify := []string{"audit", "verify", "--company", "acme", "--checkpoint", path}
	call(t, env, "", verify...).fails(t, exitFailure, "--public-key")
	call(t, env, "", append(verify, "--public-key", "x")...).fails(t, exitFailure, "public key")
	verify = append(verify, "--public-key", public)
	if got := call(t, env, "", verify...).succeeds(t); !strings.Contains(got, "compared 1 checkpoints") {
		t.Errorf("got output %q, want one checkpoint", got)
	}
	conn := installation.Connect()
	for _, sql := range []string{`SET session_replication_role = replica`, `DELETE FROM audit_seals`, `DELETE FROM audit_logs`} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	call(t, env, "", "audit", "verify", "--company", "acme").succeeds(t) // the chain alone reveals nothing
	call(t, env, "", verify...).fails(t, exitFailure, "1 findings")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), `"sequence":1`, `"sequence":0`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	call(t, env, "", verify...).fails(t, exitFailure, "signature")
}

func TestAuditErase(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	env := environ(installation)
	user := acme.Users[api.RoleHr]
	installation.Replica().SignIn(t, user)
	erase := []string{"audit", "erase", "--company", "acme"}
	call(t, env, "", erase...).fails(t, exitFailure, "--resource-id or --actor-id")
	call(t, env, "", append(erase, "--actor-id", "nora")...).fails(t, exitFailure, "must be a UUID")
	erase = append(erase, "--actor-id", user.ID.String())
	if got := call(t, env, "", erase...).succeeds(t); got != "1 entries would be erased; repeat the command with --yes\n" {
		t.Errorf("without --yes: got output %q", got)
	}
	if got := call(t, env, "", append(erase, "--yes")...).succeeds(t); got != "1 entries were erased\n" {
		t.Errorf("with --yes: got output %q", got)
	}
	export := call(t, env, "", "audit", "export", "--company", "acme").succeeds(t)
	if !strings.Contains(export, `"audit.erased"`) {
		t.Errorf("got export\n%s\nwant the erasure", export)
	}
	call(t, env, "", "audit", "verify", "--company", "acme").succeeds(t)
}
