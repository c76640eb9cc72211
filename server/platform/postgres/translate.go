package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// translate makes of what PostgreSQL or the way to it says the fault that it means for the caller. An error that has no
// meaning there stays what it is: a defect.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var f *fault.Fault
	if errors.As(err, &f) {
		return err
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.ResourceNotFound).Because(err)
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	var refused *pgconn.ConnectError
	if errors.As(err, &refused) {
		return down(err)
	}
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return meaning(said, err)
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, context.DeadlineExceeded) || pgconn.SafeToRetry(err) ||
		errors.Is(err, pgx.ErrTxCommitRollback) {
		return down(err)
	}
	return err
}

func down(err error) error { return fault.New(fault.DependencyDown).After(time.Second).Because(err) }

// meaning reads SQLSTATE, and the constraint where one was broken (PostgreSQL's manual, appendix A).
func meaning(said *pgconn.PgError, err error) error {
	switch said.ConstraintName {
	case "users_email_key", "login_emails_pkey":
		return fault.New(fault.EmailTaken).Field("/email", "taken", "belongs to another user").Because(err)
	case "companies_slug_key":
		return fault.New(fault.SlugTaken).Because(err)
	case "candidates_external_id_key":
		return fault.New(fault.ExternalIDTaken).Field("/external_id", "taken", "belongs to another candidate").Because(err)
	case "applications_active_pair_key":
		return fault.New(fault.ApplicationExists).Because(err)
	case "kit_versions_draft_key":
		return fault.New(fault.DraftExists).Because(err)
	case "scores_live_key":
		return fault.New(fault.ScoreExists).Because(err)
	case "scores_panelist_fkey":
		return fault.New(fault.PanelistHasScore).Because(err)
	}
	switch said.Code {
	case "40001", "40P01": // serialization failure, deadlock
		return fault.New(fault.ConcurrentRequest).Because(err)
	case "55P03": // a lock was not to be had in time
		return fault.New(fault.Overloaded).After(time.Second).Because(err)
	case "57014": // the statement took too long
		return fault.New(fault.Overloaded).After(5 * time.Second).Because(err)
	case "25006", "42704": // a standby; a role or type that is not there yet because no migration has run
		return down(err)
	}
	for _, class := range []string{"08", "53", "57P"} { // connection, resources, shutdown and start-up
		if strings.HasPrefix(said.Code, class) {
			return down(err)
		}
	}
	return err
}

// Guarded is what an error of a guarded write means: that no row was met says that the row is not any more what was
// decided on, so it is ConcurrentRequest; any other stays what it is.
func Guarded(err error) error {
	if fault.Is(err, fault.ResourceNotFound) {
		return fault.New(fault.ConcurrentRequest)
	}
	return err
}
