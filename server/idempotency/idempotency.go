// Package idempotency makes it safe to send a request again. A client that gives a request a key of its own choice, in the
// header Idempotency-Key, is answered the same whenever it sends that request with that key, and the act happens once:
// also when two arrive at once at two replicas, and when the service dies between commit and answer.
//
// The record of an answer is written by the transaction of the act itself, so there is neither an act without a record
// nor a record without an act. While that transaction is open it holds an advisory lock of PostgreSQL's for the key,
// which ends with it, however it ends: nothing has to be cleaned up after a crash. Only successes are recorded. What
// failed has changed nothing, and its key may be used again.
//
// Keys belong to whoever sent them: the same key of another caller is another key. What is recorded is sealed with a
// secret of the server and the key itself, which is not kept; a copy of the database shows neither requests nor answers.
package idempotency

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/caller"
	"github.com/ai-interviewer-platform/interviewer/server/clock"
	"github.com/ai-interviewer-platform/interviewer/server/fault"
	"github.com/ai-interviewer-platform/interviewer/server/store"
)

const (
	// Header carries a client's key, Replayed says that an answer was given before.
	Header   = "Idempotency-Key"
	Replayed = "Idempotency-Replayed"

	// Lifetime is how long an answer is kept.
	Lifetime = 24 * time.Hour

	// retryAfter is when it makes sense to ask again what has become of a request that is under way.
	retryAfter = time.Second
	// forgetEvery and forgetBatch bound the work of deleting what is over.
	forgetEvery = time.Minute
	forgetBatch = 5_000
)

// Keeper answers requests that were answered before, and remembers what those that were not are answered.
type Keeper struct {
	Store   *store.Store
	Queries *db.Queries
	Clock   clock.Source
	// Secrets seal what is recorded: the first does, all open.
	Secrets [][]byte
}

// Run has next answer a request that carries a key, or answers as the first time. The request's body must be bounded
// already, and its caller known. A body that its operation reads as a stream is compared once it was read.
func (k *Keeper) Run(c echo.Context, operation, key string, streams bool, next echo.HandlerFunc) error {
	ctx := c.Request().Context()
	who := caller.Of(ctx)
	asked, err := fingerprint(c.Request(), operation, streams)
	if err != nil {
		return err
	}
	id := db.GetIdempotencyRecordParams{
		CompanyID: who.CompanyID, PrincipalID: who.UserID, KeyHash: hashOf(key), Now: k.Clock.Now(),
	}
	record, err := k.Queries.GetIdempotencyRecord(ctx, k.Store.Of(who.CompanyID), id)
	if err == nil {
		return k.replay(c, key, record, asked)
	}
	if !fault.Is(err, fault.ResourceNotFound) {
		return err
	}
	record = nil
	inner, unit := k.Store.Unite(ctx, who.CompanyID, func(ctx context.Context, tx db.DBTX) error {
		record, err = k.hold(ctx, tx, id)
		return err
	})
	answer, err := answered(c, inner, next)
	switch {
	case record != nil: // another request was faster
		return k.replay(c, key, record, asked)
	case err != nil:
		return k.refused(c, key, id, asked, settled(ctx, unit, err))
	}
	err = unit.Commit(ctx, func(tx db.DBTX) error {
		sum, err := asked.sum()
		if err != nil {
			return err
		}
		sealed, err := seal(k.Secrets[0], key, sum, answer)
		if err != nil {
			return err
		}
		return k.Queries.InsertIdempotencyRecord(ctx, tx, db.InsertIdempotencyRecordParams{
			CompanyID: id.CompanyID, PrincipalID: id.PrincipalID, KeyHash: id.KeyHash, Sealed: sealed,
			Now: id.Now, ExpiresAt: id.Now.Add(Lifetime),
		})
	})
	if record != nil {
		return k.replay(c, key, record, asked)
	}
	if err != nil {
		return err
	}
	return answer.send(c)
}

// hold takes the key until the end of the transaction. It fails where another transaction holds it, and where one was
// faster, whose record it gives.
func (k *Keeper) hold(ctx context.Context, tx db.DBTX, id db.GetIdempotencyRecordParams) ([]byte, error) {
	found, err := k.Queries.HoldIdempotencyKey(ctx, tx, db.HoldIdempotencyKeyParams(id))
	switch {
	case err != nil || len(found) == 0:
		return nil, err
	case found[0] == nil:
		return nil, fault.New(fault.IdempotencyKeyInUse).After(retryAfter)
	}
	return found[0], fault.New(fault.IdempotencyKeyInUse)
}

// replay answers as the first time, if this is the same request.
func (k *Keeper) replay(c echo.Context, key string, record []byte, asked *request) error {
	sum, err := asked.sum()
	if err != nil {
		return err
	}
	for _, secret := range k.Secrets {
		known, answer, err := open(secret, key, record)
		if err != nil {
			continue
		}
		if known != sum {
			return fault.New(fault.IdempotencyKeyReused)
		}
		c.Response().Header().Set(Replayed, "true")
		return answer.send(c)
	}
	return fault.New(fault.IdempotencyRecordLost)
}

// refused answers a request that has failed. Where the same request has succeeded meanwhile, it may have failed because of
// that: what was to be done is done already.
func (k *Keeper) refused(
	c echo.Context, key string, id db.GetIdempotencyRecordParams, asked *request, failed error,
) error {
	record, err := k.Queries.GetIdempotencyRecord(c.Request().Context(), k.Store.Of(id.CompanyID), id)
	if err != nil {
		return failed
	}
	return k.replay(c, key, record, asked)
}

// settled ends the unit of a request that has failed. A refusal keeps what was recorded of it; whatever else went wrong
// leaves nothing behind.
func settled(ctx context.Context, unit *store.Unit, failed error) error {
	keep := true
	switch fault.KindOf(failed) { //nolint:exhaustive // all others are refusals
	case fault.Internal, fault.Unavailable:
		keep = false
	}
	if err := unit.Settle(ctx, keep); err != nil {
		return err
	}
	return failed
}

// Forget deletes what is over, again and again until the context ends. Every replica does, a bounded number at a time.
func (k *Keeper) Forget(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, err := k.Queries.ForgetIdempotencyRecords(ctx, k.Store.Lookup(), db.ForgetIdempotencyRecordsParams{
			Before: k.Clock.Now(), AtMost: forgetBatch,
		})
		if err != nil && ctx.Err() == nil {
			log.DebugContext(ctx, "records of answers could not be deleted", slog.Any("error", err))
		}
	}
}

// Answer is what a request was answered.
type Answer struct {
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
}

// send answers a request with it.
func (a Answer) send(c echo.Context) error {
	header := c.Response().Header()
	for name, values := range a.Header {
		header[name] = values
	}
	c.Response().WriteHeader(a.Status)
	_, err := c.Response().Write(a.Body)
	return err
}

// answered has next answer, within a context, and keeps the answer instead of sending it.
func answered(c echo.Context, ctx context.Context, next echo.HandlerFunc) (Answer, error) { //nolint:revive // c leads
	response, asked := c.Response(), c.Request()
	kept := &recorder{header: http.Header{}, status: http.StatusOK}
	c.SetResponse(echo.NewResponse(kept, c.Echo()))
	c.SetRequest(asked.WithContext(ctx))
	err := next(c)
	c.SetResponse(response)
	c.SetRequest(asked)
	return Answer{kept.status, kept.header, kept.body.Bytes()}, err
}
