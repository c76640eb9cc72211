// Command importrules writes which package may import which into the configuration of the linter. It makes the rules of
// the layers in layers.go and of the packages that there are, so that no package is without rules. It runs in the root
// of the module and replaces what is between two lines of .golangci.yml.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: importrules CONFIGURATION")
		os.Exit(2)
	}
	if err := rewrite(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "importrules:", err)
		os.Exit(1)
	}
}

func rewrite(file string) error {
	packages, err := read(os.DirFS("."))
	if err != nil {
		return err
	}
	rules, err := generate(packages)
	if err != nil {
		return err
	}
	config, err := os.ReadFile(file) //nolint:gosec // the caller names the file
	if err != nil {
		return err
	}
	changed, err := replace(string(config), rules)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, []byte(changed), 0o644) //nolint:gosec // a file of the repository
}
