package audit_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
)

func checkpointKey(t *testing.T) (ed25519.PrivateKey, ed25519.PublicKey) {
	t.Helper()
	seed := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	key, err := audit.ParseKey(seed)
	if err != nil {
		t.Fatal(err)
	}
	public, err := audit.ParsePublicKey(base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)))
	if err != nil {
		t.Fatal(err)
	}
	return key, public
}

// TestCheckpointProvesTheEnd changes the chain after a checkpoint in ways that the chain alone cannot reveal.
func TestCheckpointProvesTheEnd(t *testing.T) {
	t.Parallel()
	const rewritten = `UPDATE audit_logs SET action = 'auth.logout', digest = NULL, salt = NULL WHERE id = (SELECT audit_log_id FROM audit_seals WHERE sequence = 3)`
	for name, test := range map[string]struct {
		sql  []string
		want string
	}{
		"nothing": {nil, ""},
		"cut tail": {[]string{
			`DELETE FROM audit_logs WHERE id IN (SELECT audit_log_id FROM audit_seals WHERE sequence >= 3)`, `DELETE FROM audit_seals WHERE sequence >= 3`,
		}, "missing 3"},
		"replaced tail": {[]string{
			`DELETE FROM audit_seals WHERE sequence >= 3`, rewritten,
			`INSERT INTO audit_pending (company_id, audit_log_id) SELECT company_id, id FROM audit_logs AS l
				WHERE NOT EXISTS (SELECT FROM audit_seals AS s WHERE s.audit_log_id = l.id)`,
			`UPDATE audit_logs SET action = 'auth.logout' WHERE id IN (SELECT audit_log_id FROM audit_pending)`,
		}, "replaced 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := sealed(t, 3)
			key, public := checkpointKey(t)
			path := filepath.Join(t.TempDir(), "checkpoints.jsonl")
			if err := audit.Checkpoint(t.Context(), a.store, time.Now(), key, "file://"+path); err != nil {
				t.Fatal(err)
			}
			a.tamper(t, test.sql...)
			a.seal(t)
			if found := a.verify(t, 1, 100); len(found.Findings) != 0 {
				t.Fatalf("the chain alone reveals %+v: the test shows nothing", found)
			}
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = file.Close() }()
			all, _, err := audit.ReadCheckpoints(file, public)
			if err != nil || len(all) != 1 {
				t.Fatalf("read %+v, %v", all, err)
			}
			position, found := all[0].Of(a.company)
			if !found || position.Sequence != 3 {
				t.Fatalf("the position of the company is %+v", position)
			}
			findings, expired, err := audit.Compare(t.Context(), a.store, a.company, []audit.Position{position})
			if err != nil || expired != 0 {
				t.Fatalf("%d are expired, %v", expired, err)
			}
			got := ""
			for _, f := range findings {
				got += fmt.Sprintf("%s %d", f.Kind, f.Sequence)
			}
			if got != test.want {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

// TestCheckpointOfExpiredEntries compares positions before, at and after the base.
func TestCheckpointOfExpiredEntries(t *testing.T) {
	t.Parallel()
	a := open(t)
	key, _ := checkpointKey(t)
	var known []audit.Position
	for _, at := range []time.Time{past, past, time.Now()} {
		a.recordAt(t, a.company, at)
		signed, err := audit.SignCheckpoint(t.Context(), a.store, time.Now(), key, a.company)
		if err != nil {
			t.Fatal(err)
		}
		position, _ := signed.Of(a.company)
		known = append(known, position)
	}
	a.expire(t, past.AddDate(0, 1, 0))
	findings, expired, err := audit.Compare(t.Context(), a.store, a.company, known)
	if err != nil || len(findings) != 0 || expired != 1 {
		t.Errorf("found %+v, %d expired, %v; want the first one expired", findings, expired, err)
	}
	known[1].Hash = bytes.Repeat([]byte{1}, 32)
	if findings, _, err := audit.Compare(t.Context(), a.store, a.company, known); err != nil || len(findings) != 1 || findings[0].Sequence != 2 {
		t.Errorf("another hash at the base: found %+v, %v", findings, err)
	}
}

// TestForgedCheckpointsAreRefused changes every member of a signed checkpoint.
func TestForgedCheckpointsAreRefused(t *testing.T) {
	t.Parallel()
	a := sealed(t, 2)
	key, public := checkpointKey(t)
	signed, err := audit.SignCheckpoint(t.Context(), a.store, time.Now(), key)
	if err != nil {
		t.Fatal(err)
	}
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize))
	for name, test := range map[string]struct {
		forge func(c *audit.Signed)
		words string
	}{
		"nothing":     {func(*audit.Signed) {}, ""},
		"sequence":    {func(c *audit.Signed) { c.Heads[0].Sequence = 1 }, "signature"},
		"hash":        {func(c *audit.Signed) { c.Heads[0].Hash = strings.Repeat("0", 64) }, "signature"},
		"company":     {func(c *audit.Signed) { c.Heads[0].CompanyID = uuid.New() }, "signature"},
		"no head":     {func(c *audit.Signed) { c.Heads = nil }, "signature"},
		"second head": {func(c *audit.Signed) { c.Heads = append(c.Heads, c.Heads[0]) }, "signature"},
		"time":        {func(c *audit.Signed) { c.Time = c.Time.Add(time.Hour) }, "signature"},
		"signature":   {func(c *audit.Signed) { c.Signature[5] ^= 1 }, "signature"},
		"none":        {func(c *audit.Signed) { c.Signature = nil }, "signature"},
		"version":     {func(c *audit.Signed) { c.Version = 2 }, "version"},
		"key": {func(c *audit.Signed) {
			again, _ := audit.SignCheckpoint(t.Context(), a.store, c.Time, other)
			*c = again
		}, "was signed with the key"},
		"key id": {func(c *audit.Signed) {
			again, _ := audit.SignCheckpoint(t.Context(), a.store, c.Time, other)
			c.Signature = again.Signature
		}, "signature"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line, err := json.Marshal(signed)
			if err != nil {
				t.Fatal(err)
			}
			var forged audit.Signed
			if err := json.Unmarshal(line, &forged); err != nil {
				t.Fatal(err)
			}
			test.forge(&forged)
			if line, err = json.Marshal(forged); err != nil {
				t.Fatal(err)
			}
			_, _, err = audit.ReadCheckpoints(bytes.NewReader(append(line, '\n')), public)
			if (err == nil) != (test.words == "") || err != nil && !strings.Contains(err.Error(), test.words) {
				t.Errorf("got error %v, want %q", err, test.words)
			}
		})
	}
	for _, text := range []string{"", "\n", "{\"version\":"} {
		if _, _, err := audit.ReadCheckpoints(strings.NewReader(text), public); err == nil {
			t.Errorf("%q: got no error", text)
		}
	}
}

