package server

import (
	"regexp"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/identity/login"
	"github.com/ai-interviewer-platform/interviewer/server/identity/recovery"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// TestDomainsNameMissingDependencies builds all domains without dependencies. The error must name all that are missing.
func TestDomainsNameMissingDependencies(t *testing.T) {
	t.Parallel()
	specification, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	contract, err := gate.Load(specification)
	if err != nil {
		t.Fatal(err)
	}
	_, err = domains(service.Deps{}, login.Options{}, recovery.Options{}, 0, contract)
	if err == nil {
		t.Fatal("domains without dependencies: got no error")
	}
	missing := map[string]string{}
	for _, line := range regexp.MustCompile(`(?m)^(\w+): missing dependencies: (.+)$`).FindAllStringSubmatch(err.Error(), -1) {
		missing[line[1]] = line[2]
	}
	own := map[string]string{
		"login": ", Hasher, Throttle, Access, Refresh, Guard, Outbox, Metrics, SessionLifetime", "users": ", Hasher, Guard",
		"companies": ", Guard", "apikeys": "", "jobs": "", "candidates": "", "applications": "", "kits": "", "interviews": "",
		"scores": "", "reports": "", "auditlog": "",
		"events": ", Retention", "recovery": ", Hasher, Requests, SignIns, Guard, Outbox, Links, Metrics, Enqueue",
	}
	for domain, more := range own {
		if want := "Store, Clock, Audit, Cursors, Log" + more; missing[domain] != want {
			t.Errorf("missing dependencies of %s: got %q, want %q", domain, missing[domain], want)
		}
	}
	if strings.Count(err.Error(), "\n")+1 != len(own) {
		t.Errorf("got %d lines, want one for each of %d domains:\n%v", strings.Count(err.Error(), "\n")+1, len(own), err)
	}
}
