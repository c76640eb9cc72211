package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// LookupRole owns the functions that are called before the company of a request is known.
const LookupRole = "interviewer_lookup"

// BackupRole can read every row of every company and change nothing. Backups are made with it.
const BackupRole = "interviewer_backup"

// Roles returns the roles that an installation needs. They belong to the cluster; installations in the same cluster
// share them.
func Roles() []string { return []string{ServiceRole, LookupRole, BackupRole} }

// Unfit is the error of a database that this program cannot work with until its operator changes something. Waiting
// does not help.
type Unfit struct {
	// Problem is a sentence that says what is wrong and what to do.
	Problem string
	// Statements are the SQL statements that do it, in order, without semicolons; nil if no statement does.
	Statements []string

	cause error
}

// Error returns the problem, the cause and the statements, each of these on a line.
func (u *Unfit) Error() string {
	var b strings.Builder
	b.WriteString(u.Problem)
	if u.cause != nil {
		b.WriteString("\n  " + u.cause.Error())
	}
	for _, statement := range u.Statements {
		b.WriteString("\n  " + statement + ";")
	}
	return b.String()
}

func (u *Unfit) Unwrap() error { return u.cause }

// Diagnose returns an Unfit for an error of a connection to a database URL that the server refuses for good: it does
// not know the login, the password, the database or the service's role, or the login may not use that role. Other
// errors are returned as they are; they can pass.
func Diagnose(url string, err error) error {
	var unfit *Unfit
	var said *pgconn.PgError
	if errors.As(err, &unfit) || !errors.As(err, &said) {
		return err
	}
	login, database := "LOGIN", "DATABASE"
	if config, parsing := pgx.ParseConfig(url); parsing == nil {
		login, database = pgx.Identifier{config.User}.Sanitize(), pgx.Identifier{config.Database}.Sanitize()
	}
	switch {
	case strings.HasPrefix(said.Code, "28"): // invalid authorization
		return &Unfit{cause: err, Problem: "The server refuses the login. " +
			"Check user and password in DATABASE_URL and MIGRATION_DATABASE_URL, and pg_hba.conf."}
	case said.Code == "3D000":
		return &Unfit{
			cause: err, Problem: "The database does not exist. Create it as a superuser, or correct the URL.",
			Statements: []string{
				"CREATE DATABASE " + database + " OWNER " + login + " TEMPLATE template0 ENCODING 'UTF8'",
			},
		}
	case said.Code == "42501" && strings.Contains(said.Detail, "CONNECT"):
		return &Unfit{
			cause: err, Problem: "The login may not connect to the database. Permit it as the owner:",
			Statements: []string{"GRANT CONNECT ON DATABASE " + database + " TO " + login},
		}
	case said.Code == "42501": // of the role in the start-up packet
		return &Unfit{
			cause: err, Problem: "The login may not use the role of the service. " +
				"Permit it as a superuser or as the role that migrated the database.",
			Statements: []string{"GRANT " + ServiceRole + " TO " + login},
		}
	case said.Code == "22023" && strings.Contains(said.Message, ServiceRole), said.Code == "42704":
		return &Unfit{cause: err, Problem: "The role " + ServiceRole + " does not exist, so no migration has run in this " +
			"cluster. Run \"interviewer migrate up\", which creates the roles or says which are missing."}
	}
	return err
}

// CheckEncoding returns an Unfit for a database whose encoding is not UTF-8: it cannot store every text, or does not
// check texts at all.
func CheckEncoding(ctx context.Context, in interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
},
) error {
	var name, encoding string
	err := in.QueryRow(ctx, `SELECT quote_ident(datname), pg_encoding_to_char(encoding) FROM pg_database
		WHERE datname = current_database()`).Scan(&name, &encoding)
	if err != nil || encoding == "UTF8" {
		return failed("read the encoding of the database", err)
	}
	return &Unfit{
		Problem: "The database " + name + " has the encoding " + encoding + ", which cannot store every text. " +
			"The service needs UTF8. An encoding cannot be changed: create another database as a superuser, and use it in " +
			"the URLs. Data can be moved with pg_dump and psql.",
		Statements: []string{"CREATE DATABASE interviewer_utf8 TEMPLATE template0 ENCODING 'UTF8'"},
	}
}
