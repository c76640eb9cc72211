// Package idempotency makes it safe to send a request again. A client that gives a request a key of its own choice,
// in the header Idempotency-Key, is answered the same whenever it sends that request with that key, and the act
// happens once: also when two arrive at once at two replicas, and when the service dies between commit and answer.
//
// The record of an answer is written by the transaction of the act itself, so there is neither an act without a
// record nor a record without an act. While that transaction is open it holds an advisory lock of PostgreSQL's for
// the key, which ends with it, however it ends: nothing has to be cleaned up after a crash. Only successes are
// recorded. What failed has changed nothing, and its key may be used again.
//
// Keys belong to whoever sent them: the same key of another caller is another key. What is recorded is sealed with a
// secret of the server and the key itself, which is not kept; a copy of the database shows neither requests nor
// answers.
package idempotency

import (
	"context"
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
	// Header carries a client's key.
	Header = "Idempotency-Key"
	// Replayed says that an answer was given before.
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
	Store *postgres.Store
	Clock clock.Source
	// Secrets seal what is recorded: the first does, all open.
	Secrets [][]byte
}

// Run has act answer a request that carries a key, or gives what it was answered the first time, and says which. The
// request's body must be bounded already, and its caller known.
func (k *Keeper) Run(
	r *http.Request, about Request, act func(w http.ResponseWriter, r *http.Request) error,
) (answer Answer, replayed bool, err error) {
	ctx := r.Context()
	who, key := access.Of(ctx), about.Key
	asked, err := fingerprint(r, about)
	if err != nil {
		return Answer{}, false, err
	}
	id := db.GetIdempotencyRecordParams{
		CompanyID: who.CompanyID, PrincipalID: who.ID, KeyHash: hashOf(key), Now: k.Clock.Now(),
	}
	record, err := k.Store.Of(who.CompanyID).GetIdempotencyRecord(ctx, id)
	if fault.Is(err, fault.ResourceNotFound) {
		answer, record, err = k.do(r, id, key, asked, act)
	}
	if record != nil {
		answer, err = k.open(key, record, asked, who)
		return answer, true, err
	}
	return answer, false, err
}

// do has a request answered that was not answered before. It gives a record instead where the same request has
// succeeded meanwhile: because that was faster, or because it has done what this one therefore failed to do.
func (k *Keeper) do(
	r *http.Request, id db.GetIdempotencyRecordParams, key string, asked *request,
	act func(w http.ResponseWriter, r *http.Request) error,
) (Answer, []byte, error) {
	var faster []byte
	ctx := r.Context()
	inner, unit := k.Store.Unite(ctx, id.CompanyID, func(ctx context.Context, tx *db.Queries) (err error) {
		faster, err = k.hold(ctx, tx, id)
		return err
	})
	defer unit.End(ctx)
	kept := &recorder{header: http.Header{}, status: http.StatusOK}
	if err := act(kept, r.WithContext(inner)); err != nil {
		if faster == nil {
			err = settled(ctx, unit, err)
			faster = k.meanwhile(ctx, id)
		}
		return Answer{}, faster, err
	}
	answer := kept.answer()
	err := unit.Commit(ctx, func(tx *db.Queries) error {
		sum, err := asked.sum()
		if err != nil {
			return err
		}
		sealed, err := seal(k.Secrets[0], key, contents{sum, rightsOf(access.Of(ctx)), answer})
		if err != nil {
			return err
		}
		return tx.InsertIdempotencyRecord(ctx, db.InsertIdempotencyRecordParams{
			CompanyID: id.CompanyID, PrincipalID: id.PrincipalID, KeyHash: id.KeyHash, Sealed: sealed,
			Now: id.Now, ExpiresAt: id.Now.Add(Lifetime),
		})
	})
	return answer, faster, err
}

// meanwhile looks once more for a record, and gives none where it cannot.
func (k *Keeper) meanwhile(ctx context.Context, id db.GetIdempotencyRecordParams) []byte {
	record, err := k.Store.Of(id.CompanyID).GetIdempotencyRecord(ctx, id)
	if err != nil {
		return nil
	}
	return record
}

// hold takes the key until the end of the transaction. It fails where another transaction holds it, and where one was
// faster, whose record it gives.
func (k *Keeper) hold(ctx context.Context, tx *db.Queries, id db.GetIdempotencyRecordParams) ([]byte, error) {
	found, err := tx.HoldIdempotencyKey(ctx, db.HoldIdempotencyKeyParams(id))
	switch {
	case err != nil || len(found) == 0:
		return nil, err
	case found[0] == nil:
		return nil, fault.New(fault.IdempotencyKeyInUse).After(retryAfter)
	}
	return found[0], fault.New(fault.IdempotencyKeyInUse)
}

// open gives the answer that was given the first time, if this is the same request and its sender may still see what
// they could then.
func (k *Keeper) open(key string, record []byte, asked *request, who access.Actor) (Answer, error) {
	sum, err := asked.sum()
	if err != nil {
		return Answer{}, err
	}
	for _, secret := range k.Secrets {
		known, err := open(secret, key, record)
		switch {
		case err != nil:
			continue
		case known.Sum != sum:
			return Answer{}, fault.New(fault.IdempotencyKeyReused)
		case !known.Rights.within(rightsOf(who)):
			return Answer{}, fault.New(fault.IdempotencyRecordLost).
				With("This was done already, and its sender's role or rights are not what they were then.")
		}
		return known.Answer, nil
	}
	return Answer{}, fault.New(fault.IdempotencyRecordLost)
}

// settled ends the unit of a request that has failed. A refusal keeps what was recorded of it; whatever else went wrong
// leaves nothing behind.
func settled(ctx context.Context, unit *postgres.Unit, failed error) error {
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
		_, err := k.Store.Lookup().ForgetIdempotencyRecords(ctx, db.ForgetIdempotencyRecordsParams{
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

// Send answers a request with it.
func (a Answer) Send(w http.ResponseWriter) error {
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.Status)
	_, err := w.Write(a.Body)
	return err
}
