// Command asvs generates docs/security/asvs.md from docs/security/requirements.yaml. It fails if a requirement names
// a test that does not exist, or if it is met but has neither a test nor a note with the reason. Run it in the root
// of the repository.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "asvs:", err)
		os.Exit(1)
	}
}

func run() error {
	source, err := os.ReadFile("docs/security/requirements.yaml")
	if err != nil {
		return err
	}
	page, err := generate(source, ".")
	if err != nil {
		return err
	}
	return os.WriteFile("docs/security/asvs.md", page, 0o600)
}
