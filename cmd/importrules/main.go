// Command importrules generates the linter's rules about imports from the layers in layers.go and the packages of the
// tree, so that every package has rules. Run it in the root of the module. It replaces the lines between two markers
// in .golangci.yml.
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

// rewrite replaces the rules in a configuration file of the linter.
func rewrite(file string) error {
	packages, err := read(os.DirFS("."))
	if err != nil {
		return err
	}
	rules, err := generate(packages)
	if err != nil {
		return err
	}
	config, err := os.ReadFile(file) //nolint:gosec // the caller chooses the file
	if err != nil {
		return err
	}
	changed, err := replace(string(config), rules)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, []byte(changed), 0o644) //nolint:gosec // a file of the repository
}
