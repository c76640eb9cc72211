// Package demo loads demo data: two companies with users, jobs, kits, candidates and half a year of applications and
// interviews, in the state in which the service would have left them. One of the companies can be enlarged for load
// tests. Loading again changes nothing that exists. Commands load it into production only on explicit request,
// because the password of its accounts is public.
//
// The data consists of parts. Each part is loaded by one transaction and depends only on the seed and the current
// time, so it exists completely or not at all, and an interrupted load can be continued.
package demo

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/identity/operator"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// Password is the password of every demo account.
const Password = "SecurePassword123!"

// MaxScale is the maximum of Options.Scale.
const MaxScale = 9999

// Options says how much to load.
type Options struct {
	// Scale is the number of parts of the enlarged company, 1 to MaxScale. Each part has 2,000 candidates, 3,000
	// applications and up to 600 interviews. 0 means 1, the standard demo.
	Scale int
	// Enlarge is the slug of the company that Scale applies to. Empty means Acme Robotics. The other company has one
	// part.
	Enlarge string
	// Seed is the seed of all random choices.
	Seed uint64
	// Progress is called after each part with what was loaded so far, never concurrently. It may be nil.
	Progress func(Loaded)
}

// Tables returns the names of the tables that a load writes to.
func Tables() []string {
	return []string{
		"users", "jobs", "job_members", "kits", "kit_versions", "candidates", "applications", "application_moves",
		"interviews", "interview_panelists", "interview_events", "scores", "score_revisions",
	}
}

// Loaded is what a load has added.
type Loaded struct {
	Companies, Users, Jobs, Kits, Candidates, Applications, Interviews, Scores int
	// Rows is the number of all added rows, including those of dependent tables.
	Rows int
	// Parts is the number of parts that this load added, Done that of all parts that exist, and Of that of all
	// requested parts.
	Parts, Done, Of int
}

// String lists what was added, for display.
func (l Loaded) String() string {
	return fmt.Sprintf(
		"%d companies, %d users, %d jobs, %d kits, %d candidates, %d applications, %d interviews, %d scores",
		l.Companies, l.Users, l.Jobs, l.Kits, l.Candidates, l.Applications, l.Interviews, l.Scores)
}

func (l *Loaded) add(b *batch) {
	l.Users += len(b.users)
	l.Jobs += len(b.jobs)
	l.Kits += len(b.kits)
	l.Candidates += len(b.candidates)
	l.Applications += len(b.applications)
	l.Interviews += len(b.interviews)
	l.Scores += len(b.scores)
	l.Rows += b.rows()
}

// Load adds the parts that are missing. If it fails, it also returns what was added before the error, which stays.
func Load(ctx context.Context, o *operator.Operator, options Options) (Loaded, error) {
	library, err := readLibrary()
	if err != nil {
		return Loaded{}, err
	}
	l := &loader{Operator: o, Options: options, library: library, now: o.Clock.Now()}
	l.password = sync.OnceValues(func() (string, error) { return o.Hasher.Hash(ctx, "demo", Password) })
	if l.Enlarge == "" {
		l.Enlarge = "acme-robotics"
	}
	companies := companies()
	if !slices.ContainsFunc(companies, func(c company) bool { return c.slug == l.Enlarge }) {
		return Loaded{}, fmt.Errorf("there is no demo company %q", l.Enlarge)
	}
	if l.Scale < 0 || l.Scale > MaxScale {
		return Loaded{}, fmt.Errorf("the scale must be 1 to %d, not %d", MaxScale, l.Scale)
	}
	for _, company := range companies {
		l.loaded.Of += l.partCount(company)
	}
	for _, company := range companies {
		id, err := l.ensurePeople(ctx, company)
		if err == nil {
			err = l.loadParts(ctx, company, id)
		}
		if err != nil {
			return l.loaded, fmt.Errorf("load demo company %s: %w", company.slug, err)
		}
	}
	return l.loaded, nil
}

// loader is the state of one load.
type loader struct {
	*operator.Operator
	Options
	library *library
	now     time.Time
	// password returns the hash of Password. Hashing is slow, so all accounts share one hash.
	password func() (string, error)
	mu       sync.Mutex
	loaded   Loaded
}

// partCount returns the number of parts of a company.
func (l *loader) partCount(of company) int {
	if of.slug == l.Enlarge {
		return max(1, l.Scale)
	}
	return 1
}

// ensurePeople creates the company and its users where they are missing and returns the company's id. Their creation
// lies 400 days in the past, before all generated events.
func (l *loader) ensurePeople(ctx context.Context, of company) (uuid.UUID, error) {
	past := *l.Operator
	past.Clock.Now = func() time.Time { return l.now.Add(-400 * day) }
	found, err := l.FindCompany(ctx, of.slug)
	if fault.Is(err, fault.ResourceNotFound) {
		var created db.Company
		created, err = past.CreateCompany(ctx, of.name, of.slug)
		if fault.Is(err, fault.SlugTaken) { // created by a concurrent load
			found, err = l.FindCompany(ctx, of.slug)
		} else if err == nil {
			l.loaded.Companies++
			found.ID = created.ID
		}
	}
	if err != nil {
		return found.ID, err
	}
	for _, person := range of.people {
		_, err := l.Store.Lookup().FindAccount(ctx, db.FindAccountParams{Email: person.Email})
		if err == nil {
			continue
		}
		if !fault.Is(err, fault.ResourceNotFound) {
			return found.ID, fmt.Errorf("find user %s: %w", person.Email, err)
		}
		hash, err := l.password()
		if err != nil {
			return found.ID, fmt.Errorf("hash demo password: %w", err)
		}
		_, err = past.CreateUserWithHash(ctx, found.ID, person, hash)
		if fault.Is(err, fault.EmailTaken) { // created by a concurrent load
			continue
		}
		if err != nil {
			return found.ID, fmt.Errorf("create user %s: %w", person.Email, err)
		}
		l.loaded.Users++
	}
	return found.ID, nil
}
