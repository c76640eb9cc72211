// Package api holds the contract: openapi.yaml is what the world sees of this service, and everything else follows it.
package api

import _ "embed" // for the specification

// Specification is the OpenAPI document as its authors write it.
//
//go:embed openapi.yaml
var Specification string
