package demo

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
)

// loaders is how many parts are loaded at a time: PostgreSQL works on each with one CPU.
const loaders = 2

// fill loads the parts of a company that are missing. The first comes before all others, which stand on what it lays.
func (l *loader) fill(ctx context.Context, of company, id uuid.UUID) error {
	places, err := positions(of.slug)
	if err != nil {
		return err
	}
	if err := l.ensure(ctx, target{of, id, places, 0}); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	parts := make(chan int)
	var working sync.WaitGroup
	for range loaders {
		working.Go(func() {
			for n := range parts {
				if err := l.ensure(ctx, target{of, id, places, n}); err != nil {
					stop(err)
				}
			}
		})
	}
	for n := 1; n < l.parts(of) && ctx.Err() == nil; n++ {
		parts <- n
	}
	close(parts)
	working.Wait()
	return context.Cause(ctx)
}

// ensure loads a part that is missing, and tells how far the whole has come.
func (l *loader) ensure(ctx context.Context, to target) error {
	there, err := l.there(ctx, l.Store.Of(to.id), to.id, to.part)
	var added *batch
	if err == nil && !there {
		added, err = l.part(ctx, to)
	}
	if err != nil {
		return fmt.Errorf("part %d: %w", to.part, err)
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

// there reports whether a part was loaded.
func (l *loader) there(ctx context.Context, tx *db.Queries, id uuid.UUID, n int) (bool, error) {
	from := mark(n)
	return tx.HasDemoPart(ctx, db.HasDemoPartParams{
		CompanyID: id, FromID: from, BeforeID: strings.TrimSuffix(from, "-") + ".", // which follows the hyphen
	})
}

// target is what is loaded: a part of a company, whose jobs are to be at some positions.
type target struct {
	company
	id        uuid.UUID
	positions []position
	part      int
}

// part loads one part in one transaction, and gives what it has added. Of two who load it at once, the second waits,
// then finds it there, and adds nothing.
func (l *loader) part(ctx context.Context, to target) (added *batch, err error) {
	hash := ""
	if to.part > 0 { // whose people are made within the transaction
		if hash, err = l.password(); err != nil {
			return nil, err
		}
	}
	err = l.Store.InTx(ctx, to.id, func(tx *db.Queries) error {
		if err := tx.PrepareDemoLoad(ctx); err != nil {
			return err
		}
		part := int32(to.part) //nolint:gosec // at most MaxScale
		if err := tx.LockDemoPart(ctx, db.LockDemoPartParams{CompanyID: to.id, Part: part}); err != nil {
			return err
		}
		there, err := l.there(ctx, tx, to.id, to.part)
		if err != nil || there {
			return err
		}
		if added, err = l.compose(ctx, tx, to, hash); err != nil {
			return err
		}
		return l.record(ctx, tx, to, added)
	})
	return added, err
}

// compose makes and writes the rows of a part: the first one's stand on a ground that is laid with them, and each
// further one brings people and jobs of its own.
func (l *loader) compose(ctx context.Context, tx *db.Queries, to target, hash string) (*batch, error) {
	c := newChance(l.Seed, to.slug, to.part)
	laid := &batch{}
	if to.part == 0 {
		var err error
		if laid, err = l.lay(ctx, tx, to, c); err != nil {
			return nil, err
		}
	}
	in, err := l.setting(ctx, tx, to)
	if err != nil {
		return nil, err
	}
	holds, staff := to.first, &batch{}
	if to.part > 0 {
		holds = whole()
		if in, staff, err = in.enlarge(c, to.company, to.part, hash, l.library); err != nil {
			return nil, err
		}
	}
	made, err := generate(c, in, l.library, to.part, holds)
	if err != nil {
		return nil, err
	}
	made.users, made.jobs, made.members = staff.users, staff.jobs, staff.members
	if err := l.insert(ctx, tx, to.id, made); err != nil {
		return nil, err
	}
	made.jobs, made.members = append(made.jobs, laid.jobs...), append(made.members, laid.members...)
	made.kits, made.kitVersions = laid.kits, laid.kitVersions
	return made, nil
}

// lay writes what all parts of a company stand on, and gives it. Where any of it is there, that stays as it is.
func (l *loader) lay(ctx context.Context, tx *db.Queries, to target, c chance) (*batch, error) {
	there, err := tx.HasDemoGround(ctx, db.HasDemoGroundParams{
		CompanyID: to.id, Titles: titles(to.positions), Names: l.library.names(),
	})
	if err != nil || there {
		return &batch{}, err
	}
	rows, err := l.employees(ctx, tx, to)
	if err != nil {
		return nil, err
	}
	g := groundwork{chance: c, now: l.now, people: map[string]uuid.UUID{}}
	for _, row := range rows {
		g.people[row.Email] = row.ID
		if row.Role == api.RoleHr || row.Role == api.RoleAdmin && g.publisher == uuid.Nil {
			g.publisher = row.ID
		}
	}
	if g.publisher == uuid.Nil {
		return nil, fmt.Errorf("%s has nobody who runs its hiring", to.name)
	}
	if err := g.lay(to, l.library); err != nil {
		return nil, err
	}
	return &g.batch, l.insert(ctx, tx, to.id, &g.batch)
}

// record notes in the audit log what was loaded, as one act.
func (l *loader) record(ctx context.Context, tx *db.Queries, to target, added *batch) error {
	return l.Audit.Record(ctx, tx, to.id, audit.Entry{
		Action: audit.CandidatesImported, Resource: audit.Candidate,
		Details: audit.Details{
			"demo_part": to.part, "users": len(added.users), "jobs": len(added.jobs), "kits": len(added.kits),
			"candidates": len(added.candidates), "applications": len(added.applications),
			"interviews": len(added.interviews), "scores": len(added.scores),
		},
	})
}
