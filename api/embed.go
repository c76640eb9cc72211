// Package api contains the specification of the API. openapi.yaml is its entry point, and spec/ contains its parts by
// tag. make generate bundles them into bundled.yaml, from which the types, the server and the clients are generated.
package api

import (
	_ "embed" // for the specification
	"sync"
)

// Specification is the bundled OpenAPI document.
//
//go:embed bundled.yaml
var Specification string

// Published returns the document that the service serves. Every call returns the same bytes.
var Published = sync.OnceValues(func() (Document, error) { //nolint:gochecknoglobals // computed once
	return Publish(Specification)
})
