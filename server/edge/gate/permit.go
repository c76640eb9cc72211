package gate

import (
	"context"
	"errors"
	"log/slog"
	"net/url"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// permit decides whether an actor may call the operation. It fails with PermissionDenied or PasswordChangeRequired.
func (op *Operation) permit(actor *access.Actor) error {
	switch {
	case op.Public:
		return nil
	case actor.Kind == access.KindAPIKey:
		if op.UsersOnly == "" && op.permitsKey(*actor) {
			return nil
		}
		return op.denyKey()
	case actor.Restricted && !op.Unrestricted:
		return fault.New(fault.PasswordChangeRequired)
	case actor.Kind == access.KindUser && op.Roles[actor.Role]:
		return nil
	}
	return fault.New(fault.PermissionDenied).With("This needs the permission %s, which the role %s does not have.",
		op.Permission, actor.Role)
}

// permitQuery decides whether an actor may use the query parameters of a request. It fails with PermissionDenied if an
// API key uses a parameter that concerns the user who calls the operation.
func (op *Operation) permitQuery(actor *access.Actor, query url.Values) error {
	if len(op.UsersOnlyQuery) == 0 || actor == nil || actor.Kind != access.KindAPIKey {
		return nil
	}
	for name, instead := range op.UsersOnlyQuery {
		if query.Has(name) {
			return fault.New(fault.PermissionDenied).
				With("API keys cannot use the parameter %s; only users can. %s", name, instead)
		}
	}
	return nil
}

// permitsKey reports whether an API key may call the operation. A scope that the key has, but could not be given any
// more, does not count.
func (op *Operation) permitsKey(actor access.Actor) bool {
	switch op.Keys {
	case KeyReachEvery:
		return true
	case KeyReachJobs:
		return actor.Holds(op.Scope)
	case KeyReachCompany:
		return actor.Key.Jobs == nil && actor.Holds(op.Scope)
	case KeyReachTest:
		return actor.Key.Test && actor.Key.Jobs == nil && actor.Holds(op.Scope)
	}
	return false
}

// denyKey says what an API key would need.
func (op *Operation) denyKey() error {
	f := fault.New(fault.PermissionDenied)
	if op.UsersOnly != "" {
		return f.With("API keys cannot do this; only users can. %s", op.UsersOnly)
	}
	switch op.Keys {
	case KeyReachJobs:
		return f.With("This needs the scope %s, which the key does not have.", op.Scope)
	case KeyReachCompany:
		return f.With("This needs a key for the whole company that has the scope %s.", op.Scope)
	case KeyReachTest:
		return f.With("This needs a key of a test company that has the scope %s and is not limited to jobs.", op.Scope)
	case KeyReachEvery:
	}
	return f.With("API keys cannot do this; only users can.")
}

// recordDenial writes a denial to the audit log. If that fails, it is logged; the actor is refused in either case.
func (g *Gate) recordDenial(ctx context.Context, op *Operation, request *access.Request, denied error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.Timeout)
	defer cancel()
	err := g.Store.InTx(ctx, request.Actor.CompanyID, func(tx *postgres.Tx) error {
		var f *fault.Fault
		errors.As(denied, &f)
		details := audit.Details{
			"operation": op.ID, "code": f.Code(),
			// Escaped, because a path may contain bytes that are not text.
			"path": request.Target.EscapedPath(),
		}
		if f.Code() != fault.CrossSiteRequest { // which is refused before the permission is checked
			details["permission"] = op.Permission
			if request.Actor.Key == nil {
				details["role"] = request.Actor.Role // an API key has none
			}
		}
		return g.Audit.Record(ctx, tx, *request.Actor, audit.Entry{
			Action: audit.AccessDenied, Resource: audit.Operation, Outcome: stored.AuditOutcomeDenied, Details: details,
		})
	})
	if err != nil {
		g.Log.ErrorContext(ctx, "record a denial in the audit log", slog.Any("error", err))
	}
}
