package page_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

type position struct {
	At time.Time
	ID uuid.UUID
}

type query struct {
	Role []string
	Sort string
}

func codec(first byte) page.Codec {
	key := make([]byte, 32)
	key[0] = first
	return page.NewCodec(key)
}

func scope() page.Scope {
	return page.Scope{Company: uuid.UUID{1}, Operation: "ListUsers", Query: query{[]string{"hr"}, "-created_at"}}
}

func TestCursorRoundTrip(t *testing.T) {
	t.Parallel()
	left := position{time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC), uuid.UUID{7}}
	cursor, err := codec(1).Encode(scope(), left)
	if err != nil {
		t.Fatal(err)
	}
	if len(cursor) > 1024 || url.QueryEscape(cursor) != cursor {
		t.Errorf("the cursor %q is too long or must be escaped in a query", cursor)
	}
	var found position
	if err := codec(1).Decode(scope(), cursor, &found); err != nil || found != left {
		t.Errorf("Decode returns %+v, %v, want %+v", found, err, left)
	}
	again, err := codec(1).Encode(scope(), left)
	if err != nil || again != cursor {
		t.Errorf("the same position has another cursor: %q, %v", again, err)
	}
}

func TestDecodeRefusesOtherCursors(t *testing.T) {
	t.Parallel()
	cursor, err := codec(1).Encode(scope(), position{ID: uuid.UUID{7}})
	if err != nil {
		t.Fatal(err)
	}
	company, operation, filter, sort := scope(), scope(), scope(), scope()
	company.Company = uuid.UUID{2}
	operation.Operation = "ListSessions"
	filter.Query = query{[]string{"hr", "admin"}, "-created_at"}
	sort.Query = query{[]string{"hr"}, "created_at"}
	for name, c := range map[string]struct {
		codec  page.Codec
		scope  page.Scope
		cursor string
	}{
		"another key":       {codec(2), scope(), cursor},
		"another company":   {codec(1), company, cursor},
		"another operation": {codec(1), operation, cursor},
		"another filter":    {codec(1), filter, cursor},
		"another order":     {codec(1), sort, cursor},
		"empty":             {codec(1), scope(), ""},
		"too short":         {codec(1), scope(), "AAAA"},
		"only a signature":  {codec(1), scope(), cursor[:21]},
		"cut off":           {codec(1), scope(), cursor[:len(cursor)-1]},
		"made longer":       {codec(1), scope(), cursor + "A"},
		"padded":            {codec(1), scope(), cursor + "="},
		"a line break":      {codec(1), scope(), cursor[:9] + "\n" + cursor[9:]},
		"a space":           {codec(1), scope(), cursor + " "},
		"not base64":        {codec(1), scope(), "ä"},
		"another alphabet":  {codec(1), scope(), strings.Repeat("+/", 40)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var found position
			err := c.codec.Decode(c.scope, c.cursor, &found)
			if !fault.Is(err, fault.InvalidCursor) || found != (position{}) {
				t.Errorf("got %v and %+v, want %s and no position", err, found, fault.InvalidCursor)
			}
		})
	}
}

// TestDecodeRefusesPositionsOfAnotherForm: an earlier release may have signed them for the same list.
func TestDecodeRefusesPositionsOfAnotherForm(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]any{
		"text":          "a text",
		"renamed field": struct{ CreatedAt, ID string }{"2026-01-02T03:04:05Z", uuid.NewString()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cursor, err := codec(1).Encode(scope(), form)
			if err != nil {
				t.Fatal(err)
			}
			if err := codec(1).Decode(scope(), cursor, &position{}); !fault.Is(err, fault.InvalidCursor) {
				t.Errorf("error %v, want the fault InvalidCursor", err)
			}
		})
	}
}

