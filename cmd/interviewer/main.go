// Command interviewer runs the backend of the AI interviewer platform and has the commands for its operators.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // time zones for images without them

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process immediately
	p := program{in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ(), dotenv: ".env"}
	os.Exit(p.execute(ctx, os.Args[1:]))
}

// errorText returns the text of an error for display: for a fault its detail and every field error, each on a line.
func errorText(err error) string {
	var unfit *postgres.Unfit
	if errors.As(err, &unfit) {
		return unfit.Error()
	}
	var f *fault.Fault
	if !errors.As(err, &f) {
		return err.Error()
	}
	var b strings.Builder
	if f.Code() != fault.RuleViolated || len(f.Fields()) == 0 { // the field errors are more specific than the detail
		b.WriteString(f.Detail())
	}
	for _, field := range f.Fields() {
		fmt.Fprintf(&b, "\n  %s %s", strings.TrimPrefix(field.Pointer, "/"), field.Detail)
	}
	if cause := f.Unwrap(); cause != nil && (f.Kind() == fault.Unavailable || f.Kind() == fault.Internal) {
		fmt.Fprintf(&b, "\n  %v", cause)
	}
	return b.String()
}
