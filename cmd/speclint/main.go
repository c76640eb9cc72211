// Command speclint checks the specification by the rules of package lint. It prints how many questions each rule asked
// and what it found.
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

// check reads the specification with an entry point, prints what the rules report, and returns the number of findings.
func check(ctx context.Context, path string, out io.Writer) (int, error) {
	document, err := lint.Load(ctx, path)
	if err != nil {
		return 0, err
	}
	suppressions := lint.Suppressed()
	report, found := lint.Report(document, lint.Check(document, suppressions), suppressions)
	_, err = io.WriteString(out, report)
	return found, err
}
