// Package demo fills an installation with two companies to try things out on: with people, jobs, kits, candidates and
// half a year of applications and interviews, as the service would have left them; and one of them with as much of it
// as a load test wants. Loading it again changes nothing that is there already. It never runs in production unless it
// is asked to, because everybody knows its password.
//
// The demo comes in parts. Each is one transaction, made from a seed and the present alone, so it is there whole or not
// at all, and a load that was interrupted goes on where it was.
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
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// Password is that of every demo account.
const Password = "SecurePassword123!"

// MaxScale is the largest scale there is.
const MaxScale = 9999

// Options say how much to load.
type Options struct {
	// Scale is how many parts the enlarged company has, 1 to MaxScale; each has 2,000 candidates with 3,000
	// applications and 600 interviews. 0 stands for 1, which is the demo that people look at.
	Scale int
	// Enlarge is the slug of the company that Scale is about; Acme Robotics when empty. The other has its first part.
	Enlarge string
	// Seed is what everything that is not written down is drawn from.
	Seed uint64
	// Progress is told after each part what was loaded so far, one part after the other; nil for nobody.
	Progress func(Loaded)
}

// Tables are those that a load writes to.
func Tables() []string {
	return []string{
		"users", "jobs", "job_members", "kits", "kit_versions", "candidates", "applications", "application_moves",
		"interviews", "interview_panelists", "interview_events", "scores", "score_revisions",
	}
}

// Loaded is what a load has added.
type Loaded struct {
	Companies, Users, Jobs, Kits, Candidates, Applications, Interviews, Scores int
	// Rows counts these and all that belongs to them.
	Rows int
	// Parts counts those loaded, Done also those that were there before, and Of all that were asked for.
	Parts, Done, Of int
}

// String lists what was added, as a person would.
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

// Load adds what is missing of the demo. What it has added is told with an error too: that stays.
func Load(ctx context.Context, o *operator.Operator, options Options) (Loaded, error) {
	library, err := openLibrary()
	if err != nil {
		return Loaded{}, err
	}
	l := &loader{Operator: o, Options: options, library: library, now: o.Clock.Now()}
	l.password = sync.OnceValues(func() (string, error) { return o.Hasher.Hash(ctx, Password) })
	if l.Enlarge == "" {
		l.Enlarge = "acme-robotics"
	}
	companies := cast()
	if !slices.ContainsFunc(companies, func(c company) bool { return c.slug == l.Enlarge }) {
		return Loaded{}, fmt.Errorf("there is no demo company %q", l.Enlarge)
	}
	if l.Scale < 0 || l.Scale > MaxScale {
		return Loaded{}, fmt.Errorf("the scale is 1 to %d, not %d", MaxScale, l.Scale)
	}
	for _, company := range companies {
		l.loaded.Of += l.parts(company)
	}
	for _, company := range companies {
		id, err := l.people(ctx, company)
		if err == nil {
			err = l.fill(ctx, company, id)
		}
		if err != nil {
			return l.loaded, fmt.Errorf("demo company %s: %w", company.slug, err)
		}
	}
	return l.loaded, nil
}

// loader loads the demo once.
type loader struct {
	*operator.Operator
	Options
	library *library
	now     time.Time
	// password gives the hash of the password. One serves all: they share the password anyway.
	password func() (string, error)
	mu       sync.Mutex
	loaded   Loaded
}

// parts is how many parts a company is to have.
func (l *loader) parts(of company) int {
	if of.slug == l.Enlarge {
		return max(1, l.Scale)
	}
	return 1
}

// people creates what is missing of a company and its people. They have been there for longer than anything that they
// are said to have done.
func (l *loader) people(ctx context.Context, of company) (uuid.UUID, error) {
	past := *l.Operator
	past.Clock = clock.Source{Now: func() time.Time { return l.now.Add(-400 * day) }, ID: l.Clock.ID}
	found, err := l.FindCompany(ctx, of.slug)
	if fault.Is(err, fault.ResourceNotFound) {
		var created db.Company
		created, err = past.CreateCompany(ctx, of.name, of.slug)
		if fault.Is(err, fault.SlugTaken) { // another loader was faster
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
			return found.ID, fmt.Errorf("user %s: %w", person.Email, err)
		}
		hash, err := l.password()
		if err != nil {
			return found.ID, err
		}
		_, err = past.CreateUserWithHash(ctx, found.ID, person, hash)
		if fault.Is(err, fault.EmailTaken) { // another loader was faster
			continue
		}
		if err != nil {
			return found.ID, fmt.Errorf("user %s: %w", person.Email, err)
		}
		l.loaded.Users++
	}
	return found.ID, nil
}
