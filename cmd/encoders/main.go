// Command encoders generates the methods that append the JSON of responses: gen/api/json.gen.go, with AppendJSON for
// every type of gen/api that occurs in a response, and the list of these types for the test of package encoder. Run it
// after oapi-codegen in the root of the module. It fails if a response contains a type that it does not know.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

const (
	input  = "gen/api/api.gen.go"
	output = "gen/api/json.gen.go"
	tested = "api/encoder/types.gen_test.go"
)

func main() {
	const arguments = 2
	if len(os.Args) != arguments {
		fmt.Fprintln(os.Stderr, "usage: encoders FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "encoders:", err)
		os.Exit(1)
	}
}

// run generates in a folder: the root of the module, or a copy.
func run(folder string) error {
	source, err := os.ReadFile(filepath.Join(folder, input)) //nolint:gosec // the caller chooses the folder
	if err != nil {
		return err
	}
	types, err := read(source)
	if err != nil {
		return err
	}
	names, err := types.shown()
	if err != nil {
		return err
	}
	methods, err := types.methods(names)
	if err != nil {
		return err
	}
	list, err := listOf(names)
	if err != nil {
		return err
	}
	for file, text := range map[string][]byte{output: methods, tested: list} {
		if err := os.WriteFile(filepath.Join(folder, file), text, 0o644); err != nil { //nolint:gosec // of the repository
			return err
		}
	}
	return nil
}
