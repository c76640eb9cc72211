package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
)

// The formats of the input of a seal's hash. A format never changes.
const (
	// formatWhole covers every column. Entries without a digest are sealed with it.
	formatWhole = 1
	// formatDigest covers the digest of the payload instead of the payload, which can therefore be erased.
	formatDigest = 2
)

// saltSize is the number of random bytes in the input of a payload's digest.
const saltSize = 32

// formatOf returns the format in which an entry is sealed.
func formatOf(row db.AuditLog) int16 {
	if row.Digest == nil {
		return formatWhole
	}
	return formatDigest
}

// link returns the hash that seals a row in a format. It fails for a format that this version does not know.
func link(format int16, previous []byte, sequence int64, row db.AuditLog) ([]byte, error) {
	switch format {
	case formatWhole:
		return Link(previous, sequence, row), nil
	case formatDigest:
		return LinkDigest(previous, sequence, row), nil
	}
	return nil, fmt.Errorf("audit: seal %d of company %s has the unknown format %d", sequence, row.CompanyID, format)
}

// Link returns the hash that seals a row at a position of the chain in format 1. previous is the hash of the position
// before; nil for the first. The hash covers every column with its length, so that different rows never have the same
// input.
func Link(previous []byte, sequence int64, row db.AuditLog) []byte {
	digest := sha256.New()
	part(digest, previous)
	number(digest, sequence)
	remaining(digest, row)
	part(digest, address(row.IP))
	part(digest, []byte(row.UserAgent))
	part(digest, []byte(row.RequestID))
	part(digest, row.Details)
	return digest.Sum(nil)
}

// LinkDigest is Link in format 2: instead of the payload it covers the payload's digest.
func LinkDigest(previous []byte, sequence int64, row db.AuditLog) []byte {
	digest := sha256.New()
	part(digest, []byte("interviewer audit seal 2"))
	part(digest, previous)
	number(digest, sequence)
	remaining(digest, row)
	part(digest, row.Digest)
	return digest.Sum(nil)
}

// PayloadDigest returns the digest of a row's payload, which cannot be guessed without the salt.
func PayloadDigest(row db.AuditLog) []byte {
	digest := sha256.New()
	digest.Write(payloadHead(row.Salt, row.IP, row.UserAgent, row.RequestID))
	part(digest, row.Details)
	return digest.Sum(nil)
}

// payloadHead is the input of the digest of a payload before the details.
func payloadHead(salt []byte, ip *netip.Addr, userAgent, requestID string) []byte {
	var head []byte
	for _, one := range [][]byte{
		[]byte("interviewer audit payload 1"), salt, address(ip), []byte(userAgent), []byte(requestID),
	} {
		head = append(binary.BigEndian.AppendUint64(head, uint64(len(one))), one...)
	}
	return head
}

// remainingDigest identifies what remains of an erased row that was sealed in format 1, and its seal.
func remainingDigest(sequence int64, sealed []byte, row db.AuditLog) []byte {
	digest := sha256.New()
	part(digest, []byte("interviewer audit remaining 1"))
	number(digest, sequence)
	part(digest, sealed)
	remaining(digest, row)
	return digest.Sum(nil)
}

// remaining adds the columns that an erasure does not change.
func remaining(digest hash.Hash, row db.AuditLog) {
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
}

func number(digest hash.Hash, n int64) {
	part(digest, binary.BigEndian.AppendUint64(nil, uint64(n))) //nolint:gosec // a sequence is positive
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
