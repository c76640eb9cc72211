// Package operator does what the operator of an installation does from the command line, outside any company: opening
// companies, giving them their first users, switching them off, and helping people who have lost their password. What
// it does is in the audit log of the company concerned, as acts of the system.
package operator

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/password"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

var (
	slugForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	// emailForm is what the API takes for an email address, in lower case: with any other nobody could sign in.
	emailForm = regexp.MustCompile("^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*" +
		`@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

// Operator acts on any company.
type Operator struct {
	Store  *postgres.Store
	Clock  clock.Source
	Audit  *audit.Recorder
	Hasher *password.Hasher
}

// Person is a user to create.
type Person struct {
	Email, FirstName, LastName string
	Role                       api.Role
	// Department may be empty.
	Department string
}

// Companies lists all companies by slug.
func (o *Operator) Companies(ctx context.Context) ([]db.CompanyDirectory, error) {
	return o.Store.Lookup().AllCompanies(ctx)
}

// FindCompany finds a company by its slug.
func (o *Operator) FindCompany(ctx context.Context, slug string) (db.FindCompanyRow, error) {
	found, err := o.Store.Lookup().FindCompany(ctx, slug)
	if fault.Is(err, fault.ResourceNotFound) {
		return found, fault.New(fault.ResourceNotFound).With("There is no company with the slug %q.", slug).Because(err)
	}
	return found, err
}

// CreateCompany opens a company. Slugs are lower-case letters and digits in groups joined by single hyphens, 63
// characters at most, and unique in the installation.
func (o *Operator) CreateCompany(ctx context.Context, name, slug string) (db.Company, error) {
	name = strings.TrimSpace(name)
	f := fault.New(fault.RuleViolated)
	if length := len([]rune(name)); length < 1 || length > 200 {
		f.Field("/name", "length", "must have 1 to 200 characters")
	}
	if !slugForm.MatchString(slug) || len(slug) > 63 {
		f.Field("/slug", "pattern",
			"must be lower-case letters and digits in groups joined by hyphens, 63 characters at most")
	}
	if len(f.Fields()) > 0 {
		return db.Company{}, f
	}
	id := o.Clock.ID()
	var created db.Company
	err := o.Store.InTx(ctx, id, func(tx *db.Queries) (err error) {
		created, err = tx.InsertCompany(ctx, db.InsertCompanyParams{
			CompanyID: id, Name: name, Slug: slug, Now: o.Clock.Now(),
		})
		if err != nil {
			return err
		}
		return o.Audit.Record(ctx, tx, id, audit.Entry{
			Action: audit.CompanyCreated, Resource: audit.Company, ID: &id,
			Details: audit.Details{"name": name, "slug": slug},
		})
	})
	return created, err
}

// CreateUser gives a company a user with a password that meets the rules.
func (o *Operator) CreateUser(ctx context.Context, company db.FindCompanyRow, p Person, plain string) (db.User, error) {
	p.Email = strings.ToLower(strings.TrimSpace(p.Email))
	p.FirstName, p.LastName = strings.TrimSpace(p.FirstName), strings.TrimSpace(p.LastName)
	p.Department = strings.TrimSpace(p.Department)
	if err := checkPerson(p); err != nil {
		return db.User{}, err
	}
	err := password.Check("/password", plain, password.Personal{
		Email: p.Email, FirstName: p.FirstName, LastName: p.LastName, CompanyName: company.Name, CompanySlug: company.Slug,
	})
	if err != nil {
		return db.User{}, err
	}
	hash, err := o.Hasher.Hash(ctx, plain)
	if err != nil {
		return db.User{}, err
	}
	return o.CreateUserWithHash(ctx, company.ID, p, hash)
}

// CreateUserWithHash is CreateUser for a password that was hashed before.
func (o *Operator) CreateUserWithHash(ctx context.Context, company uuid.UUID, p Person, hash string) (db.User, error) {
	id, now := o.Clock.ID(), o.Clock.Now()
	row := db.InsertUserParams{
		CompanyID: company, ID: id, Email: p.Email, PasswordHash: hash, FirstName: p.FirstName, LastName: p.LastName,
		Role: p.Role, Now: now,
	}
	if p.Department != "" {
		row.Department = &p.Department
	}
	var created db.User
	err := o.Store.InTx(ctx, company, func(tx *db.Queries) (err error) {
		if created, err = tx.InsertUser(ctx, row); err != nil {
			return err
		}
		return o.Audit.Record(ctx, tx, company, audit.Entry{
			Action: audit.UserCreated, Resource: audit.User, ID: &id,
			Details: audit.Details{"email": p.Email, "role": p.Role},
		})
	})
	return created, err
}

// ResetPassword gives the user of an email a new password and ends all their sessions; every replica knows within a
// second. A user of a test company is named by its slug besides, which is empty for everybody else.
func (o *Operator) ResetPassword(ctx context.Context, email, test, plain string) error {
	wanted := db.FindAccountParams{Email: strings.ToLower(strings.TrimSpace(email))}
	where := "any live company"
	if test != "" {
		wanted.TestSlug, where = &test, fmt.Sprintf("a test company with the slug %q", test)
	}
	account, err := o.Store.Lookup().FindAccount(ctx, wanted)
	if fault.Is(err, fault.ResourceNotFound) {
		return fault.New(fault.ResourceNotFound).
			With("There is no user with the email %q in %s.", email, where).Because(err)
	}
	if err != nil {
		return err
	}
	me, err := o.Store.Of(account.CompanyID).GetMe(ctx, db.GetMeParams{
		CompanyID: account.CompanyID, ID: account.UserID,
	})
	if err != nil {
		return err
	}
	err = password.Check("/password", plain, password.Personal{
		Email: me.User.Email, FirstName: me.User.FirstName, LastName: me.User.LastName,
		CompanyName: me.CompanyName, CompanySlug: me.CompanySlug,
	})
	if err != nil {
		return err
	}
	hash, err := o.Hasher.Hash(ctx, plain)
	if err != nil {
		return err
	}
	now := o.Clock.Now()
	return o.Store.InTx(ctx, account.CompanyID, func(tx *db.Queries) error {
		if _, err := tx.ResetUserPassword(ctx, db.ResetUserPasswordParams{
			CompanyID: account.CompanyID, ID: account.UserID, PasswordHash: hash, Now: now,
		}); err != nil {
			return err
		}
		if _, err := tx.RevokeUserSessions(ctx, db.RevokeUserSessionsParams{
			CompanyID: account.CompanyID, UserID: account.UserID, Reason: db.SessionEndPasswordChanged, Now: now,
		}); err != nil {
			return err
		}
		return o.Audit.Record(ctx, tx, account.CompanyID, audit.Entry{
			Action: audit.PasswordReset, Resource: audit.User, ID: &account.UserID,
		})
	})
}

// SwitchCompany lets the users of a company sign in, or keeps them from it and ends all their sessions. Its test
// companies go with it, both ways; by itself a test company is not switched, but closed by whoever has opened it.
func (o *Operator) SwitchCompany(ctx context.Context, slug string, active bool) error {
	company, err := o.FindCompany(ctx, slug)
	if err != nil {
		return err
	}
	now := o.Clock.Now()
	return o.Store.InTx(ctx, company.ID, func(tx *db.Queries) error {
		row, err := tx.GetCompanyForUpdate(ctx, company.ID)
		if err != nil {
			return err
		}
		if err := maySwitch(row, active); err != nil {
			return err
		}
		_, err = tx.TransitionCompanyActive(ctx, db.TransitionCompanyActiveParams{
			CompanyID: company.ID, WasActive: !active, Now: now,
		})
		if err != nil {
			return postgres.Guarded(err)
		}
		if active {
			return o.Audit.Record(ctx, tx, company.ID, audit.Entry{
				Action: audit.CompanyReactivated, Resource: audit.Company, ID: &company.ID,
			})
		}
		ended, err := tx.RevokeCompanySessions(ctx, db.RevokeCompanySessionsParams{
			CompanyID: company.ID, Now: now,
		})
		if err != nil {
			return err
		}
		if err := o.endTests(ctx, tx, company.ID, now); err != nil {
			return err
		}
		return o.Audit.Record(ctx, tx, company.ID, audit.Entry{
			Action: audit.CompanyDeactivated, Resource: audit.Company, ID: &company.ID,
			Details: audit.Details{"sessions_ended": ended},
		})
	})
}

// maySwitch decides whether a company can be activated or deactivated.
func maySwitch(row db.Company, active bool) error {
	switch {
	case row.TestOf != nil:
		return fault.New(fault.StateConflict).
			With("A test company goes with the company that has opened it, whose admins can close it.")
	case row.IsActive == active:
		return fault.New(fault.StateConflict).With("The company is in that state already.")
	}
	return nil
}

// endTests ends the sessions in a company's test companies, which it has taken with it. They stay open, and their keys
// good, for when it comes back. The lock is what a sign-in holds while it looks whether its company is live.
func (o *Operator) endTests(ctx context.Context, tx *db.Queries, of uuid.UUID, now time.Time) error {
	const most = 100 // a company has fewer
	tests, err := tx.ListTestCompanies(ctx, db.ListTestCompaniesParams{CompanyID: of, MaxRows: most})
	if err != nil {
		return err
	}
	for _, test := range tests {
		if err := tx.ActFor(ctx, test.ID); err != nil {
			return err
		}
		if _, err := tx.GetCompanyForUpdate(ctx, test.ID); err != nil {
			return err
		}
		_, err := tx.RevokeCompanySessions(ctx, db.RevokeCompanySessionsParams{CompanyID: test.ID, Now: now})
		if err != nil {
			return err
		}
	}
	return tx.ActFor(ctx, of)
}

func checkPerson(p Person) error {
	f := fault.New(fault.RuleViolated)
	if local, _, _ := strings.Cut(p.Email, "@"); !emailForm.MatchString(p.Email) || len(p.Email) > 254 || len(local) > 64 {
		f.Field("/email", "format", "must be an email address")
	}
	for pointer, name := range map[string]string{"/first_name": p.FirstName, "/last_name": p.LastName} {
		if length := len([]rune(name)); length < 1 || length > 100 {
			f.Field(pointer, "length", "must have 1 to 100 characters")
		}
	}
	if len([]rune(p.Department)) > 100 {
		f.Field("/department", "length", "must have at most 100 characters")
	}
	if !p.Role.Valid() {
		f.Field("/role", "enum", "must be employee, team_lead, hr or admin")
	}
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}
