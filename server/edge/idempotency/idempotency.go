// Package idempotency makes requests safe to repeat. A client gives a request a key of its own choice in the header
// Idempotency-Key. Sent again with the same key, the request gets the same response, and the operation runs once: also
// if both requests arrive at two replicas at the same time, and if a replica dies between commit and response.
//
// The transaction of the operation also writes the record of the response, so that neither exists without the other.
// While that transaction is open it holds an advisory lock of PostgreSQL for the key. The lock ends with the
// transaction, whatever its outcome, so there is nothing to clean up after a crash. Only successes are recorded. A
// failed request has changed nothing, and its key can be used again.
//
// Keys belong to the actor that sent them: the same key of another actor is another key. A record is sealed with a
// secret of the server and with the key, which is not stored, so that a copy of the database reveals neither requests
// nor responses.
package idempotency

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

const (
	// Header is the request header with the client's key.
	Header = "Idempotency-Key"
	// Replayed is the response header of a repeated response.
	Replayed = "Idempotency-Replayed"

	// Lifetime is how long a record is kept.
	Lifetime = 24 * time.Hour

	// retryAfter is the Retry-After while the first request with a key is still running.
	retryAfter = time.Second
	// cleanEvery and cleanBatch bound the deletion of expired records.
	cleanEvery = time.Minute
	cleanBatch = 5_000
)

// Options are what a Keeper needs. All of them are required.
type Options struct {
	Store *postgres.Store
	Clock clock.Source
	Log   *slog.Logger
	// Secrets seal records: the first one seals new records, and all of them open records.
	Secrets [][]byte
}

// Keeper runs requests that carry a key, and keeps the records of their responses.
type Keeper struct{ Options }

// New fails if a dependency or the first secret is missing.
func New(o Options) (*Keeper, error) {
	switch {
	case o.Store == nil:
		return nil, errors.New("idempotency: missing dependency: Store")
	case o.Clock.Now == nil:
		return nil, errors.New("idempotency: missing dependency: Clock")
	case o.Log == nil:
		return nil, errors.New("idempotency: missing dependency: Log")
	case len(o.Secrets) == 0 || len(o.Secrets[0]) == 0:
		return nil, errors.New("idempotency: missing dependency: Secrets")
	}
	return &Keeper{o}, nil
}

// Operation is what Run runs at most once. It writes its response to w.
type Operation func(w http.ResponseWriter, r *http.Request) error

// Run runs an operation for a request that carries a key, or returns the response of the first request with that key;
// replayed says which. The actor must be authenticated and the body bounded. It fails with IdempotencyKeyInUse while
// the first request is running, with IdempotencyKeyReused if that was another request, with IdempotencyRecordLost if
// the record cannot be shown, and otherwise as the operation does.
func (k *Keeper) Run(
	r *http.Request, about Request, operation Operation,
) (response Response, replayed bool, err error) {
	ctx := r.Context()
	actor, fp := access.Of(ctx), take(r, about)
	id := db.GetIdempotencyRecordParams{
		CompanyID: actor.CompanyID, PrincipalID: actor.ID, KeyHash: hashOf(about.Key), Now: k.Clock.Now(),
	}
	record, err := k.Store.Of(actor.CompanyID).GetIdempotencyRecord(ctx, id)
	if fault.Is(err, fault.ResourceNotFound) {
		response, record, err = k.first(r, id, about.Key, fp, operation)
	}
	if record != nil {
		response, err = k.replay(about.Key, record, fp, actor)
		return response, true, err
	}
	return response, false, err
}

