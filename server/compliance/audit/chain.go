package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
)

// Link returns the hash that seals a row at a position of the chain. previous is the hash of the position before; nil
// for the first. The hash covers every column with its length, so that different rows never have the same input.
func Link(previous []byte, sequence int64, row db.AuditLog) []byte {
	digest := sha256.New()
	part(digest, previous)
	part(digest, binary.BigEndian.AppendUint64(nil, uint64(sequence))) //nolint:gosec // a sequence is positive
	part(digest, row.CompanyID[:])
	part(digest, row.ID[:])
	part(digest, []byte(row.CreatedAt.UTC().Format(time.RFC3339Nano)))
	part(digest, []byte(row.ActorType))
	optional(digest, row.ActorID)
	optional(digest, row.SessionID)
	part(digest, []byte(row.Action))
	part(digest, []byte(row.ResourceType))
	optional(digest, row.ResourceID)
	part(digest, []byte(row.Outcome))
	part(digest, address(row.IP))
	part(digest, []byte(row.UserAgent))
	part(digest, []byte(row.RequestID))
	part(digest, row.Details)
	return digest.Sum(nil)
}

func part(digest hash.Hash, bytes []byte) {
	digest.Write(binary.BigEndian.AppendUint64(nil, uint64(len(bytes))))
	digest.Write(bytes)
}

func optional(digest hash.Hash, id *uuid.UUID) {
	if id == nil {
		part(digest, nil)
		return
	}
	part(digest, id[:])
}

func address(ip *netip.Addr) []byte {
	if ip == nil {
		return nil
	}
	return []byte(ip.String())
}