func TestCheckpointsAreAppended(t *testing.T) {
	t.Parallel()
	a := sealed(t, 1)
	key, public := checkpointKey(t)
	path := filepath.Join(t.TempDir(), "checkpoints.jsonl")
	write := func() {
		t.Helper()
		if err := audit.Checkpoint(t.Context(), a.store, time.Now(), key, "file://"+path); err != nil {
			t.Fatal(err)
		}
	}
	write()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(whole, whole[:20]...), 0o600); err != nil { // as an interrupted write leaves it
		t.Fatal(err)
	}
	write()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all, unreadable, err := audit.ReadCheckpoints(bytes.NewReader(text), public)
	if err != nil || len(all) != 2 || len(unreadable) != 1 || unreadable[0] != 2 {
		t.Errorf("read %d checkpoints, unreadable lines %v, %v", len(all), unreadable, err)
	}
	if err := audit.Checkpoint(t.Context(), a.store, time.Now(), key, "file://"+path+"/absent"); err == nil {
		t.Error("a file that cannot be opened: got no error")
	}
}

func TestCheckpointsAreSent(t *testing.T) {
	t.Parallel()
	a := sealed(t, 1)
	key, public := checkpointKey(t)
	received := make(chan []byte, 10)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /ok", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		received <- body
	})
	mux.HandleFunc("POST /broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	mux.HandleFunc("POST /moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ok", http.StatusTemporaryRedirect) })
	receiver := httptest.NewServer(mux)
	t.Cleanup(receiver.Close)
	for to, words := range map[string]string{
		receiver.URL + "/ok": "", receiver.URL + "/broken": "status 500", receiver.URL + "/moved": "status 307",
		"http://192.0.2.1/": "https:// URLs only", "ftp://localhost/": "https:// URLs only", "http://127.0.0.1:1/?token=secret": "send checkpoint",
	} {
		err := audit.Checkpoint(t.Context(), a.store, time.Now(), key, to)
		if (err == nil) != (words == "") || err != nil && !strings.Contains(err.Error(), words) {
			t.Errorf("%s: got error %v, want %q", to, err, words)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error contains the credentials of the address: %v", err)
		}
	}
	if len(received) != 1 {
		t.Fatalf("%d checkpoints were received, want 1", len(received))
	}
	if all, _, err := audit.ReadCheckpoints(bytes.NewReader(<-received), public); err != nil || len(all) != 1 {
		t.Errorf("received %+v, %v", all, err)
	}
}
