package operator

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// pageSize is how many users one query returns.
const pageSize = 500

// Users calls each with the users of a company, sorted by name.
func (o *Operator) Users(ctx context.Context, company uuid.UUID, each func(db.User) error) error {
	actor := access.System(company)
	query := db.ListUsersParams{
		CompanyID: company, ActorID: actor.ID, Reach: access.ReachAll.String(), Sort: "name", MaxRows: pageSize,
	}
	for {
		users, err := o.Store.Of(company).ListUsers(ctx, query)
		if err != nil {
			return err
		}
		for _, user := range users {
			if err := each(user); err != nil {
				return err
			}
		}
		if len(users) < pageSize {
			return nil
		}
		last := users[len(users)-1]
		place := page.ByName(last.LastName, last.FirstName, last.ID)
		query.AfterText, query.AfterID = place.Text, &place.ID
	}
}

// DeactivateUser ends all sessions of a user and prevents them from signing in. It fails with LastAdmin for the only
// active admin of a company.
func (o *Operator) DeactivateUser(ctx context.Context, account Account) error {
	return o.change(ctx, account, audit.UserDeactivated, func(tx *postgres.Tx, row db.User) (db.User, error) {
		if !row.IsActive {
			return row, fault.New(fault.StateConflict).With("The user already is inactive.")
		}
		now := o.Clock.Now()
		saved, err := tx.TransitionUserActive(ctx, db.TransitionUserActiveParams{
			CompanyID: row.CompanyID, ID: row.ID, WasActive: true, Now: now,
		})
		if err != nil {
			return row, postgres.Guarded(err)
		}
		_, err = tx.RevokeUserSessions(ctx, db.RevokeUserSessionsParams{
			CompanyID: row.CompanyID, UserID: row.ID, Reason: stored.RevocationReasonUserDeactivated, Now: now,
		})
		return saved, err
	})
}

// ReactivateUser permits a deactivated user to sign in again.
func (o *Operator) ReactivateUser(ctx context.Context, account Account) error {
	return o.change(ctx, account, audit.UserReactivated, func(tx *postgres.Tx, row db.User) (db.User, error) {
		if row.IsActive {
			return row, fault.New(fault.StateConflict).With("The user already is active.")
		}
		saved, err := tx.TransitionUserActive(ctx, db.TransitionUserActiveParams{
			CompanyID: row.CompanyID, ID: row.ID, WasActive: false, Now: o.Clock.Now(),
		})
		return saved, postgres.Guarded(err)
	})
}

// ChangeRole gives a user another role. Their sessions continue with it. It fails with LastAdmin for the only active
// admin of a company.
func (o *Operator) ChangeRole(ctx context.Context, account Account, role stored.Role) error {
	if !role.Valid() {
		return fault.New(fault.RuleViolated).Field("/role", "enum", "must be employee, team_lead, hr or admin")
	}
	return o.change(ctx, account, audit.UserRoleChanged, func(tx *postgres.Tx, row db.User) (db.User, error) {
		if row.Role == role {
			return row, fault.New(fault.StateConflict).With("The user already has the role %s.", role)
		}
		now := o.Clock.Now()
		saved, err := tx.TransitionUserRole(ctx, db.TransitionUserRoleParams{
			CompanyID: row.CompanyID, ID: row.ID, WasRole: row.Role, Role: role, Now: now,
		})
		if err != nil {
			return row, postgres.Guarded(err)
		}
		_, err = tx.AdvanceUserSessions(ctx, db.AdvanceUserSessionsParams{CompanyID: row.CompanyID, UserID: row.ID, Now: now})
		return saved, err
	})
}

// change changes a user and records it. It locks the active admins first, as the operations of the API do, so that the
// decision about the last one still holds at the commit.
func (o *Operator) change(
	ctx context.Context, account Account, action audit.Action, write func(*postgres.Tx, db.User) (db.User, error),
) error {
	return o.Store.InTx(ctx, account.Company, func(tx *postgres.Tx) error {
		if err := service.Act(ctx, tx, access.System(account.Company)); err != nil {
			return err
		}
		admins, err := tx.LockActiveAdmins(ctx, db.LockActiveAdminsParams{CompanyID: account.Company, UserID: account.ID})
		if err != nil {
			return err
		}
		row, err := tx.GetUserForUpdate(ctx, db.GetUserForUpdateParams{CompanyID: account.Company, ID: account.ID})
		if err != nil {
			return err
		}
		wasAdmin := row.IsActive && access.Administers(row.Role)
		saved, err := write(tx, row)
		if err != nil {
			return err
		}
		if wasAdmin && (!saved.IsActive || !access.Administers(saved.Role)) && len(admins) < 2 {
			return fault.New(fault.LastAdmin)
		}
		return o.Audit.Record(ctx, tx, access.System(account.Company), audit.Entry{
			Action: action, Resource: audit.User, ID: &account.ID, Details: audit.Diff(attributes(row), attributes(saved)),
		})
	})
}

// attributes are what the changes of this package change.
func attributes(row db.User) map[string]any {
	return map[string]any{"role": row.Role, "is_active": row.IsActive}
}

// Unlock removes the counters of failed attempts to sign in to an account.
func (o *Operator) Unlock(ctx context.Context, account Account, throttle *ratelimit.Throttle) error {
	if err := throttle.Clear(ctx, account.Throttled); err != nil {
		return err
	}
	return o.Store.InTx(ctx, account.Company, func(tx *postgres.Tx) error {
		return o.Audit.Record(ctx, tx, access.System(account.Company), audit.Entry{
			Action: audit.UserUnlocked, Resource: audit.User, ID: &account.ID,
		})
	})
}
