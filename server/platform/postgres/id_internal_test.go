package postgres

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

func TestIDsAreEncoded(t *testing.T) {
	t.Parallel()
	types := pgtype.NewMap()
	registerIDs(types)
	want := uuid.MustParse("01980a3e-7b1c-7c7e-8f00-0123456789b1")

	for name, value := range map[string]any{"an id": want, "an optional id": &want} {
		encoded, err := types.Encode(pgtype.UUIDOID, pgtype.BinaryFormatCode, value, nil)
		if err != nil || string(encoded) != string(want[:]) {
			t.Errorf("%s: got %x, %v", name, encoded, err)
		}
	}
	if encoded, err := types.Encode(pgtype.UUIDOID, pgtype.TextFormatCode, want, nil); err != nil || string(encoded) != want.String() {
		t.Errorf("text: got %s, %v", encoded, err)
	}
	encoded, err := types.Encode(pgtype.UUIDArrayOID, pgtype.BinaryFormatCode, []uuid.UUID{want, uuid.Max}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var list []uuid.UUID
	if err := types.Scan(pgtype.UUIDArrayOID, pgtype.BinaryFormatCode, encoded, &list); err != nil ||
		len(list) != 2 || list[0] != want || list[1] != uuid.Max {
		t.Errorf("list: got %v, %v", list, err)
	}
}
