package testkit

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// maxPages bounds how many pages ListAll reads.
const maxPages = 1000

// Page is one page of a list.
type Page[T any] struct {
	Data       []T     `json:"data"`
	HasMore    bool    `json:"has_more"`
	NextCursor *string `json:"next_cursor"`
}

// List requests one page of the list at a path. It stops the test if the cursor is missing where more rows follow, or
// present where none do.
func List[T any](c *Client, path string, query url.Values) Page[T] {
	c.t.Helper()
	page := Decode[Page[T]](c.Get(path + "?" + query.Encode()).Expect(http.StatusOK))
	if page.HasMore != (page.NextCursor != nil) {
		c.t.Fatalf("GET %s: has_more is %t, but next_cursor is %v", path, page.HasMore, page.NextCursor)
	}
	return page
}

// ListAll requests all pages of the list at a path. It calls each function of between before each page but the first.
func ListAll[T any](c *Client, path string, query url.Values, between ...func()) []T {
	c.t.Helper()
	var all []T
	for range maxPages {
		page := List[T](c, path, query)
		all = append(all, page.Data...)
		if !page.HasMore {
			return all
		}
		query = With(query, url.Values{"cursor": {*page.NextCursor}})
		for _, f := range between {
			f()
		}
	}
	c.t.Fatalf("GET %s: got %d pages, want fewer", path, maxPages)
	return nil
}

// With returns a copy of a query with changed parameters. A parameter without values is removed.
func With(query, changes url.Values) url.Values {
	changed := url.Values{}
	maps.Copy(changed, query)
	for name, values := range changes {
		if changed[name] = values; len(values) == 0 {
			delete(changed, name)
		}
	}
	return changed
}

// IDs returns the fields ID of rows, in their order.
func IDs[T any](rows []T) []uuid.UUID {
	ids := make([]uuid.UUID, len(rows))
	for i := range rows {
		ids[i] = idOf(rows[i])
	}
	return ids
}

func idOf(row any) uuid.UUID { return reflect.ValueOf(row).FieldByName("ID").Interface().(uuid.UUID) }

// CompareNames compares names or titles as lists do: by the Unicode Collation Algorithm, ignoring case and accents.
func CompareNames(a, b string) int {
	return collate.New(language.Und, collate.Loose).CompareString(a, b)
}

// SortOrder returns the comparison that a value of the parameter sort describes. The comparisons of the ascending
// orders are given by name; rows that they find equal are ordered by id.
func SortOrder[T any](sort string, ascending map[string]func(a, b T) int) func(a, b T) int {
	by := ascending[strings.TrimPrefix(sort, "-")]
	return func(a, b T) int {
		c := cmp.Or(by(a, b), strings.Compare(idOf(a).String(), idOf(b).String()))
		if strings.HasPrefix(sort, "-") {
			return -c
		}
		return c
	}
}
