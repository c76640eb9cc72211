package postgres

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
)

// The following gives tests access to the statements below the generated queries.

// RawOf is Of for any SQL.
func (s *Store) RawOf(company uuid.UUID) db.DBTX { return &s.bound(company, s.setTenant).statements }

// RawPlanned is Planned for any SQL.
func (s *Store) RawPlanned(company uuid.UUID) db.DBTX {
	return &s.bound(company, s.setTenantPlan).statements
}

// RawLookup is Lookup for any SQL.
func (s *Store) RawLookup() db.DBTX { return &statements{store: s, tenant: s.lookup} }

// RawLookupFor is LookupFor for any SQL.
func (s *Store) RawLookupFor(network string) db.DBTX {
	return &statements{store: s, holder: holder{network: network}, tenant: s.lookup}
}

// RawInTx is InTx for any SQL.
func (s *Store) RawInTx(ctx context.Context, company uuid.UUID, fn func(tx db.DBTX) error) error {
	return s.InTx(ctx, company, func(tx *Tx) error { return fn(tx.tx) })
}

// RawLater is Later for any SQL.
func (t *Tx) RawLater() db.DBTX { return later{tx: t.tx} }

// RawRequire is Require for any SQL.
func (t *Tx) RawRequire(refused func() error) db.DBTX { return later{t.tx, refused} }
