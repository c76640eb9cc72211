package postgres

import (
	"context"
	"fmt"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// none is the company of statements that have none as their argument.
var none = uuid.Nil //nolint:gochecknoglobals // a constant

// prepared is what the service keeps with a connection: the statements that the server has described. Only the holder
// of the connection uses it.
type prepared struct {
	// unnamed says that statements are sent with their text, because the next one may reach another session of the server.
	unnamed bool
	known   map[string]*described
	named   int
	// built and company have the arguments of the statement that is being sent.
	built   pgx.ExtendedQueryBuilder
	company [text.IDLength]byte
}

// described is a statement as the server has described it.
type described struct {
	*pgconn.StatementDescription

	// parameters describes the parameters only, because the formats of the results never change.
	parameters pgconn.StatementDescription
	// formats are those of the results.
	formats []int16
}

// preparedKey is its key among the custom data of a connection.
const preparedKey = "interviewer"

func preparedOf(conn *pgx.Conn) *prepared {
	return conn.PgConn().CustomData()[preparedKey].(*prepared) //nolint:forcetypeassert // Open has set it
}

// add adds a statement to a batch. The company is its only argument unless it is none.
func (p *prepared) add(
	ctx context.Context, conn *pgx.Conn, batch *pgconn.Batch, sql string, args []any, company uuid.UUID,
) error {
	d, err := p.describe(ctx, conn, sql)
	if err != nil {
		return err
	}
	var values [][]byte
	var formats []int16
	if company != none {
		values = [][]byte{text.AppendID(p.company[:0], company)}
	} else {
		if err := p.built.Build(conn.TypeMap(), &d.parameters, args); err != nil {
			return err
		}
		values, formats = p.built.ParamValues, p.built.ParamFormats
	}
	if p.unnamed {
		batch.ExecParams(sql, values, d.ParamOIDs, formats, d.formats)
	} else {
		batch.ExecStatement(d.StatementDescription, values, formats, d.formats)
	}
	return nil
}

// describe returns the description of a statement. It prepares a statement that the server does not know yet.
func (p *prepared) describe(ctx context.Context, conn *pgx.Conn, sql string) (*described, error) {
	if known := p.known[sql]; known != nil {
		return known, nil
	}
	name := ""
	if !p.unnamed {
		p.named++ // also if it fails, because the server may know the name then
		name = "s" + strconv.Itoa(p.named)
	}
	description, err := conn.PgConn().Prepare(ctx, name, sql, nil)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	d := &described{
		StatementDescription: description, parameters: pgconn.StatementDescription{ParamOIDs: description.ParamOIDs},
		formats: make([]int16, len(description.Fields)),
	}
	for i, field := range description.Fields {
		d.formats[i] = conn.TypeMap().FormatCodeForOID(field.DataTypeOID)
	}
	p.known[sql] = d
	return d, nil
}

// failed is called after a statement has failed. Descriptions that another session of the server gave are asked for
// again, because a migration may have changed them; a changed statement that is prepared ends the connection.
func (p *prepared) failed() {
	if p.unnamed {
		clear(p.known)
	}
}
