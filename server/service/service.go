// Package service holds the dependencies that the services of all domains share.
//
// A domain, such as jobs or users, is a struct that embeds Deps and implements the operations of one tag. Its
// constructor takes Deps, and an Options struct if the domain needs more, and fails if anything is missing. A mistake
// in the wiring therefore stops the program when it starts, instead of failing the first request that needs what is
// missing.
//
// A dependency belongs in Deps if most domains need it and all of them get the same one. A dependency of one or two
// domains belongs in their Options.
//
// An operation gets its actor in a [Call]. The actor and the transaction are arguments of everything that it calls;
// nothing takes them out of a context, so that work in the background, which has no request, can call the same
// functions.
package service

import (
	"fmt"
	"log/slog"
	"reflect"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// Deps are the dependencies of a domain. All of them are required.
type Deps struct {
	// Store reads and writes the database.
	Store *postgres.Store
	// Clock gives the time and new ids.
	Clock clock.Source
	// Audit writes audit entries, each in the transaction of the change that it records.
	Audit *audit.Recorder
	// Cursors signs and reads the cursors of lists.
	Cursors page.Codec
	// Log is for operators.
	Log *slog.Logger
}

// Check returns an error that names every field of the given structs that has its zero value, and nil if there is none.
// Fields with the tag `optional:"true"` may have it. Structs in fields are checked as a whole, and field by field if
// all of their fields are exported. The name says whose dependencies they are. An argument that is not a struct is a
// defect, and panics.
func Check(name string, dependencies ...any) error {
	var missing []string
	for _, of := range dependencies {
		missing = append(missing, unset(reflect.ValueOf(of))...)
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("%s: missing dependencies: %s", name, strings.Join(missing, ", "))
}

func unset(of reflect.Value) []string {
	var missing []string
	for field, value := range of.Fields() {
		switch {
		case field.Tag.Get("optional") == "true":
		case value.IsZero():
			missing = append(missing, field.Name)
		case open(field.Type):
			for _, inner := range unset(value) {
				missing = append(missing, field.Name+"."+inner)
			}
		}
	}
	return missing
}

// open reports whether a type is a struct with exported fields only.
func open(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for field := range t.Fields() {
		if !field.IsExported() {
			return false
		}
	}
	return true
}
