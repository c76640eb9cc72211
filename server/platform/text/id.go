package text

import (
	"encoding/hex"

	"github.com/google/uuid"
)

// IDLength is the length of the text of an id.
const IDLength = len("00000000-0000-0000-0000-000000000000")

// AppendID appends the text of an id. Unlike its method String, it does not allocate if there is room.
func AppendID(to []byte, id uuid.UUID) []byte {
	for i, part := range [...][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			to = append(to, '-')
		}
		to = hex.AppendEncode(to, part)
	}
	return to
}
