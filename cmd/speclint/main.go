// Command speclint holds the specification against the rules of package lint, and prints what it has asked and found.
// It is a tool of this repository, and no part of what is shipped.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/ai-interviewer-platform/interviewer/api/lint"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: speclint FILE")
		os.Exit(2)
	}
	found, err := check(ctx, os.Args[1], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "speclint:", err)
		os.Exit(2)
	}
	if found > 0 {
		os.Exit(1)
	}
}

// check reads a document, prints what the rules say of it, and gives the number of findings.
func check(ctx context.Context, path string, out io.Writer) (int, error) {
	text, err := os.ReadFile(path) //nolint:gosec // whoever runs the command names the file
	if err != nil {
		return 0, err
	}
	document, err := lint.Read(ctx, text)
	if err != nil {
		return 0, err
	}
	suppressions := lint.Suppressed()
	report, found := lint.Report(path, document, lint.Check(document, suppressions), suppressions)
	_, err = io.WriteString(out, report)
	return found, err
}
