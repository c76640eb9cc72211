package service_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

func complete() service.Deps {
	source := clock.System()
	return service.Deps{
		Store: &postgres.Store{}, Clock: source, Audit: audit.NewRecorder(source), Cursors: page.NewCodec(make([]byte, 32)),
		Log: slog.New(slog.DiscardHandler),
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	type options struct {
		Lifetime time.Duration
		Show     func()
		Names    []string
		Token    string `optional:"true"`
	}
	set := options{time.Hour, func() {}, []string{"one"}, ""}
	for name, c := range map[string]struct {
		change func(*service.Deps, *options)
		want   string
	}{
		"nothing is missing": {func(*service.Deps, *options) {}, ""},
		"a pointer":          {func(d *service.Deps, _ *options) { d.Store = nil }, "Store"},
		"a struct":           {func(d *service.Deps, _ *options) { d.Cursors = page.Codec{} }, "Cursors"},
		"an exported struct": {func(d *service.Deps, _ *options) { d.Clock = clock.Source{} }, "Clock"},
		"a field of an exported struct": {
			func(d *service.Deps, _ *options) { d.Clock.ID = nil }, "Clock.ID",
		},
		"a number":                 {func(_ *service.Deps, o *options) { o.Lifetime = 0 }, "Lifetime"},
		"a function":               {func(_ *service.Deps, o *options) { o.Show = nil }, "Show"},
		"an optional field is set": {func(_ *service.Deps, o *options) { o.Token = "x" }, ""},
		"a list":                   {func(_ *service.Deps, o *options) { o.Names = nil }, "Names"},
		"several, of both structs": {
			func(d *service.Deps, o *options) { d.Store, d.Log, o.Show = nil, nil, nil }, "Store, Log, Show",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			deps, options := complete(), set
			c.change(&deps, &options)
			err := service.Check("jobs", deps, options)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if want := "jobs: missing dependencies: " + c.want; err == nil || err.Error() != want {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}

// TestCheckSkipsUnexportedFields checks a struct of another package, whose fields may be zero one by one.
func TestCheckSkipsUnexportedFields(t *testing.T) {
	t.Parallel()
	dependencies := struct {
		At time.Time
		ID uuid.UUID
	}{time.Unix(0, 0), uuid.New()}
	if err := service.Check("jobs", dependencies); err != nil {
		t.Error(err)
	}
}
