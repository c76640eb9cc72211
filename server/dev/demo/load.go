package demo

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// workers is the number of parts that are loaded concurrently. PostgreSQL uses one CPU for each.
const workers = 2

// loadParts loads the missing parts of a company. The first is loaded alone, because it also loads the rows that all
// parts share.
func (l *loader) loadParts(ctx context.Context, of company, id uuid.UUID) error {
	jobs, err := readJobTexts(of.slug)
	if err != nil {
		return err
	}
	if err := l.ensurePart(ctx, target{of, id, jobs, 0}); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	parts := make(chan int)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for n := range parts {
				if err := l.ensurePart(ctx, target{of, id, jobs, n}); err != nil {
					cancel(err)
				}
			}
		})
	}
	for n := 1; n < l.partCount(of) && ctx.Err() == nil; n++ {
		parts <- n
	}
	close(parts)
	group.Wait()
	return context.Cause(ctx)
}

// ensurePart loads a part if it is missing, and reports progress.
func (l *loader) ensurePart(ctx context.Context, to target) error {
	loaded, err := l.isLoaded(ctx, l.Store.Of(to.id), to.id, to.part)
	var added *batch
	if err == nil && !loaded {
		added, err = l.loadPart(ctx, to)
	}
	if err != nil {
		return fmt.Errorf("load part %d: %w", to.part, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.loaded.Done++
	if added != nil {
		l.loaded.Parts++
		l.loaded.add(added)
	}
	if l.Progress != nil {
		l.Progress(l.loaded)
	}
	return nil
}

// isLoaded reports whether a part is loaded.
func (l *loader) isLoaded(ctx context.Context, tx *db.Queries, id uuid.UUID, n int) (bool, error) {
	from := externalIDPrefix(n)
	return tx.HasDemoPart(ctx, db.HasDemoPartParams{
		CompanyID: id, FromID: from, BeforeID: strings.TrimSuffix(from, "-") + ".", // the character after the hyphen
	})
}

// target identifies a part of a company and has the company's job texts.
type target struct {
	company
	id   uuid.UUID
	jobs []jobText
	part int
}

// loadPart loads one part in one transaction and returns the added rows. If another load adds the same part at the
// same time, it waits for that load and returns nil.
func (l *loader) loadPart(ctx context.Context, to target) (added *batch, err error) {
	hash := ""
	if to.part > 0 { // its users are created within the transaction
		if hash, err = l.password(); err != nil {
			return nil, fmt.Errorf("hash demo password: %w", err)
		}
	}
	err = l.Store.InTx(ctx, to.id, func(tx *postgres.Tx) error {
		if err := service.Act(ctx, tx, access.System(to.id)); err != nil {
			return err
		}
		if err := tx.PrepareDemoLoad(ctx); err != nil {
			return err
		}
		part := int32(to.part) //nolint:gosec // at most MaxScale
		if err := tx.LockDemoPart(ctx, db.LockDemoPartParams{CompanyID: to.id, Part: part}); err != nil {
			return err
		}
		loaded, err := l.isLoaded(ctx, tx.Queries, to.id, to.part)
		if err != nil || loaded {
			return err
		}
		if added, err = l.generatePart(ctx, tx.Queries, to, hash); err != nil {
			return err
		}
		return l.record(ctx, tx, to, added)
	})
	return added, err
}

// generatePart generates and inserts the rows of a part. The first part includes the rows that all parts share; each
// other part adds users and jobs.
func (l *loader) generatePart(ctx context.Context, tx *db.Queries, to target, hash string) (*batch, error) {
	c := newRandom(l.Seed, to.slug, to.part)
	shared := &batch{}
	if to.part == 0 {
		var err error
		if shared, err = l.loadShared(ctx, tx, to, c); err != nil {
			return nil, err
		}
	}
	data, err := l.readCompanyData(ctx, tx, to)
	if err != nil {
		return nil, err
	}
	partSize, staff := to.first, &batch{}
	if to.part > 0 {
		partSize = fullSize()
		if data, staff, err = data.addPart(c, to.company, to.part, hash, l.library); err != nil {
			return nil, err
		}
	}
	generated, err := generate(c, data, l.library, to.part, partSize)
	if err != nil {
		return nil, err
	}
	generated.users, generated.jobs, generated.members = staff.users, staff.jobs, staff.members
	if err := l.insert(ctx, tx, to.id, generated); err != nil {
		return nil, err
	}
	generated.jobs = append(generated.jobs, shared.jobs...)
	generated.members = append(generated.members, shared.members...)
	generated.kits, generated.kitVersions = shared.kits, shared.kitVersions
	return generated, nil
}

// loadShared inserts the rows that all parts of a company share, and returns them. If some of them exist, it inserts
// nothing.
func (l *loader) loadShared(ctx context.Context, tx *db.Queries, to target, c random) (*batch, error) {
	loaded, err := tx.HasSharedDemoRows(ctx, db.HasSharedDemoRowsParams{
		CompanyID: to.id, Titles: titles(to.jobs), Names: l.library.names(),
	})
	if err != nil || loaded {
		return &batch{}, err
	}
	rows, err := l.employees(ctx, tx, to)
	if err != nil {
		return nil, err
	}
	g := sharedRows{random: c, now: l.now, people: map[string]uuid.UUID{}}
	for _, row := range rows {
		g.people[row.Email] = row.ID
		if row.Role == stored.RoleHR || row.Role == stored.RoleAdmin && g.publisher == uuid.Nil {
			g.publisher = row.ID
		}
	}
	if g.publisher == uuid.Nil {
		return nil, fmt.Errorf("%s has no active demo user of HR and no admin", to.name)
	}
	if err := g.generate(to, l.library); err != nil {
		return nil, err
	}
	return &g.batch, l.insert(ctx, tx, to.id, &g.batch)
}

// record adds one audit entry for the loaded part.
func (l *loader) record(ctx context.Context, tx *postgres.Tx, to target, added *batch) error {
	return l.Audit.Record(ctx, tx, access.System(to.id), audit.Entry{
		Action: audit.CandidatesImported, Resource: audit.Candidate,
		Details: audit.Details{
			"demo_part": to.part, "users": len(added.users), "jobs": len(added.jobs), "kits": len(added.kits),
			"candidates": len(added.candidates), "applications": len(added.applications),
			"interviews": len(added.interviews), "scores": len(added.scores),
		},
	})
}