// first runs an operation whose key has no record yet. It returns a record instead of a response if the same request
// succeeded in the meantime: because it was faster, or because this one failed on what it had done.
func (k *Keeper) first(
	r *http.Request, id db.GetIdempotencyRecordParams, key string, fp *fingerprint, operation Operation,
) (Response, []byte, error) {
	var faster []byte
	ctx := r.Context()
	inner, unit := k.Store.Unite(ctx, id.CompanyID, func(ctx context.Context, tx *db.Queries) (err error) {
		faster, err = lock(ctx, tx, id)
		return err
	})
	defer unit.End(ctx)
	recorded := &recorder{header: http.Header{}, status: http.StatusOK}
	if err := operation(recorded, r.WithContext(inner)); err != nil {
		if faster == nil {
			err = settle(ctx, unit, err)
			faster = k.recordOf(ctx, id)
		}
		return Response{}, faster, err
	}
	response := recorded.response()
	err := unit.Commit(ctx, func(tx *db.Queries) error {
		sum, err := fp.sum()
		if err != nil {
			return err
		}
		sealed, err := seal(k.Secrets[0], key, record{sum, rightsOf(access.Of(ctx)), response})
		if err != nil {
			return err
		}
		return tx.InsertIdempotencyRecord(ctx, db.InsertIdempotencyRecordParams{
			CompanyID: id.CompanyID, PrincipalID: id.PrincipalID, KeyHash: id.KeyHash, Sealed: sealed,
			Now: id.Now, ExpiresAt: id.Now.Add(Lifetime),
		})
	})
	return response, faster, err
}

// recordOf looks for a record again. It returns nil if there is none, and also if the query fails: then the request
// fails for the reason it had before.
func (k *Keeper) recordOf(ctx context.Context, id db.GetIdempotencyRecordParams) []byte {
	record, err := k.Store.Of(id.CompanyID).GetIdempotencyRecord(ctx, id)
	if err != nil {
		return nil
	}
	return record
}

// lock holds a key until the end of the transaction. It fails with IdempotencyKeyInUse if another transaction holds it,
// or has recorded a response since; then it returns that record as well.
func lock(ctx context.Context, tx *db.Queries, id db.GetIdempotencyRecordParams) ([]byte, error) {
	found, err := tx.HoldIdempotencyKey(ctx, db.HoldIdempotencyKeyParams(id))
	switch {
	case err != nil || len(found) == 0:
		return nil, err
	case found[0] == nil:
		return nil, fault.New(fault.IdempotencyKeyInUse).After(retryAfter)
	}
	return found[0], fault.New(fault.IdempotencyKeyInUse)
}

// replay returns the recorded response, if the request is the same and the actor may still see it.
func (k *Keeper) replay(key string, sealed []byte, fp *fingerprint, actor access.Actor) (Response, error) {
	sum, err := fp.sum()
	if err != nil {
		return Response{}, err
	}
	var reasons []error
	for _, secret := range k.Secrets {
		known, err := open(secret, key, sealed)
		switch {
		case err != nil:
			reasons = append(reasons, err)
			continue
		case known.Sum != sum:
			return Response{}, fault.New(fault.IdempotencyKeyReused)
		case !known.Rights.within(rightsOf(actor)):
			return Response{}, fault.New(fault.IdempotencyRecordLost).
				With("This request succeeded before, and the role or the rights of its sender have changed since.")
		}
		return known.Response, nil
	}
	return Response{}, fault.New(fault.IdempotencyRecordLost).Because(errors.Join(reasons...))
}

// settle ends the transaction of a failed request. A refusal keeps what was written about it, such as an audit entry;
// any other failure is rolled back.
func settle(ctx context.Context, unit *postgres.Unit, failed error) error {
	keep := true
	switch fault.KindOf(failed) { //nolint:exhaustive // all others are refusals
	case fault.Internal, fault.Unavailable:
		keep = false
	}
	if err := unit.Settle(ctx, keep); err != nil {
		return fmt.Errorf("end the transaction of a failed request: %w", err)
	}
	return failed
}

// Clean deletes expired records until the context ends. Every replica does, a bounded number at a time.
func (k *Keeper) Clean(ctx context.Context) {
	tick := time.NewTicker(cleanEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, err := k.Store.Lookup().ForgetIdempotencyRecords(ctx, db.ForgetIdempotencyRecordsParams{
			Before: k.Clock.Now(), AtMost: cleanBatch,
		})
		if err != nil && ctx.Err() == nil {
			k.Log.DebugContext(ctx, "delete expired idempotency records", slog.Any("error", err))
		}
	}
}
