// Package api holds the contract: openapi.yaml is what the world sees of this service, and everything else follows it.
package api

import (
	_ "embed" // for the specification
	"sync"
)

// Specification is the OpenAPI document as its authors write it.
//
//go:embed openapi.yaml
var Specification string

// Published is what the world is shown of the specification. It is made once, and byte for byte the same each time.
var Published = sync.OnceValues(func() (Document, error) { //nolint:gochecknoglobals // made once
	return Publish(Specification)
})
