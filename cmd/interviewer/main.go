// Command interviewer is the AI interviewer platform's backend and everything that its operator needs.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // time zones for images that bring none

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // so that a second signal ends the process at once
	p := program{in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ(), dotenv: ".env"}
	os.Exit(p.execute(ctx, os.Args[1:]))
}

// explain words an error for the person at the terminal: a fault with everything that is wrong, each on a line.
func explain(err error) string {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return err.Error()
	}
	var b strings.Builder
	if f.Code() != fault.RuleViolated || len(f.Fields()) == 0 { // what is wrong says more than that something is
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
