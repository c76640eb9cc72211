package audit

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"reflect"
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
	}
}

// TestLinkCoversEveryColumn changes one column after the other by reflection, so that new columns are included.
func TestLinkCoversEveryColumn(t *testing.T) {
	t.Parallel()
	before := bytes.Repeat([]byte{1}, 32)
	reference := Link(before, 7, example())
	seen := map[string]string{string(reference): "the reference"}
	differs := func(name string, hash []byte) {
		if other, found := seen[string(hash)]; found {
			t.Errorf("%s has the hash of %s", name, other)
		}
		seen[string(hash)] = name
	}
	differs("another hash before", Link(bytes.Repeat([]byte{2}, 32), 7, example()))
	differs("no hash before", Link(nil, 7, example()))
	differs("another sequence", Link(before, 8, example()))
	id, ip := uuid.New(), netip.MustParseAddr("::1")
	for i := range reflect.TypeFor[db.AuditLog]().NumField() {
		row := example()
		name, field := reflect.TypeFor[db.AuditLog]().Field(i).Name, reflect.ValueOf(&row).Elem().Field(i)
		switch was := field.Interface().(type) {
		case uuid.UUID:
			field.Set(reflect.ValueOf(id))
		case *uuid.UUID:
			field.SetZero()
			differs("no "+name, Link(before, 7, row))
			field.Set(reflect.ValueOf(&id))
		case time.Time:
			field.Set(reflect.ValueOf(was.Add(time.Microsecond)))
		case *netip.Addr:
			field.SetZero()
			differs("no "+name, Link(before, 7, row))
			field.Set(reflect.ValueOf(&ip))
		case json.RawMessage:
			field.SetBytes([]byte(`{"a": 2}`))
		default:
			field.SetString(field.String() + "x")
		}
		differs("another "+name, Link(before, 7, row))
	}
	local := example()
	local.CreatedAt = local.CreatedAt.In(time.FixedZone("elsewhere", 3600))
	if !bytes.Equal(Link(before, 7, local), reference) {
		t.Error("the hash depends on the time zone of created_at")
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
