// Command asvs generates docs/security/asvs.md from docs/security/requirements.yaml. It fails if a requirement names a
// test that does not exist, or if a requirement that is met names neither a test nor the reason for having none.
//
// Usage: asvs [root]
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	if err := run(root); err != nil {
		fmt.Fprintln(os.Stderr, "asvs:", err)
		os.Exit(1)
	}
}

// run writes the page of the repository at root.
func run(root string) error {
	source, err := os.ReadFile(filepath.Join(root, "docs/security/requirements.yaml"))
	if err != nil {
		return err
	}
	page, err := generate(source, root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "docs/security/asvs.md"), page, 0o600)
}
