// Package db holds what is kept: the schema as versioned migrations, and the queries that sqlc turns into package
// gen/db. The migrations travel inside the binary, so that a release and its schema cannot part.
package db

import "embed"

// Migrations are the schema's versions, in the naming of golang-migrate: NNNN_name.up.sql and NNNN_name.down.sql.
//
//go:embed migrations/*.sql
var Migrations embed.FS
