// Package operator implements the commands of the operator of an installation, which concern any company: open a
// company, create its first users, activate and deactivate it, and list, deactivate, unlock and change its users. Its
// acts are recorded in the audit log of the company as acts of the system.
package operator

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/password"
	"github.com/ai-interviewer-platform/interviewer/server/messaging/mail"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
	"github.com/ai-interviewer-platform/interviewer/server/worker"
)

var (
	slugForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	// emailForm is the form of email addresses in the API, in lower case. Login accepts no other form.
	emailForm = regexp.MustCompile("^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*" +
		`@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

// Operator acts on any company.
type Operator struct {
	Options

	outbox mail.Outbox
}

// Options are the dependencies of an Operator. All of them are required.
type Options struct {
	Store  *postgres.Store
	Clock  clock.Source
	Audit  *audit.Recorder
	Hasher *password.Hasher
}

// New fails if a dependency is missing.
func New(options Options) (*Operator, error) {
	if err := service.Check("operator", options); err != nil {
		return nil, err
	}
	jobs, err := worker.NewOperator(options.Store.Pool())
	if err != nil {
		return nil, err
	}
	return &Operator{options, mail.Outbox{
		Clock: options.Clock, Enqueue: func(ctx context.Context, tx *postgres.Tx, args mail.Send) error {
			return jobs.Enqueue(ctx, tx, mail.JobKind(), args)
		},
	}}, nil
}

// Person describes a user to create.
type Person struct {
	Email, FirstName, LastName string
	Role                       stored.Role
	// Department may be empty.
	Department string
}

// Companies lists all companies by slug.
func (o *Operator) Companies(ctx context.Context) ([]db.CompanyDirectory, error) {
	return o.Store.Lookup().AllCompanies(ctx)
}

// FindCompany finds a company by its slug or id.
func (o *Operator) FindCompany(ctx context.Context, slug string) (db.FindCompanyRow, error) {
	if id, err := uuid.Parse(slug); err == nil {
		all, err := o.Companies(ctx)
		if err != nil {
			return db.FindCompanyRow{}, err
		}
		for _, one := range all {
			if one.ID == id {
				return db.FindCompanyRow{ID: id, Name: one.Name, Slug: one.Slug, IsActive: one.IsActive}, nil
			}
		}
		return db.FindCompanyRow{}, fault.New(fault.ResourceNotFound).With("No company has the id %s.", id)
	}
	found, err := o.Store.Lookup().FindCompany(ctx, slug)
	if fault.Is(err, fault.ResourceNotFound) {
		return found, fault.New(fault.ResourceNotFound).With("No company has the slug %q.", slug).Because(err)
	}
	return found, err
}

// CreateCompany opens a company. A slug consists of groups of lower-case letters and digits joined by single hyphens,
// has at most 63 characters, and is unique in the installation.
func (o *Operator) CreateCompany(ctx context.Context, name, slug string) (db.Company, error) {
	name = strings.TrimSpace(name)
	f := fault.New(fault.RuleViolated)
	if length := len([]rune(name)); length < 1 || length > 200 {
		f.Field("/name", "length", "must have 1 to 200 characters")
	}
	if !slugForm.MatchString(slug) || len(slug) > 63 {
		f.Field("/slug", "pattern",
			"must be groups of lower-case letters and digits joined by hyphens, with at most 63 characters")
	}
	if len(f.Fields()) > 0 {
		return db.Company{}, f
	}
	id := o.Clock.ID()
	var created db.Company
	err := o.Store.InTx(ctx, id, func(tx *postgres.Tx) (err error) {
		created, err = tx.InsertCompany(ctx, db.InsertCompanyParams{
			CompanyID: id, Name: name, Slug: slug, Now: o.Clock.Now(),
		})
		if err != nil {
			return err
		}
		return o.Audit.Record(ctx, tx, access.System(id), audit.Entry{
			Action: audit.CompanyCreated, Resource: audit.Company, ID: &id,
			Details: audit.Details{"name": name, "slug": slug},
		})
	})
	return created, err
}

// CreateUser creates a user of a company, who must change the password at the first sign-in. It fails with
// PasswordRefused if the password does not meet the rules.
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
	hash, err := o.Hasher.Hash(ctx, password.OfCompany(company.ID), plain)
	if err != nil {
		return db.User{}, err
	}
	return o.insertUser(ctx, company.ID, p, hash, true)
}

// CreateUserWithHash creates a user whose password was hashed already, and who need not change it. It checks neither
// the person nor the password.
func (o *Operator) CreateUserWithHash(ctx context.Context, company uuid.UUID, p Person, hash string) (db.User, error) {
	return o.insertUser(ctx, company, p, hash, false)
}

func (o *Operator) insertUser(
	ctx context.Context, company uuid.UUID, p Person, hash string, changeRequired bool,
) (db.User, error) {
	id, now := o.Clock.ID(), o.Clock.Now()
	row := db.InsertUserParams{
		CompanyID: company, ID: id, Email: p.Email, PasswordHash: hash, FirstName: p.FirstName, LastName: p.LastName,
		Role: p.Role, Language: stored.LanguageEN, PasswordChangeRequired: changeRequired, Now: now,
	}
	if p.Department != "" {
		row.Department = &p.Department
	}
	var created db.User
	err := o.Store.InTx(ctx, company, func(tx *postgres.Tx) (err error) {
		if err := service.Act(ctx, tx, access.System(company)); err != nil {
			return err
		}
		if created, err = tx.InsertUser(ctx, row); err != nil {
			return err
		}
		return o.Audit.Record(ctx, tx, access.System(company), audit.Entry{
			Action: audit.UserCreated, Resource: audit.User, ID: &id,
			Details: audit.Details{"email": p.Email, "role": p.Role},
		})
	})
	return created, err
}

// Account is a user of any company.
type Account struct {
	Company, ID uuid.UUID
	// Throttled is the name under which the attempts to sign in are counted.
	Throttled string
}

// FindAccount finds the user with an email: in any live company or, if company is not empty, in the live or test
// company with that slug or id.
func (o *Operator) FindAccount(ctx context.Context, email, company string) (Account, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	missing := func(where string, err error) error {
		return fault.New(fault.ResourceNotFound).With("No user has the email %q in %s.", email, where).Because(err)
	}
	if company == "" {
		found, err := o.Store.Lookup().FindAccount(ctx, db.FindAccountParams{Email: email})
		if fault.Is(err, fault.ResourceNotFound) {
			err = missing("any live company; --company names a test company", err)
		}
		return Account{found.CompanyID, found.UserID, ratelimit.Account(email, nil)}, err
	}
	within, err := o.FindCompany(ctx, company)
	if err != nil {
		return Account{}, err
	}
	for _, test := range []*string{&within.Slug, nil} {
		found, err := o.Store.Lookup().FindAccount(ctx, db.FindAccountParams{Email: email, TestSlug: test})
		if err == nil && found.CompanyID == within.ID {
			return Account{found.CompanyID, found.UserID, ratelimit.Account(email, test)}, nil
		}
		if err != nil && !fault.Is(err, fault.ResourceNotFound) {
			return Account{}, err
		}
	}
	return Account{}, missing(fmt.Sprintf("the company with the slug %q", within.Slug), nil)
}

// ResetPassword gives a user a new password, which they must change at the next sign-in, and ends all their sessions,
// at every replica within a second.
func (o *Operator) ResetPassword(ctx context.Context, account Account, plain string) error {
	me, err := o.Store.Of(account.Company).GetMe(ctx, db.GetMeParams{
		CompanyID: account.Company, ID: account.ID,
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
	hash, err := o.Hasher.Hash(ctx, password.OfCompany(account.Company), plain)
	if err != nil {
		return err
	}
	now := o.Clock.Now()
	return o.Store.InTx(ctx, account.Company, func(tx *postgres.Tx) error {
		if err := service.Act(ctx, tx, access.System(account.Company)); err != nil {
			return err
		}
		if _, err := tx.ResetUserPassword(ctx, db.ResetUserPasswordParams{
			CompanyID: account.Company, ID: account.ID, PasswordHash: hash, Now: now,
		}); err != nil {
			return err
		}
		if _, err := tx.RevokeUserSessions(ctx, db.RevokeUserSessionsParams{
			CompanyID: account.Company, UserID: account.ID, Reason: stored.RevocationReasonPasswordChanged, Now: now,
		}); err != nil {
			return err
		}
		if err := o.outbox.PasswordChanged(ctx, tx, account.Company, account.ID); err != nil {
			return err
		}
		return o.Audit.Record(ctx, tx, access.System(account.Company), audit.Entry{
			Action: audit.PasswordReset, Resource: audit.User, ID: &account.ID,
		})
	})
}

// SwitchCompany activates or deactivates a company. While it is inactive, its users cannot log in and its API keys are
// refused; deactivation ends all sessions. This includes its test companies, which cannot be switched individually: the
// admins of the company close them.
func (o *Operator) SwitchCompany(ctx context.Context, slug string, active bool) error {
	company, err := o.FindCompany(ctx, slug)
	if err != nil {
		return err
	}
	now := o.Clock.Now()
	return o.Store.InTx(ctx, company.ID, func(tx *postgres.Tx) error {
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
			return o.Audit.Record(ctx, tx, access.System(company.ID), audit.Entry{
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
		return o.Audit.Record(ctx, tx, access.System(company.ID), audit.Entry{
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
			With("A test company is activated and deactivated with the company that opened it. " +
				"An admin of that company can close it.")
	case row.IsActive == active:
		return fault.New(fault.StateConflict).With("The company already is in this state.")
	}
	return nil
}

// endTests ends the sessions of a company's test companies. The test companies stay open and their keys stay valid for
// when the company is activated again. A login holds the lock on its company's row while it checks that the company is
// active, so it either is refused or opens a session that is ended here.
func (o *Operator) endTests(ctx context.Context, tx *postgres.Tx, of uuid.UUID, now time.Time) error {
	const most = 100 // more than a company can have
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
