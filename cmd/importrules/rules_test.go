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

// repository is the tree of this repository.
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

// rules generates the rules of a tree and reads them.
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

func TestEveryPackageHasOneRuleOfALayer(t *testing.T) {
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
			t.Errorf("%s has %d rules, want %d", name, count[name], want)
		}
	}
}

func TestNewPackageOfADomainHasOperations(t *testing.T) {
	t.Parallel()
	packages := repository(t)
	packages["server/hiring/offers"] = nil
	const imported = module + "/server/hiring/offers$"
	for name, rule := range rules(t, packages) {
		has := slices.Contains(rule.Files, "${config-path}/server/hiring/offers/*.go")
		if want := name == "operations"; has != want {
			t.Errorf("the rule %s is about it: %t, want %t", name, has, want)
		}
		if allows, want := slices.Contains(rule.Allow, imported), name == "server"; allows != want {
			t.Errorf("the rule %s allows to import it: %t, want %t", name, allows, want)
		}
	}
}

func TestLayersAllowWhatIsBelowThem(t *testing.T) {
	t.Parallel()
	all := rules(t, repository(t))
	for name, c := range map[string]struct {
		rule, imported string
		want           bool
	}{
		"a domain uses what domains share":            {"operations", "server/hiring/lifecycle", true},
		"a domain uses the helpers":                   {"operations", "server/edge/page", true},
		"a domain does not use another domain":        {"operations", "server/hiring/jobs", false},
		"a domain does not use the gate":              {"operations", "server/edge/gate", false},
		"a domain does not use the client":            {"operations", "gen/client", false},
		"a domain does not use the tests' harness":    {"operations", "server/testkit", false},
		"API keys use the gate, by an exception":      {"operations-apikeys", "server/edge/gate", true},
		"what is shared does not use operations":      {"shared", "server/identity/users", false},
		"the gate does not use operations":            {"gate", "server/identity/users", false},
		"the gate uses sessions":                      {"gate", "server/identity/session", true},
		"the platform does not use domains":           {"platform", "server/compliance/audit", false},
		"the platform does not use access":            {"platform", "server/access", false},
		"access does not use rows":                    {"access", "gen/db", false},
		"the server uses operations":                  {"server", "server/identity/users", true},
		"the server does not use what operators have": {"server", "server/identity/operator", false},
		"the server does not use demo data":           {"server", "server/dev/demo", false},
		"demo data does not use the server":           {"development", "server", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule := all[c.rule]
			if len(rule.Files) == 0 || len(rule.Deny) == 0 || rule.Deny[0].Pkg != module {
				t.Fatalf("the rule %s does not deny the packages of the module: %v", c.rule, rule)
			}
			if got := slices.Contains(rule.Allow, module+"/"+c.imported+"$"); got != c.want {
				t.Errorf("the rule %s allows %s: %t, want %t", c.rule, c.imported, got, c.want)
			}
		})
	}
}

func TestCommandsDoNotImportTestsAndCommands(t *testing.T) {
	t.Parallel()
	var denied []string
	for _, d := range rules(t, repository(t))["commands"].Deny {
		denied = append(denied, strings.TrimPrefix(d.Pkg, module+"/"))
	}
	for _, name := range []string{"cmd/interviewer", "cmd/importrules", "server/testkit", "server/platform/redis/redistest", "testing"} {
		if !slices.Contains(denied, name) {
			t.Errorf("%s is not denied, only %v", name, denied)
		}
	}
}

func TestGenerateFails(t *testing.T) {
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
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := maps.Clone(repository(t))
			c.change(changed)
			if _, err := generate(changed); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestReadLeavesTestsOut(t *testing.T) {
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
		t.Errorf("finds %s, want %s", got, want)
	}
	if got := strings.Join(found["cmd/tool"], " "); got != "api" {
		t.Errorf("cmd/tool imports %q, want api", got)
	}
}

func TestReplaceKeepsTheRestOfTheConfiguration(t *testing.T) {
	t.Parallel()
	changed, err := replace("before\n"+begin+"old\n"+end+"after\n", "new\n")
	if want := "before\n" + begin + "new\n" + end + "after\n"; err != nil || changed != want {
		t.Errorf("the configuration is %q (%v), want %q", changed, err, want)
	}
	for name, config := range map[string]string{"no begin": "before\n" + end, "no end": begin + "after\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := replace(config, ""); err == nil {
				t.Error("does not fail")
			}
		})
	}
}
