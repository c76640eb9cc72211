package schema_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/platform/schema"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// update rewrites rights.txt and structure.txt: go test ./server/platform/schema -run Listed -update.
var update = flag.Bool("update", false, "write rights.txt and structure.txt from the migrations") //nolint:gochecknoglobals // a flag

// TestRightsAreListed compares the list of rights that the program expects with those of a migrated database.
func TestRightsAreListed(t *testing.T) {
	t.Parallel()
	got, err := schema.Rights(t.Context(), testkit.New(t).Database)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "rights", got, schema.ExpectedRights())
}

// TestStructureIsListed compares the list of owners, triggers, constraints and indexes that the program expects with those of a migrated
// database.
func TestStructureIsListed(t *testing.T) {
	t.Parallel()
	got, err := schema.Structure(t.Context(), testkit.New(t).Database)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "structure", got, schema.ExpectedStructure())
}

// compare compares a list with that of a file, or writes the file with -update.
func compare(t *testing.T, list string, got, want []string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(list+".txt", []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	same(t, list+"; if the migrations are right, run with -update", got, want)
}

// TestStructureIsRestored breaks each kind of part of the structure. Lacking names it, and its statements restore it.
func TestStructureIsRestored(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	address := c.owner(t, "plain", "CREATEROLE")
	works(t, address)
	owner := connect(t, address)
	for name, one := range map[string]struct {
		breaks    string
		essential bool
	}{
		"trigger":                  {`DROP TRIGGER jobs_update_changes ON jobs`, true},
		"another trigger":          {`CREATE OR REPLACE TRIGGER jobs_update_changes AFTER UPDATE ON jobs EXECUTE FUNCTION refuse_change()`, true},
		"disabled trigger":         {`ALTER TABLE jobs DISABLE TRIGGER jobs_update_changes`, true},
		"disabled on the service":  {`ALTER TABLE jobs ENABLE REPLICA TRIGGER jobs_update_changes`, true},
		"trigger of the audit log": {`DROP TRIGGER audit_logs_append_only ON audit_logs`, true},
		"index":                    {`DROP INDEX candidates_source_idx`, false},
		"index of the audit log":   {`DROP INDEX audit_logs_action_idx`, false},
		"another index":            {`DROP INDEX candidates_source_idx; CREATE INDEX candidates_source_idx ON candidates (id)`, false},
		"unique index":             {`DROP INDEX api_keys_hash_key`, false},
		"check":                    {`ALTER TABLE jobs DROP CONSTRAINT jobs_external_id_length`, false},
		"weaker check":             {`ALTER TABLE jobs DROP CONSTRAINT jobs_external_id_length, ADD CONSTRAINT jobs_external_id_length CHECK (true)`, false},
		"check of several parts":   {`ALTER TABLE scores DROP CONSTRAINT scores_figures`, false},
		"foreign key":              {`ALTER TABLE scores DROP CONSTRAINT scores_interview_fkey`, false},
		"exclusion":                {`ALTER TABLE bookings DROP CONSTRAINT bookings_overlap`, false},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, owner, one.breaks)
			essential, others, err := schema.Lacking(t.Context(), owner)
			if err != nil || (len(essential) > 0) != one.essential || (len(others) > 0) == one.essential {
				t.Errorf("got %q and %q (error %v); essential: want %t", essential, others, err, one.essential)
			}
			run(t, owner, append(essential, others...)...)
			essential, others, err = schema.Lacking(t.Context(), owner)
			if err != nil || len(essential) > 0 || len(others) > 0 {
				t.Errorf("after the statements: got %q and %q (error %v), want nothing", essential, others, err)
			}
		})
	}
	// A dump writes constraints as PostgreSQL shows them. It may show the restored ones differently.
	for _, statement := range schema.ExpectedStructure() {
		if table, check, found := strings.Cut(statement, " ADD CONSTRAINT "); found && strings.Contains(check, " CHECK (") {
			name, _, _ := strings.Cut(check, " ")
			run(t, owner, table+" DROP CONSTRAINT "+name+", ADD CONSTRAINT "+check)
		}
	}
	if essential, others, err := schema.Lacking(t.Context(), owner); err != nil || len(essential) > 0 || len(others) > 0 {
		t.Errorf("after a restore: got %q and %q (error %v), want nothing", essential, others, err)
	}
}
