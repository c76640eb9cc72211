package postgres

import (
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	pgxuuid "github.com/vgarvardt/pgx-google-uuid/v5"
)

// registerIDs makes a connection read and write ids, and lists of ids, in binary format. Package pgxuuid alone wraps
// each id that is written.
func registerIDs(types *pgtype.Map) {
	pgxuuid.Register(types)
	types.RegisterType(&pgtype.Type{Name: "uuid", OID: pgtype.UUIDOID, Codec: idCodec{}})
}

// idCodec copies ids.
type idCodec struct{ pgxuuid.UUIDCodec }

// PlanEncode implements pgtype.Codec.
func (c idCodec) PlanEncode(types *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if _, ok := value.(uuid.UUID); ok && format == pgtype.BinaryFormatCode {
		return appendID{}
	}
	return c.UUIDCodec.PlanEncode(types, oid, format, value)
}

type appendID struct{}

// Encode implements pgtype.EncodePlan.
func (appendID) Encode(value any, to []byte) ([]byte, error) {
	id := value.(uuid.UUID) //nolint:forcetypeassert // PlanEncode has checked it
	return append(to, id[:]...), nil
}
