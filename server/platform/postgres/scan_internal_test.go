package postgres

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// kind is a type like those of columns with few values.
type kind string

// column is a value of a type in one of the formats.
type column struct {
	pgconn.FieldDescription

	bytes []byte
}

// encode returns the value as PostgreSQL sends it; nil is null.
func encode(t *testing.T, types *pgtype.Map, oid uint32, format int16, value any) column {
	t.Helper()
	bytes, err := types.Encode(oid, format, value, nil)
	if err != nil {
		t.Fatal(err)
	}
	return column{pgconn.FieldDescription{DataTypeOID: oid, Format: format}, bytes}
}

// TestColumnsAreCopied reads values of all types into variables of all types, and expects what pgx reads where
// copyColumn reads something.
func TestColumnsAreCopied(t *testing.T) {
	t.Parallel()
	types := pgtype.NewMap()
	registerIDs(types)
	id := uuid.MustParse("01980a3e-7b1c-7c7e-8f00-0123456789b1")
	at := time.Date(2026, 11, 30, 19, 30, 0, 123_456_000, time.UTC)
	variables := func() []any {
		return []any{
			new(string), new(*string), new(kind), new(uuid.UUID), new(*uuid.UUID), new(time.Time), new(*time.Time), new(bool),
			new(int32), new(int64), new(*int32), new([]byte), new(float64), new(pgtype.Text),
		}
	}
	copied := map[string]bool{}
	for _, value := range []struct {
		oid    uint32
		values []any
	}{
		{pgtype.TextOID, []any{"", "text", nil}},
		{pgtype.VarcharOID, []any{"varchar"}},
		{100_000, []any{"enum"}},
		{pgtype.UUIDOID, []any{id, nil}},
		{pgtype.TimestamptzOID, []any{
			at, time.Date(1999, 12, 31, 23, 59, 59, 999_999_000, time.UTC), time.Date(3, 1, 1, 0, 0, 0, 0, time.UTC),
			pgtype.Timestamptz{Valid: true, InfinityModifier: pgtype.Infinity},
			nil,
		}},
		{pgtype.TimestampOID, []any{at}},
		{pgtype.BoolOID, []any{true, false, nil}},
		{pgtype.Int4OID, []any{int32(-7), nil}},
		{pgtype.Int8OID, []any{int64(-7), nil}},
		{pgtype.Int2OID, []any{int16(-7)}},
		{pgtype.JSONBOID, []any{"{}"}},
	} {
		for _, one := range value.values {
			for _, format := range []int16{pgtype.TextFormatCode, pgtype.BinaryFormatCode} {
				if value.oid > 10_000 && format == pgtype.BinaryFormatCode {
					continue // pgx asks for the text of types that it does not know
				}
				c := encode(t, types, value.oid, format, one)
				ours, theirs := variables(), variables()
				for i := range ours {
					if !copyColumn(&c.FieldDescription, c.bytes, ours[i]) {
						if !reflect.DeepEqual(ours[i], variables()[i]) {
							t.Errorf("%v of type %d into %T: changed without success", one, value.oid, ours[i])
						}
						continue
					}
					copied[reflect.TypeOf(ours[i]).String()] = true
					err := types.Scan(value.oid, format, c.bytes, theirs[i])
					if err != nil || !reflect.DeepEqual(ours[i], theirs[i]) {
						t.Errorf("%v of type %d, format %d, into %T: got %v, pgx reads %v, %v", one, value.oid, format, ours[i],
							reflect.ValueOf(ours[i]).Elem(), reflect.ValueOf(theirs[i]).Elem(), err)
					}
				}
			}
		}
	}
	for _, variable := range variables()[:10] {
		if name := reflect.TypeOf(variable).String(); !copied[name] {
			t.Errorf("nothing was copied into %s", name)
		}
	}
	binary := encode(t, types, pgtype.UUIDOID, pgtype.BinaryFormatCode, id)
	if copyColumn(&binary.FieldDescription, binary.bytes[:15], new(uuid.UUID)) {
		t.Error("an id of 15 bytes was copied")
	}
}

//nolint:paralleltest // AllocsPerRun counts what other tests allocate
func TestCopyingAllocatesNothing(t *testing.T) {
	types := pgtype.NewMap()
	registerIDs(types)
	id := encode(t, types, pgtype.UUIDOID, pgtype.BinaryFormatCode, uuid.Max)
	at := encode(t, types, pgtype.TimestamptzOID, pgtype.BinaryFormatCode, time.Unix(1_800_000_000, 0))
	var toID uuid.UUID
	var toTime time.Time
	allocated := testing.AllocsPerRun(10, func() {
		if !copyColumn(&id.FieldDescription, id.bytes, &toID) || !copyColumn(&at.FieldDescription, at.bytes, &toTime) {
			t.Error("not copied")
		}
	})
	if allocated != 0 {
		t.Errorf("%v allocations, want 0", allocated)
	}
}
