package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// queryError says which query an error belongs to.
type queryError struct {
	sql   string
	cause error
}

func (e *queryError) Error() string { return "query " + queryName(e.sql) + ": " + e.cause.Error() }

func (e *queryError) Unwrap() error { return e.cause }

// queryFailed returns the error of a query with the query's name, as the fault that it means; nil for nil.
func queryFailed(sql string, err error) error {
	if err == nil {
		return nil
	}
	return translate(&queryError{sql, err})
}

// failed is queryFailed for what is not a query.
func failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	return translate(fmt.Errorf("%s: %w", doing, err))
}

// queryName returns the name that sqlc writes into the first line of every query, such as GetUser in "-- name: GetUser
// :one". Other SQL has its first line for a name, up to 40 bytes.
func queryName(sql string) string {
	line, _, _ := strings.Cut(sql, "\n")
	if named, found := strings.CutPrefix(line, "-- name: "); found {
		name, _, _ := strings.Cut(named, " ")
		return name
	}
	return strings.ToValidUTF8(line[:min(len(line), 40)], "")
}

// translate returns the fault that an error of PostgreSQL, or of the connection to it, means for the client. Other
// errors stay as they are; they are defects.
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
	var reported *pgconn.PgError
	if errors.As(err, &reported) {
		return meaning(reported, err)
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

// meaning returns the fault for the violated constraint or the SQLSTATE (PostgreSQL's manual, appendix A).
func meaning(reported *pgconn.PgError, err error) error {
	switch reported.ConstraintName {
	case "users_email_key", "login_emails_pkey":
		return fault.New(fault.EmailTaken).Field("/email", "taken", "belongs to another user").Because(err)
	case "companies_slug_key":
		return fault.New(fault.SlugTaken).Because(err)
	case "candidates_external_id_key":
		return fault.New(fault.ExternalIDTaken).Field("/external_id", "taken", "belongs to another candidate").Because(err)
	case "jobs_external_id_key":
		return fault.New(fault.ExternalIDTaken).Field("/external_id", "taken", "belongs to another job").Because(err)
	case "applications_active_pair_key":
		return fault.New(fault.ApplicationExists).Because(err)
	case "kit_versions_draft_key":
		return fault.New(fault.DraftExists).Because(err)
	case "bookings_overlap":
		return fault.New(fault.ScheduleConflict).Because(err)
	case "scores_live_key":
		return fault.New(fault.ScoreExists).Because(err)
	case "scores_panelist_fkey":
		return fault.New(fault.PanelistHasScore).Because(err)
	}
	switch reported.Code {
	case "40001", "40P01": // serialization failure, deadlock
		return fault.New(fault.ConcurrentRequest).Because(err)
	case lockNotAvailable: // service.Commit has a more precise fault
		return fault.New(fault.Overloaded).After(time.Second).Because(err)
	case "57014": // statement timeout
		return fault.New(fault.Overloaded).After(5 * time.Second).Because(err)
	case readOnly, "42704": // a standby; a role or type that is missing because no migration has run yet
		return down(err)
	case "0A000", "42804", "42P13": // a migration gave a table a column between two steps of the statement
		return down(err)
	}
	for _, class := range []string{"08", "53", "57P"} { // connection, resources, shutdown and start
		if strings.HasPrefix(reported.Code, class) {
			return down(err)
		}
	}
	return err
}

// lockNotAvailable is the SQLSTATE of a wait for a lock that took too long.
const lockNotAvailable = "55P03"

// LockTimeout reports whether an error is that of a wait for a lock of a row, of a table or of an advisory lock that
// took longer than Options.Wait. PostgreSQL does not say which it was.
func LockTimeout(err error) bool {
	var reported *pgconn.PgError
	return errors.As(err, &reported) && reported.Code == lockNotAvailable
}

// Guarded returns the error of an UPDATE or DELETE whose WHERE repeats the state that a decision was based on. If no
// row matched, another request has changed it since, and the error is ConcurrentRequest.
func Guarded(err error) error {
	if fault.Is(err, fault.ResourceNotFound) {
		return fault.New(fault.ConcurrentRequest).Because(err)
	}
	return err
}
