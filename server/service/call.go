package service

import (
	"context"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// Call is what an operation knows about a call besides the request of the specification.
type Call struct {
	// Actor is who calls. It is nobody if the operation is public, but has an Origin in any case.
	Actor access.Actor
	// Query is the query of the URL, encoded.
	Query string
	// Attempt is nil unless the request has an Idempotency-Key.
	Attempt Attempt
	// Rights are those with which the actor calls. They are nil if nothing can end them.
	Rights Rights
}

// Rights are the rights of an actor to call an operation. They end while the call runs if the user is deactivated,
// signed out or gets another role, and if the API key is revoked or loses scopes or jobs.
type Rights interface {
	// Check fails with InvalidToken or PermissionDenied if the call would be refused now. Other replicas may have ended
	// the rights up to a second earlier.
	Check(ctx context.Context) error
	// Confirm is the last statement of a transaction. It, or the commit, fails as Check does. It sees every change that
	// was committed before it, at whatever replica.
	Confirm(ctx context.Context, tx *postgres.Tx) error
}

// CheckRights fails if the rights of the call have ended; see Rights.Check. It is for what takes time before it reads
// or writes; commits check the rights themselves.
func (c Call) CheckRights(ctx context.Context) error {
	if c.Rights == nil {
		return nil
	}
	return c.Rights.Check(ctx)
}

// inTx runs fn in a transaction for the actor's company, and commits it only if the actor has the rights after fn.
func (c Call) inTx(ctx context.Context, store *postgres.Store, fn func(tx *postgres.Tx) error) error {
	return store.InTx(ctx, c.Actor.CompanyID, func(tx *postgres.Tx) error {
		if err := Act(ctx, tx, c.Actor); err != nil {
			return err
		}
		if err := fn(tx); err != nil || c.Rights == nil {
			return err
		}
		return c.Rights.Confirm(ctx, tx)
	})
}

// Act records an actor for the events of a transaction. It must be called before the changes, and is sent together with
// the first of them. Transactions without it have events without an actor. Nobody cannot be recorded.
func Act(ctx context.Context, tx *postgres.Tx, actor access.Actor) error {
	if actor.Kind == "" {
		return nil
	}
	return tx.Later().SetActor(ctx, db.SetActorParams{Kind: string(actor.Kind), ActorID: actor.ID})
}

// lockRetry is the Retry-After for a request that got no lock. It has waited as long already.
const lockRetry = time.Second

// Attempt is the execution of a request that must not be executed twice. Its record is written by the transaction that
// executes the request, so that neither exists without the other.
type Attempt interface {
	// Begin runs first in the transaction. It fails if the request was executed or is being executed by another
	// transaction.
	Begin(ctx context.Context, tx *postgres.Tx) error
	// Record runs last in the transaction, and writes the record of the response.
	Record(ctx context.Context, tx *postgres.Tx, response api.Response) error
	// Committed is called after the commit.
	Committed()
	// Recorded reports whether the response is recorded, and the transaction committed.
	Recorded() bool
}

// Commit runs fn in a transaction for the actor's company, and returns its response. After it returns nil as the error,
// the transaction is committed, together with the record of the response if the call is an attempt. It is committed
// only if the actor still has the rights of the call after fn, which may have waited; otherwise Commit fails as
// Rights.Confirm does.
//
// If a lock was not available in time, the error is ConcurrentRequest.
//
// An operation that changes something calls it once, at its end. What a refusal must leave behind, such as an audit
// entry, is a transaction of its own, by InTx of the store.
func Commit[R api.Response](
	ctx context.Context, store *postgres.Store, call Call, fn func(tx *postgres.Tx) (R, error),
) (response R, err error) {
	err = call.inTx(ctx, store, func(tx *postgres.Tx) error {
		if call.Attempt == nil {
			response, err = fn(tx)
			return err
		}
		if err := call.Attempt.Begin(ctx, tx); err != nil {
			return err
		}
		if response, err = fn(tx); err != nil {
			return err
		}
		return call.Attempt.Record(ctx, tx, response)
	})
	if postgres.LockTimeout(err) {
		err = fault.New(fault.ConcurrentRequest).After(lockRetry).Because(err).With(
			"Another request is changing the same resource, or one that this change depends on. Nothing was changed. " +
				"Repeat the request after the seconds in Retry-After.")
	}
	if err != nil {
		var none R
		return none, err
	}
	if call.Attempt != nil {
		call.Attempt.Committed()
	}
	return response, nil
}
