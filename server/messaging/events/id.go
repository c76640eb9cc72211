package events

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

const idPrefix = "evt_"

// idContent is the content of the id of an event: its place in the log. It does not depend on the reader. Ids are
// sealed, because numbers of changes would show how many changes there are that the reader does not see.
type idContent struct {
	History             uint32
	Seconds             int64
	Transaction, Change int64
	// Read is the position among a fixed number of resources. It is 0 for a row of change_targets, which Time, Key and
	// Target, and the type behind the fixed part, identify.
	Read   int8
	Micros int64
	Key    uuid.UUID
	Target uuid.UUID
}

func hashOf(history string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(history))
	return h.Sum32()
}

// scopeOf is the scope of the ids of a company.
func scopeOf(company uuid.UUID) page.Scope { return page.Scope{Company: company, Operation: "event"} }

// eventID returns the id of the event of a target. The parts of its content that a fixed number of resources do not
// need are left out.
func eventID(codec page.Codec, company uuid.UUID, t target, history string) (api.EventID, error) {
	content := idContent{
		History: hashOf(history), Seconds: t.change.CreatedAt.Unix(),
		Transaction: t.change.TransactionID, Change: t.change.ID,
	}
	var encoded bytes.Buffer
	if t.place.Time == nil {
		content.Read = int8(t.place.Read) //nolint:gosec // a change has a few parts
	} else {
		content.Micros, content.Key, content.Target = t.place.Time.UnixMicro(), *t.place.ID, *t.place.Target
	}
	if err := binary.Write(&encoded, binary.BigEndian, content); err != nil {
		return "", err
	}
	if t.place.Time == nil {
		encoded.Truncate(fixedSize)
	} else {
		encoded.WriteString(*t.place.Type)
	}
	sealed, err := codec.Seal(scopeOf(company), encoded.Bytes())
	return idPrefix + sealed, err
}

// fixedSize is the size of the content up to Read.
const fixedSize = 4 + 3*8 + 1

// afterEvent returns the position after an event.
func afterEvent(codec page.Codec, company uuid.UUID, end position, id api.EventID) (position, error) {
	encoded, err := codec.Open(scopeOf(company), strings.TrimPrefix(id, idPrefix))
	if err != nil {
		return position{}, fault.New(fault.MalformedRequest).Because(err).
			Parameter("after", "invalid", "is not the id of an event of this company")
	}
	size := binary.Size(idContent{})
	var content idContent
	padded := append(encoded, make([]byte, max(0, size-len(encoded)))...)
	if err := binary.Read(bytes.NewReader(padded), binary.BigEndian, &content); err != nil {
		return position{}, err
	}
	at := position{
		History: end.History, At: time.Unix(content.Seconds, 0), Transaction: content.Transaction, Change: content.Change - 1,
		Page: &pagePosition{Read: int(content.Read)},
	}
	if content.History != hashOf(end.History) {
		at.History = "" // another one, which is expired
	}
	if content.Read == 0 {
		key, of := time.UnixMicro(content.Micros).UTC(), string(padded[size:])
		at.Page = &pagePosition{Time: &key, ID: &content.Key, Type: &of, Target: &content.Target}
	}
	return at, nil
}
