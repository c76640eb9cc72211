package postgres

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestFixReach(t *testing.T) {
	t.Parallel()
	const sql = `SELECT $4::uuid, $1, $3 FROM visible_jobs($1, $2, $3) WHERE id = $4 AND title = $10`
	args := []any{1, 2, "jobs", 4, 5, 6, 7, 8, 9, 10}
	fixed, rest := fixReach(sql, args)
	const want = `SELECT $3::uuid, $1, 'jobs'::text FROM visible_jobs($1, $2, 'jobs'::text) WHERE id = $3 AND title = $9`
	if fixed != want {
		t.Errorf("got %s, want %s", fixed, want)
	}
	if len(rest) != 9 || rest[1] != 2 || rest[2] != 4 || rest[8] != 10 || args[2] != "jobs" {
		t.Errorf("got arguments %v of %v", rest, args)
	}
	for name, other := range map[string][]any{
		"unknown reach": {1, 2, "all' OR true", 4}, "no text": {1, 2, 3, 4}, "too few arguments": {1, 2},
	} {
		if fixed, rest := fixReach(sql, other); fixed != sql || len(rest) != len(other) {
			t.Errorf("%s: got %s and %v, want what was given", name, fixed, rest)
		}
	}
	if fixed, _ := fixReach("SELECT $3", []any{1, 2, "all"}); fixed != "SELECT $3" {
		t.Errorf("without a function of visibility: got %s", fixed)
	}
}

// TestEveryReachIsFixed calls every generated query that reads for an actor, and expects that only the constants of the
// reaches remain.
func TestEveryReachIsFixed(t *testing.T) {
	t.Parallel()
	// These only pass the reach on to functions in PL/pgSQL, whose statements have it as a variable.
	variable := map[string]bool{"listDuplicates": true, "filterVisible": true, "listChangeTargets": true}
	files, err := filepath.Glob("../../../gen/db/*.sql.go")
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile("(?s)const (\\w+) = `(.*?)`")
	checked := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, query := range text.FindAllStringSubmatch(string(content), -1) {
			name, sql := query[1], query[2]
			_, call, _ := strings.Cut(string(content), "(ctx, "+name+",")
			call, _, _ = strings.Cut(call, ")")
			var args, want []any
			for argument := range strings.SplitSeq(strings.Trim(call, " ,\n\t"), ",") {
				switch argument = strings.TrimSpace(argument); argument {
				case "arg.Reach", "arg.JobReach":
					args = append(args, "jobs")
				default:
					args, want = append(args, argument), append(want, argument)
				}
			}
			if len(args) == len(want) || variable[name] {
				continue
			}
			checked++
			fixed, rest := fixReach(sql, args)
			if !slices.Equal(rest, want) || strings.Count(fixed, "'jobs'::text") < len(args)-len(want) {
				t.Errorf("%s: got arguments %v and %s, want arguments %v", name, rest, fixed, want)
			}
		}
	}
	if checked < 40 {
		t.Errorf("checked %d queries with a reach, want at least 40", checked)
	}
}
