// Command contract generates gen/contract/contract.gen.go from api/bundled.yaml: a function that returns the parts of
// the specification that the gate reads. The service would need most of the time of its start to read the document. Run
// it after the bundle was written.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/getkin/kin-openapi/openapi3"
)

const (
	input  = "api/bundled.yaml"
	output = "gen/contract/contract.gen.go"
)

func main() {
	const arguments = 2
	if len(os.Args) != arguments {
		fmt.Fprintln(os.Stderr, "usage: contract FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "contract:", err)
		os.Exit(1)
	}
}

// run generates in a folder: the root of the module, or a copy.
func run(folder string) error {
	document, err := openapi3.NewLoader().LoadFromFile(filepath.Join(folder, input))
	if err != nil {
		return fmt.Errorf("read the specification: %w", err)
	}
	source, err := render(document)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, output), source, 0o644) //nolint:gosec // of the repository
}
