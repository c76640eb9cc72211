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
	"math"
	"net/http"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
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
)

// Options are what a Keeper needs. All of them are required.
type Options struct {
	Store *postgres.Store
	Clock clock.Source
	// Secrets seal records: the first one seals new records, and all of them open records.
	Secrets [][]byte
}

// Keeper runs requests that carry a key, and keeps the records of their responses.
type Keeper struct{ Options }

// New fails if a dependency or the first secret is missing.
func New(o Options) (*Keeper, error) {
	if err := service.Check("idempotency", o); err != nil {
		return nil, err
	}
	if len(o.Secrets[0]) == 0 {
		return nil, errors.New("idempotency: the first secret is empty")
	}
	return &Keeper{o}, nil
}

// Operation is what Run runs at most once. It writes its response to w, and runs its transaction with the attempt.
type Operation func(w http.ResponseWriter, attempt service.Attempt) error

// Run runs an operation for a request of an actor that carries a key, or returns the response of the first request with
// that key; replayed says which. The body must be bounded. It fails with IdempotencyKeyInUse while the first request is
// running, with IdempotencyKeyReused if that was another request, with IdempotencyRecordLost if the record cannot be
// shown, and otherwise as the operation does.
func (k *Keeper) Run(
	r *http.Request, actor access.Actor, about Request, operation Operation,
) (response Response, replayed bool, err error) {
	ctx := r.Context()
	a := &attempt{keeper: k, actor: actor, key: about.Key, sent: take(r, about), id: db.GetIdempotencyRecordParams{
		CompanyID: actor.CompanyID, PrincipalID: actor.ID, KeyHash: hashOf(about.Key), Now: k.Clock.Now(),
	}}
	record, err := k.Store.Of(actor.CompanyID).GetIdempotencyRecord(ctx, a.id)
	if fault.Is(err, fault.ResourceNotFound) {
		response, record, err = k.first(ctx, a, operation)
	}
	if record != nil {
		response, err = k.replay(record, a)
		return response, true, err
	}
	return response, false, err
}

// first runs an operation whose key has no record yet. It returns a record instead of a response if the same request
// succeeded in the meantime: because it was faster, or because this one failed on what it had done.
func (k *Keeper) first(ctx context.Context, a *attempt, operation Operation) (Response, []byte, error) {
	written := newRecorder()
	err := operation(written, a)
	if err == nil && !a.committed {
		err = k.keep(ctx, a, written.response())
	}
	if err != nil {
		if fault.Is(err, fault.InvalidToken) { // the rights of the actor have ended, also to see a record
			return Response{}, nil, err
		}
		return Response{}, k.recordOf(ctx, a.id), err
	}
	return a.response, nil, nil
}

// keep records the response of an operation that changed nothing, and so had no transaction.
func (k *Keeper) keep(ctx context.Context, a *attempt, response Response) error {
	return k.Store.InTx(ctx, a.id.CompanyID, func(tx *postgres.Tx) error {
		if err := a.Begin(ctx, tx); err != nil {
			return err
		}
		return a.insert(ctx, tx, response)
	})
}

// attempt is a service.Attempt of a request.
type attempt struct {
	keeper *Keeper
	actor  access.Actor
	key    string
	sent   *fingerprint
	id     db.GetIdempotencyRecordParams
	// response is what was recorded last; it counts once committed is true.
	response  Response
	committed bool
}

// Begin holds the key until the end of the transaction. It is sent with the first statement of the transaction, which
// fails with IdempotencyKeyInUse if another transaction holds the key, or has recorded a response since.
func (a *attempt) Begin(ctx context.Context, tx *postgres.Tx) error {
	if a.committed {
		return errors.New("idempotency: the attempt has committed, and its response is recorded")
	}
	inUse := func() error { return fault.New(fault.IdempotencyKeyInUse).After(retryAfter) }
	return tx.Require(inUse).RequireIdempotencyKey(ctx, db.RequireIdempotencyKeyParams(a.id))
}

// Record writes the record of a response.
func (a *attempt) Record(ctx context.Context, tx *postgres.Tx, response api.Response) error {
	written := newRecorder()
	if err := response.Respond(written); err != nil {
		return fmt.Errorf("encode the response to record: %w", err)
	}
	return a.insert(ctx, tx, written.response())
}

// Committed notes that the response is recorded.
func (a *attempt) Committed() { a.committed = true }

// Recorded reports whether the response is recorded.
func (a *attempt) Recorded() bool { return a.committed }

func (a *attempt) insert(ctx context.Context, tx *postgres.Tx, response Response) error {
	sum, err := a.sent.sum()
	if err != nil {
		return err
	}
	sealed, err := seal(a.keeper.Secrets[0], a.key, record{sum, rightsOf(a.actor), response})
	if err != nil {
		return err
	}
	a.response = response
	return tx.Later().InsertIdempotencyRecord(ctx, db.InsertIdempotencyRecordParams{
		CompanyID: a.id.CompanyID, PrincipalID: a.id.PrincipalID, KeyHash: a.id.KeyHash, Sealed: sealed,
		Now: a.id.Now, ExpiresAt: a.id.Now.Add(Lifetime),
	})
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

// replay returns the recorded response, if the request is the same and the actor may still see it.
func (k *Keeper) replay(sealed []byte, a *attempt) (Response, error) {
	sum, err := a.sent.sum()
	if err != nil {
		return Response{}, err
	}
	var reasons []error
	for _, secret := range k.Secrets {
		known, err := open(secret, a.key, sealed)
		switch {
		case err != nil:
			reasons = append(reasons, err)
			continue
		case known.Sum != sum:
			return Response{}, fault.New(fault.IdempotencyKeyReused)
		case !known.Rights.within(rightsOf(a.actor)):
			return Response{}, fault.New(fault.IdempotencyRecordLost).
				With("This request succeeded before, and the role or the rights of its sender have changed since.")
		}
		return known.Response, nil
	}
	return Response{}, fault.New(fault.IdempotencyRecordLost).Because(errors.Join(reasons...))
}

// DeleteExpired deletes the records of all companies that expired first, at most so many, and returns their number.
func (k *Keeper) DeleteExpired(ctx context.Context, atMost int) (int64, error) {
	return k.Store.Lookup().DeleteExpiredIdempotencyRecords(ctx, db.DeleteExpiredIdempotencyRecordsParams{
		Before: k.Clock.Now(), AtMost: int32(min(atMost, math.MaxInt32)), //nolint:gosec // bounded on this line
	})
}
