package postgres

import (
	"database/sql"
	"encoding/binary"
	"reflect"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// copyColumn copies a column into a variable of one of the usual types: texts, also of named types, ids, times, numbers
// and booleans, and pointers to these for columns that can be null. It reports false for everything else, among it null
// for a variable that cannot be, and does nothing then.
//
// It does what pgx does, but pgx plans each conversion for each result.
func copyColumn(field *pgconn.FieldDescription, from []byte, to any) bool {
	switch to := to.(type) {
	case *string:
		return from != nil && copyText(field, from, to)
	case **string:
		return copyOptional(field, from, to, copyText)
	case *uuid.UUID:
		return from != nil && copyID(field, from, to)
	case **uuid.UUID:
		return copyOptional(field, from, to, copyID)
	case *time.Time:
		return from != nil && copyTime(field, from, to)
	case **time.Time:
		return copyOptional(field, from, to, copyTime)
	case *bool:
		return from != nil && copyBool(field, from, to)
	case *int32:
		return from != nil && copyInt32(field, from, to)
	case *int64:
		return from != nil && copyInt64(field, from, to)
	case sql.Scanner, pgtype.TextScanner:
		return false
	}
	isEnum := field.DataTypeOID >= firstUserOID && field.Format == pgtype.TextFormatCode
	if from == nil || !isEnum && !isText(field) {
		return false
	}
	variable := reflect.ValueOf(to)
	if variable.Kind() != reflect.Pointer || variable.IsNil() || variable.Elem().Kind() != reflect.String {
		return false
	}
	variable.Elem().SetString(string(from))
	return true
}

// copyOptional copies a column that can be null.
func copyOptional[T any](
	field *pgconn.FieldDescription, from []byte, to **T, copyValue func(*pgconn.FieldDescription, []byte, *T) bool,
) bool {
	var value T
	switch {
	case from == nil:
		*to = nil
	case copyValue(field, from, &value):
		*to = &value
	default:
		return false
	}
	return true
}

// firstUserOID is the least OID of a type that a migration has created, such as an enum. pgx knows none of them, so it
// asks for their texts.
const firstUserOID = 16_384

// isText reports whether a column is a text, whose bytes are the same in both formats.
func isText(field *pgconn.FieldDescription) bool {
	return field.DataTypeOID == pgtype.TextOID || field.DataTypeOID == pgtype.VarcharOID
}

func copyText(field *pgconn.FieldDescription, from []byte, to *string) bool {
	if !isText(field) && field.Format != pgtype.TextFormatCode {
		return false
	}
	*to = string(from)
	return true
}

// isBinary reports whether a column has a type and a size, and the binary format.
func isBinary(field *pgconn.FieldDescription, from []byte, oid uint32, size int) bool {
	return field.DataTypeOID == oid && field.Format == pgtype.BinaryFormatCode && len(from) == size
}

func copyID(field *pgconn.FieldDescription, from []byte, to *uuid.UUID) bool {
	if !isBinary(field, from, pgtype.UUIDOID, len(to)) {
		return false
	}
	copy(to[:], from)
	return true
}

func copyBool(field *pgconn.FieldDescription, from []byte, to *bool) bool {
	if !isBinary(field, from, pgtype.BoolOID, 1) {
		return false
	}
	*to = from[0] == 1
	return true
}

func copyInt32(field *pgconn.FieldDescription, from []byte, to *int32) bool {
	if !isBinary(field, from, pgtype.Int4OID, 4) { //nolint:mnd // bytes
		return false
	}
	*to = int32(binary.BigEndian.Uint32(from)) //nolint:gosec // the same bits
	return true
}

func copyInt64(field *pgconn.FieldDescription, from []byte, to *int64) bool {
	if !isBinary(field, from, pgtype.Int8OID, 8) { //nolint:mnd // bytes
		return false
	}
	*to = int64(binary.BigEndian.Uint64(from)) //nolint:gosec // the same bits
	return true
}

// epoch is that of PostgreSQL, in microseconds since that of Unix.
const epoch = 946_684_800_000_000

// farTimes are microseconds before and after the epoch beyond which copyTime leaves the time to pgx: infinity, and
// times of other millennia.
const farTimes = 1000 * 365 * 24 * int64(time.Hour/time.Microsecond)

func copyTime(field *pgconn.FieldDescription, from []byte, to *time.Time) bool {
	if !isBinary(field, from, pgtype.TimestamptzOID, 8) { //nolint:mnd // bytes
		return false
	}
	since := int64(binary.BigEndian.Uint64(from)) //nolint:gosec // the same bits
	if since < -farTimes || since > farTimes {
		return false
	}
	*to = time.UnixMicro(epoch + since)
	return true
}
