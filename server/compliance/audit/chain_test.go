package audit

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
)

func example() db.AuditLog {
	actor, ip := uuid.MustParse("01980a3e-7b1c-7c7e-8f00-0123456789ab"), netip.MustParseAddr("203.0.113.7")
	return db.AuditLog{
		CompanyID: actor, ID: actor, CreatedAt: time.Date(2026, 1, 5, 9, 30, 0, 1000, time.UTC), ActorType: "user", ActorID: &actor,
		SessionID: &actor, Action: "user.updated", ResourceType: "user", ResourceID: &actor, Outcome: "success", IP: &ip,
		UserAgent: "curl", RequestID: "r", Details: []byte(`{"a": 1}`),
		Salt: bytes.Repeat([]byte{4}, 32), Digest: bytes.Repeat([]byte{5}, 32),
	}
}

// TestLinkCoversEveryColumn changes one column after the other by reflection, so that new columns are included. The
// columns that a format does not cover are listed.
func TestLinkCoversEveryColumn(t *testing.T) {
	t.Parallel()
	for name, format := range map[string]struct {
		link    func(previous []byte, sequence int64, row db.AuditLog) []byte
		ignored []string
	}{
		"format 1": {Link, []string{"Salt", "Digest", "ErasedBy"}},
		"format 2": {LinkDigest, []string{"IP", "UserAgent", "RequestID", "Details", "Salt", "ErasedBy"}},
		"payload": {
			func(_ []byte, _ int64, row db.AuditLog) []byte { return PayloadDigest(row) },
			[]string{
				"CompanyID", "ID", "CreatedAt", "ActorType", "ActorID", "SessionID", "Action", "ResourceType", "ResourceID", "Outcome", "Digest",
				"ErasedBy",
			},
		},
		"remaining": {
			func(previous []byte, sequence int64, row db.AuditLog) []byte {
				return remainingDigest(sequence, previous, row)
			},
			[]string{"IP", "UserAgent", "RequestID", "Details", "Salt", "Digest", "ErasedBy"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			coversColumns(t, name != "payload", format.link, format.ignored)
		})
	}
}

// coversColumns checks that a hash changes with every column except those that it ignores, and with its position.
func coversColumns(
	t *testing.T, hasPosition bool, link func(previous []byte, sequence int64, row db.AuditLog) []byte, ignored []string,
) {
	t.Helper()
	before := bytes.Repeat([]byte{1}, 32)
	reference := link(before, 7, example())
	seen := map[string]string{string(reference): "the reference"}
	differs := func(name string, hash []byte) {
		if other, found := seen[string(hash)]; found {
			t.Errorf("%s has the hash of %s", name, other)
		}
		seen[string(hash)] = name
	}
	if hasPosition {
		differs("another hash before", link(bytes.Repeat([]byte{2}, 32), 7, example()))
		differs("no hash before", link(nil, 7, example()))
		differs("another sequence", link(before, 8, example()))
	}
	id, ip := uuid.New(), netip.MustParseAddr("::1")
	for i := range reflect.TypeFor[db.AuditLog]().NumField() {
		row := example()
		name, field := reflect.TypeFor[db.AuditLog]().Field(i).Name, reflect.ValueOf(&row).Elem().Field(i)
		changed := func(name string, hash []byte) {
			if slices.Contains(ignored, reflect.TypeFor[db.AuditLog]().Field(i).Name) {
				if !bytes.Equal(hash, reference) {
					t.Errorf("%s changes the hash", name)
				}
				return
			}
			differs(name, hash)
		}
		switch was := field.Interface().(type) {
		case uuid.UUID:
			field.Set(reflect.ValueOf(id))
		case *uuid.UUID:
			field.SetZero()
			changed("no "+name, link(before, 7, row))
			field.Set(reflect.ValueOf(&id))
		case time.Time:
			field.Set(reflect.ValueOf(was.Add(time.Microsecond)))
		case *netip.Addr:
			field.SetZero()
			changed("no "+name, link(before, 7, row))
			field.Set(reflect.ValueOf(&ip))
		case json.RawMessage:
			field.SetBytes([]byte(`{"a": 2}`))
		case []byte:
			field.SetZero()
			changed("no "+name, link(before, 7, row))
			field.SetBytes(bytes.Repeat([]byte{3}, 32))
		default:
			field.SetString(field.String() + "x")
		}
		changed("another "+name, link(before, 7, row))
	}
	local := example()
	local.CreatedAt = local.CreatedAt.In(time.FixedZone("elsewhere", 3600))
	if !bytes.Equal(link(before, 7, local), reference) {
		t.Error("the hash depends on the time zone of created_at")
	}
}

