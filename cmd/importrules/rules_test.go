package main

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v3"
)

// repository returns the tree of this repository.
func repository(t *testing.T) tree {
	t.Helper()
	found, err := read(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

type rule struct {
	Files []string
	Allow []string
	Deny  []struct{ Pkg, Desc string }
}

// rules returns the decoded rules of a tree.
func rules(t *testing.T, of tree) map[string]rule {
	t.Helper()
	text, err := generate(of)
	if err != nil {
		t.Fatal(err)
	}
	var settings struct {
		Depguard struct{ Rules map[string]rule }
	}
	if err := yaml.Unmarshal([]byte(text), &settings); err != nil {
		t.Fatal(err)
	}
	return settings.Depguard.Rules
}

func TestEveryPackageIsInOneRule(t *testing.T) {
	t.Parallel()
	packages := repository(t)
	count := map[string]int{}
	for name, rule := range rules(t, packages) {
		if name == "pure" || name == "pure-rows" || name == "standard" {
			continue
		}
		for _, file := range rule.Files {
			count[strings.TrimSuffix(strings.TrimPrefix(file, "${config-path}/"), "/*.go")]++
		}
	}
	for _, name := range packages.packages() {
		want := 1
		if strings.HasPrefix(name, "gen/") {
			want = 0
		}
		if count[name] != want {
			t.Errorf("rules of %s: got %d, want %d", name, count[name], want)
		}
	}
}

func TestNewDomainPackageBelongsToOperations(t *testing.T) {
	t.Parallel()
	packages := repository(t)
	packages["server/hiring/offers"] = nil
	const imported = module + "/server/hiring/offers$"
	for name, rule := range rules(t, packages) {
		has := slices.Contains(rule.Files, "${config-path}/server/hiring/offers/*.go")
		if want := name == "operations"; has != want {
			t.Errorf("rule %s applies to the new package: got %t, want %t", name, has, want)
		}
		if allows, want := slices.Contains(rule.Allow, imported), name == "server"; allows != want {
			t.Errorf("rule %s allows to import the new package: got %t, want %t", name, allows, want)
		}
	}
}

func TestAllowedImportsOfLayers(t *testing.T) {
	t.Parallel()
	all := rules(t, repository(t))
	for name, c := range map[string]struct {
		rule, imported string
		want           bool
	}{
		"a domain may import shared packages":          {"operations", "server/hiring/lifecycle", true},
		"a domain may import helpers":                  {"operations", "server/edge/page", true},
		"a domain may not import another domain":       {"operations", "server/hiring/jobs", false},
		"a domain may not import the gate":             {"operations", "server/edge/gate", false},
		"a domain may not import the client":           {"operations", "gen/client", false},
		"a domain may not import testkit":              {"operations", "server/testkit", false},
		"API keys may import the gate by an exception": {"operations-apikeys", "server/edge/gate", true},
		"a shared package may not import operations":   {"shared", "server/identity/users", false},
		"the gate may not import operations":           {"gate", "server/identity/users", false},
		"the gate may import sessions":                 {"gate", "server/identity/session", true},
		"the platform may not import domains":          {"platform", "server/compliance/audit", false},
		"the platform may not import access":           {"platform", "server/access", false},
		"stored values may not import the API":         {"values", "gen/api", false},
		"access may not import rows":                   {"access", "gen/db", false},
		"the server may import operations":             {"server", "server/identity/users", true},
		"the server may not import the operator":       {"server", "server/identity/operator", false},
		"the server may not import demo data":          {"server", "server/dev/demo", false},
		"demo data may not import the server":          {"development", "server", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule := all[c.rule]
			if len(rule.Files) == 0 || len(rule.Deny) == 0 || rule.Deny[0].Pkg != module {
				t.Fatalf("rule %s: got %v, want one that denies the module", c.rule, rule)
			}
			if got := slices.Contains(rule.Allow, module+"/"+c.imported+"$"); got != c.want {
				t.Errorf("rule %s allows %s: got %t, want %t", c.rule, c.imported, got, c.want)
			}
		})
	}
}

func TestCommandsMayNotImportTestsOrCommands(t *testing.T) {
	t.Parallel()
	var denied []string
	for _, d := range rules(t, repository(t))["commands"].Deny {
		denied = append(denied, strings.TrimPrefix(d.Pkg, module+"/"))
	}
	for _, name := range []string{"cmd/interviewer", "cmd/importrules", "server/testkit", "server/platform/redis/redistest", "testing"} {
		if !slices.Contains(denied, name) {
			t.Errorf("denied packages: got %v, want %s among them", denied, name)
		}
	}
}

func TestGenerateRefusesInconsistentLayers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(tree)
		want   string
	}{
		"package of a new folder": {
			func(t tree) { t["server/ai/models"] = nil },
			"the package server/ai/models belongs to no layer",
		},
		"package of the edge": {
			func(t tree) { t["server/edge/upload"] = nil },
			"the package server/edge/upload belongs to no layer",
		},
		"package below another one": {
			func(t tree) { t["server/hiring/jobs/internal"] = nil },
			"the package server/hiring/jobs/internal belongs to no layer",
		},
		"list of a package that was removed": {
			func(t tree) { delete(t, "server/hiring/scoring") },
			"lists server/hiring/scoring, which does not exist",
		},
		"exception that is not needed": {
			func(t tree) { t["server/identity/apikeys"] = []string{"gen/api"} },
			"server/identity/apikeys does not import server/edge/gate: remove the exception",
		},
		"column of a type of the API": {
			func(t tree) { t["gen/db"] = []string{"db/stored", "gen/api"} },
			"gen/db imports gen/api: change the configuration of its generator",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := maps.Clone(repository(t))
			c.change(changed)
			if _, err := generate(changed); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want %q", err, c.want)
			}
		})
	}
}

func TestReadIgnoresTestFiles(t *testing.T) {
	t.Parallel()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	found, err := read(fstest.MapFS{
		"api/a.go":               file("package api\nimport \"fmt\"\nvar _ = fmt.Sprint"),
		"cmd/tool/main.go":       file("package main\nimport _ \"" + module + "/api\""),
		"cmd/tool/main_test.go":  file("package main\nimport _ \"" + module + "/server/testkit\""),
		"cmd/only/only_test.go":  file("package only"),
		"db/migrations/0001.sql": file("SELECT 1"),
		"gen/db/db.go":           file("package db"),
		"server/server.go":       file("package server"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(found.packages(), " "), "api cmd/tool gen/db server"; got != want {
		t.Errorf("packages: got %s, want %s", got, want)
	}
	if got := strings.Join(found["cmd/tool"], " "); got != "api" {
		t.Errorf("imports of cmd/tool: got %q, want api", got)
	}
}

func TestReplaceChangesOnlyTheRules(t *testing.T) {
	t.Parallel()
	changed, err := replace("before\n"+begin+"old\n"+end+"after\n", "new\n")
	if want := "before\n" + begin + "new\n" + end + "after\n"; err != nil || changed != want {
		t.Errorf("got %q and error %v, want %q", changed, err, want)
	}
	for name, config := range map[string]string{"no begin": "before\n" + end, "no end": begin + "after\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := replace(config, ""); err == nil {
				t.Error("got no error, want one")
			}
		})
	}
}