// FuzzDecode checks that only the cursor that was issued is accepted, and that all others are InvalidCursor.
func FuzzDecode(f *testing.F) {
	cursor, err := codec(1).Encode(scope(), position{ID: uuid.UUID{7}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(cursor)
	f.Add("")
	f.Add("garbage")
	f.Add(cursor[:len(cursor)-2] + "AA")
	f.Fuzz(func(t *testing.T, text string) {
		var found position
		err := codec(1).Decode(scope(), text, &found)
		if (err == nil) != (text == cursor) {
			t.Errorf("%q: %v, %+v", text, err, found)
		}
		if err != nil && !fault.Is(err, fault.InvalidCursor) {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func TestLink(t *testing.T) {
	t.Parallel()
	target, err := url.Parse("/api/v1/users?q=%22%3E%2C&cursor=old&role=hr&role=admin")
	if err != nil {
		t.Fatal(err)
	}
	request := &access.Request{Target: target, Query: target.Query()}
	of := func(r *access.Request) context.Context { return access.With(t.Context(), r) }
	link := page.Link(of(request), "new")
	const want = `</api/v1/users?cursor=new&q=%22%3E%2C&role=hr&role=admin>; rel="next"`
	if link == nil || *link != want {
		t.Errorf("the link is %v, want %s", link, want)
	}
	if request.Query.Get("cursor") != "old" {
		t.Errorf("the request's query is changed: %v", request.Query)
	}
	if page.Link(of(request), "") != nil || page.Link(of(&access.Request{}), "new") != nil {
		t.Error("Link returns a link without a next page or without a request")
	}
}

func TestContains(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"reyes": "%reyes%", "100%": `%100\%%`, "a_b": `%a\_b%`, `\`: `%\\%`, `\%_`: `%\\\%\_%`, "": "%%",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if got := page.Contains(text); got != want {
				t.Errorf("the pattern of %q is %q, want %q", text, got, want)
			}
		})
	}
}

// TestReadCutsRows expects the additional row to be cut off, and to be the sign of a next page.
func TestReadCutsRows(t *testing.T) {
	t.Parallel()
	for rows, want := range map[int]struct {
		shown int
		more  bool
	}{0: {0, false}, 2: {2, false}, 3: {3, false}, 4: {3, true}} {
		t.Run(fmt.Sprintf("%d rows", rows), func(t *testing.T) {
			t.Parallel()
			shown, err := page.Read(t.Context(), codec(1), page.List[int, int]{
				Scope: scope(), Limit: new(int32(3)),
				Fetch: func(w page.Window) ([]int, error) {
					if w.MaxRows != 4 {
						t.Errorf("at most %d rows are fetched, want 4", w.MaxRows)
					}
					return make([]int, rows), nil
				},
				Place: func(int) page.Place { return page.Place{ID: uuid.UUID{7}} },
				Show:  page.Each(func(i int) int { return i }),
			})
			if err != nil {
				t.Fatal(err)
			}
			encoded, err := json.Marshal(shown.Body.NextCursor)
			if err != nil {
				t.Fatal(err)
			}
			if len(shown.Body.Data) != want.shown || shown.Body.HasMore != want.more || (string(encoded) != "null") != want.more {
				t.Errorf("%d entries, has_more %t, next_cursor %s", len(shown.Body.Data), shown.Body.HasMore, encoded)
			}
		})
	}
}

// TestReadReturnsEveryEntryOnce follows the cursors of a list from the first page to the last.
func TestReadReturnsEveryEntryOnce(t *testing.T) {
	t.Parallel()
	type entry struct {
		at   time.Time
		name string
		id   uuid.UUID
	}
	var all []entry
	for i := range 7 {
		at := time.Date(2027, 1, 1, 0, 0, i, 123456000, time.UTC)
		all = append(all, entry{at, fmt.Sprintf("%c \x01 ö", 'a'+i), uuid.Must(uuid.NewV7())})
	}
	for name, test := range map[string]struct {
		place func(entry) page.Place
		begin func(page.Window) int
	}{
		"by time": {
			func(e entry) page.Place { return page.At(e.at, e.id) },
			func(w page.Window) int {
				return slices.IndexFunc(all, func(e entry) bool { return e.id == *w.AfterID && e.at.Equal(*w.AfterTime) })
			},
		},
		"by text": {
			func(e entry) page.Place { return page.By(e.name, e.id) },
			func(w page.Window) int {
				return slices.IndexFunc(all, func(e entry) bool { return e.id == *w.AfterID && e.name == *w.AfterText })
			},
		},
		"by id": {
			func(e entry) page.Place { return page.Place{ID: e.id} },
			func(w page.Window) int {
				return slices.IndexFunc(all, func(e entry) bool { return e.id == *w.AfterID })
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := access.With(t.Context(), &access.Request{Target: &url.URL{Path: "/entries", RawQuery: "q=x"}})
			list := page.List[entry, string]{
				Scope: scope(), Limit: new(int32(3)), Place: test.place,
				Show: page.Each(func(e entry) string { return e.name }),
				Fetch: func(w page.Window) ([]entry, error) {
					rest := all
					if w.AfterID != nil {
						rest = all[test.begin(w)+1:]
					}
					return rest[:min(len(rest), int(w.MaxRows))], nil
				},
			}
			var names []string
			for range 3 {
				shown, err := page.Read(ctx, codec(1), list)
				if err != nil {
					t.Fatal(err)
				}
				names = append(names, shown.Body.Data...)
				last := len(names) == len(all)
				if shown.Body.HasMore == last || shown.Body.NextCursor.IsNull() != last || (shown.Link == nil) != last {
					t.Errorf("after %d of %d entries: has_more %t, next_cursor %v, Link %v",
						len(names), len(all), shown.Body.HasMore, shown.Body.NextCursor, shown.Link)
				}
				if !last {
					list.Cursor = new(shown.Body.NextCursor.MustGet())
				}
			}
			if !slices.EqualFunc(names, all, func(name string, e entry) bool { return name == e.name }) {
				t.Errorf("entries %q, want those of %v", names, all)
			}
		})
	}
}

func TestReadOfAnEmptyList(t *testing.T) {
	t.Parallel()
	shown, err := page.Read(t.Context(), codec(1), page.List[int, int]{
		Scope: scope(),
		Fetch: func(w page.Window) ([]int, error) {
			if w != (page.Window{MaxRows: page.DefaultLimit + 1}) {
				t.Errorf("window %+v, want the default limit and no position", w)
			}
			return nil, nil
		},
		Show: page.Each(func(i int) int { return i }),
	})
	if err != nil || shown.Body.Data == nil || shown.Body.HasMore || !shown.Body.NextCursor.IsNull() || shown.Link != nil {
		t.Errorf("page %+v, %v, want an empty last page", shown, err)
	}
}

func TestReadReturnsErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	foreign := scope()
	foreign.Operation = "ListSessions"
	cursor, err := codec(1).Encode(foreign, page.Place{ID: uuid.UUID{7}})
	if err != nil {
		t.Fatal(err)
	}
	rows := func(page.Window) ([]int, error) { return []int{1}, nil }
	show := page.Each(func(i int) int { return i })
	for name, test := range map[string]struct {
		list page.List[int, int]
		want func(error) bool
	}{
		"cursor of another list": {
			page.List[int, int]{Scope: scope(), Cursor: &cursor, Fetch: rows, Show: show},
			func(err error) bool { return fault.Is(err, fault.InvalidCursor) },
		},
		"fetch": {
			page.List[int, int]{Scope: scope(), Fetch: func(page.Window) ([]int, error) { return nil, broken }, Show: show},
			func(err error) bool { return errors.Is(err, broken) },
		},
		"show": {
			page.List[int, int]{
				Scope: scope(), Fetch: rows, Show: page.EachOrError(func(int) (int, error) { return 0, broken }),
			},
			func(err error) bool { return errors.Is(err, broken) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shown, err := page.Read(t.Context(), codec(1), test.list)
			if !test.want(err) || shown.Body.Data != nil {
				t.Errorf("page %+v, error %v", shown, err)
			}
		})
	}
}

func TestSeal(t *testing.T) {
	t.Parallel()
	const content = "a place in a log"
	sealed, err := codec(1).Seal(scope(), []byte(content))
	again, _ := codec(1).Seal(scope(), []byte(content))
	if err != nil || sealed != again || strings.Contains(sealed, content) {
		t.Errorf("got %q and %q, error %v, want the same text twice", sealed, again, err)
	}
	both := page.NewCodec(append(make([]byte, 31), 9), append([]byte{1}, make([]byte, 31)...))
	for name, c := range map[string]page.Codec{"its key": codec(1), "a former key": both} {
		if got, err := c.Open(scope(), sealed); err != nil || string(got) != content {
			t.Errorf("%s: got %q, error %v, want %q", name, got, err, content)
		}
	}
	other := scope()
	other.Company = uuid.UUID{2}
	changed := []byte(sealed)
	changed[len(changed)-2] ^= 1
	for name, attempt := range map[string]struct {
		codec  page.Codec
		scope  page.Scope
		sealed string
	}{
		"another key": {codec(2), scope(), sealed}, "another company": {codec(1), other, sealed}, "a changed text": {codec(1), scope(), string(changed)},
		"a line break": {codec(1), scope(), sealed + "\n"}, "nothing": {codec(1), scope(), ""}, "a short text": {codec(1), scope(), "AAAA"},
	} {
		if got, err := attempt.codec.Open(attempt.scope, attempt.sealed); err == nil {
			t.Errorf("%s: got %q, want an error", name, got)
		}
	}
}