// TestLinkIsFrozen compares the hashes with those of earlier versions: chains that exist must still verify.
func TestLinkIsFrozen(t *testing.T) {
	t.Parallel()
	before := bytes.Repeat([]byte{1}, 32)
	for name, test := range map[string]struct {
		got  []byte
		want string
	}{
		"format 1":  {Link(before, 7, example()), "9cc760bc94d6f7d400cd878e7e7870989c405a81d39a1049c2c38f6872beef52"},
		"format 2":  {LinkDigest(before, 7, example()), "8f67797a53fd4b98ff1f7cfacd23a23fac234b17199c312f66b9de13415c496b"},
		"payload":   {PayloadDigest(example()), "08260a093f6ba2b24d77e8746740d224984f81efd321f854da5d03208d5f8778"},
		"remaining": {remainingDigest(7, before, example()), "335471379907bc864cf2b49b809c81b0684644a2980f0bff6839e789a418d62c"},
	} {
		if got := hex.EncodeToString(test.got); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

// FuzzLink moves characters from one column to the next: the hash must change.
func FuzzLink(f *testing.F) {
	f.Add("user.updated", "user", "curl", "r", uint8(3))
	f.Add("", "", "", "", uint8(0))
	f.Fuzz(func(t *testing.T, action, resource, agent, request string, at uint8) {
		row := example()
		row.Action, row.ResourceType, row.UserAgent, row.RequestID = action, resource, agent, request
		joined := action + resource
		border := int(at) % (len(joined) + 1)
		moved := row
		moved.Action, moved.ResourceType = joined[:border], joined[border:]
		if same := moved.Action == action; same != bytes.Equal(Link(nil, 1, row), Link(nil, 1, moved)) {
			t.Errorf("%q|%q and %q|%q: one row %t, one hash %t", action, resource, moved.Action, moved.ResourceType, same, !same)
		}
		swapped := row
		swapped.UserAgent, swapped.RequestID = request, agent
		if same := agent == request; same != bytes.Equal(Link(nil, 1, row), Link(nil, 1, swapped)) {
			t.Errorf("%q and %q swapped: one row %t, one hash %t", agent, request, same, !same)
		}
	})
}

func TestDiff(t *testing.T) {
	t.Parallel()
	got := Diff(
		map[string]any{"same": "a", "text": "a", "cleared": "x", "set": nil, "list": []string{"a b"}, "nil": nil, "word": "<nil>"},
		map[string]any{"same": "a", "text": "b", "cleared": nil, "set": "x", "list": []string{"a", "b"}, "nil": nil, "word": nil},
	)
	want := Details{"changes": map[string]Change{
		"text": {"a", "b"}, "cleared": {"x", nil}, "set": {nil, "x"}, "list": {[]string{"a b"}, []string{"a", "b"}}, "word": {"<nil>", nil},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Diff returns %v, want %v", got, want)
	}
	encoded, err := json.Marshal(Diff(map[string]any{"a": nil}, map[string]any{"a": 1}))
	if string(encoded) != `{"changes":{"a":{"from":null,"to":1}}}` {
		t.Errorf("encoded details = %s (error %v), want %s", encoded, err, `{"changes":{"a":{"from":null,"to":1}}}`)
	}
}

func TestStorableReplacesOnlyNUL(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "plain", "\x00", "a\x00b", `\u0000`, "\\\x00", `\\u0000`, "\\\\\x00\\", "\ufffd"} {
		encoded, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var back string
		if err := json.Unmarshal(storable(encoded), &back); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if want := string(bytes.ReplaceAll([]byte(text), []byte{0}, []byte("\ufffd"))); back != want {
			t.Errorf("%q is stored as %q, want %q", text, back, want)
		}
	}
}
