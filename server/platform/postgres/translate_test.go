package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

func TestTranslate(t *testing.T) {
	t.Parallel()
	reported := func(code string) error { return fmt.Errorf("wrapped: %w", &pgconn.PgError{Code: code}) }
	broken := func(constraint string) error { return &pgconn.PgError{Code: "23505", ConstraintName: constraint} }
	const defect = fault.Code("")
	for name, test := range map[string]struct {
		err  error
		want fault.Code
	}{
		"no rows":              {pgx.ErrNoRows, fault.ResourceNotFound},
		"email in the company": {broken("users_email_key"), fault.EmailTaken},
		"email anywhere":       {broken("login_emails_pkey"), fault.EmailTaken},
		"slug":                 {broken("companies_slug_key"), fault.SlugTaken},
		"external id":          {broken("candidates_external_id_key"), fault.ExternalIDTaken},
		"active pair":          {broken("applications_active_pair_key"), fault.ApplicationExists},
		"draft of a kit":       {broken("kit_versions_draft_key"), fault.DraftExists},
		"overlapping bookings": {broken("bookings_overlap"), fault.ScheduleConflict},
		"live score":           {broken("scores_live_key"), fault.ScoreExists},
		"panelist of a score":  {broken("scores_panelist_fkey"), fault.PanelistHasScore},
		"another key":          {broken("users_pkey"), defect},
		"foreign key":          {reported("23503"), defect},
		"check":                {reported("23514"), defect},
		"not null":             {reported("23502"), defect},
		"serialization":        {reported("40001"), fault.ConcurrentRequest},
		"deadlock":             {reported("40P01"), fault.ConcurrentRequest},
		"lock timeout":         {reported("55P03"), fault.Overloaded},
		"statement timeout":    {reported("57014"), fault.Overloaded},
		"standby":              {reported("25006"), fault.DependencyDown},
		"no role yet":          {reported("42704"), fault.DependencyDown},
		"changed result":       {reported("0A000"), fault.DependencyDown},
		"changed rows":         {reported("42804"), fault.DependencyDown},
		"changed function":     {reported("42P13"), fault.DependencyDown},
		"connection lost":      {reported("08006"), fault.DependencyDown},
		"too many connections": {reported("53300"), fault.DependencyDown},
		"disk full":            {reported("53100"), fault.DependencyDown},
		"admin shutdown":       {reported("57P01"), fault.DependencyDown},
		"starting up":          {reported("57P03"), fault.DependencyDown},
		"idle too long":        {reported("57P05"), fault.DependencyDown},
		"syntax":               {reported("42601"), defect},
		"permission":           {reported("42501"), defect},
		"bad encoding":         {reported("22021"), defect},
		"EOF":                  {fmt.Errorf("read: %w", io.ErrUnexpectedEOF), fault.DependencyDown},
		"closed":               {net.ErrClosed, fault.DependencyDown},
		"unreachable":          {&net.OpError{Op: "dial", Err: errors.New("refused")}, fault.DependencyDown},
		"deadline":             {context.DeadlineExceeded, fault.DependencyDown},
		"rolled back":          {pgx.ErrTxCommitRollback, fault.DependencyDown},
		"cancelled":            {context.Canceled, defect},
		"a fault":              {fault.New(fault.LastAdmin), fault.LastAdmin},
		"anything else":        {errors.New("else"), defect},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := translate(test.err)
			if !errors.Is(got, test.err) {
				t.Errorf("got %v, want an error that wraps %v", got, test.err)
			}
			if test.want == defect && fault.KindOf(got) != fault.Internal || test.want != defect && !fault.Is(got, test.want) {
				t.Errorf("got %v, want %q", got, test.want)
			}
		})
	}
	if translate(nil) != nil {
		t.Error("nil became an error")
	}
}
