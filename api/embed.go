// Package api holds the contract of the service. openapi.yaml is its entry point, spec/ has its parts by tag, and make
// generate makes one document of them, bundled.yaml, from which the types, the server and the clients are generated.
package api

import (
	_ "embed" // for the specification
	"sync"
)

// Specification is the bundled OpenAPI document.
//
//go:embed bundled.yaml
var Specification string

// Published returns the document that the service serves. It is made once, and has the same bytes each time.
var Published = sync.OnceValues(func() (Document, error) { //nolint:gochecknoglobals // made once
	return Publish(Specification)
})
