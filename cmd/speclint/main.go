// Command speclint checks the specification with the rules of package lint. For each rule it prints the number of
// checks and the findings. It exits with 1 if there are findings and with 2 if it fails.
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

// check reads the specification of an entry point, writes the report, and returns the number of findings.
func check(ctx context.Context, path string, out io.Writer) (int, error) {
	document, err := lint.Load(ctx, path)
	if err != nil {
		return 0, err
	}
	suppressions := lint.Suppressed()
	report, found := lint.Report(document, lint.Check(document, suppressions), suppressions)
	if _, err := io.WriteString(out, report); err != nil {
		return found, fmt.Errorf("write report: %w", err)
	}
	return found, nil
}
