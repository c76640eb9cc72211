package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// databases are the options of databases with the locales that operators use.
func databases() map[string]string {
	return map[string]string{
		"C":     `TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`,
		"UTF-8": `TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'`,
		"ICU":   `TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR'`,
	}
}

// listed is a kind of resource whose list is searched and sorted by a name or a title.
type listed struct {
	path string
	// insert inserts a resource. Its parameters are the company, the id, the last name and the first name. Resources with a
	// title have both in it.
	insert string
	// sort is the order by name or title.
	sort string
}

// lists has the lists of the specification that can be searched or sorted by a name or a title, by operation.
func lists() map[string]listed {
	return map[string]listed{
		"ListCandidates": {
			"/api/v1/candidates",
			`INSERT INTO candidates (company_id, id, last_name, first_name, created_at, updated_at) VALUES ($1, $2, $3, $4, now(), now())`, "name",
		},
		"ListUsers": {
			"/api/v1/users",
			`INSERT INTO users (company_id, id, last_name, first_name, email, password_hash) VALUES ($1, $2, $3, $4, gen_random_uuid() || '@x.io', '')`, "name",
		},
		"ListJobs": {
			"/api/v1/jobs",
			`INSERT INTO jobs (company_id, id, title, created_at, updated_at) VALUES ($1, $2, $3 || ' ' || $4, now(), now())`, "title",
		},
		"ListKits": {
			"/api/v1/kits",
			`WITH kit AS (INSERT INTO kits (company_id, id, name, created_at, updated_at) VALUES ($1, $2, $3 || ' ' || $4, now(), now()))
			INSERT INTO kit_versions (company_id, id, kit_id, number, created_at, updated_at)
			VALUES ($1, gen_random_uuid(), $2, 1, now(), now())`, "name",
		},
	}
}

// TestEveryListIsInSearchTests fails for a list of the specification with a search or an order by a name or a title that
// these tests do not know.
func TestEveryListIsInSearchTests(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, item := range document.Paths.Map() {
		if item.Get == nil || item.Get.Parameters == nil {
			continue
		}
		if item.Get.Parameters.GetByInAndName("query", "q") != nil || sortsByName(item.Get) {
			found = append(found, item.Get.OperationID)
		}
	}
	slices.Sort(found)
	if want := slices.Sorted(maps.Keys(lists())); !slices.Equal(found, want) {
		t.Errorf("lists with a search or an order by name: got %q, want %q", found, want)
	}
}

func sortsByName(op *openapi3.Operation) bool {
	sort := op.Parameters.GetByInAndName("query", "sort")
	return sort != nil && slices.ContainsFunc(sort.Schema.Value.Enum, func(v any) bool { return v == "name" || v == "title" })
}

// searched is a stored text, a searched one, and whether the first is found by the second.
type searched struct {
	stored, q string
	found     bool
}

func searches() []searched {
	return []searched{
		{"Müller", "muller", true},
		{"Müller", "MÜLLER", true},
		{"Müller", "mu\u0308ller", true},
		{"Mu\u0308ller", "müller", true},
		{"Muller", "Müller", true},
		{"Müller", "moller", false},
		{"Łukasz", "lukasz", true},
		{"Lukasz", "łukasz", true},
		{"Straße", "strasse", true},
		{"STRASSE", "straße", true},
		{"STRA\u1e9eE", "strasse", true},
		{"Straße", "straze", false},
		{"Yıldırım", "yildirim", true},
		{"YILDIRIM", "yıldırım", true},
		{"İstanbul", "istanbul", true},
		{"istanbul", "İSTANBUL", true},
		{"Żółć", "zolc", true},
		{"Sørensen", "sorensen", true},
		{"Æbelø", "aebelo", true},
		{"Aebelo", "ÆBELØ", true},
		{"Åse Ås", "ase", true},
		{"Þórður", "thordur", true},
		{"Œuvre", "oeuvre", true},
		{"ΟΔΥΣΣΕΥΣ", "οδυσσεύς", true},
		{"Οδυσσεύς", "ΟΔΥΣΣΕΥΣ", true},
		{"Οδυσσεύς", "οδυσσευσ", true},
		{"Nguyễn Đặng", "nguyen dang", true},
		{"Nguye\u0302\u0303n", "nguyễn", true},
		{"Nguyễn", "nguyet", false},
		{"软件工程师", "工程", true},
		{"软件工程师", "师", true},
		{"软件工程师", "软件工程师", true},
		{"软件工程师", "师傅", false},
		{"王小明", "小明", true},
		{"Ёлкин", "елкин", true},
		{"ЙОВАНА", "йована", true},
		{"Йована", "йованка", false},
		{"O'Brien", "obrien", true},
		{"O’Brien", "o'brien", true},
		{"O'Brien", "O’BRIEN", true},
		{"O'Brien", "brien", true},
		{"O'Brien", "O`Brien", true},
		{"O`Brien", "o`brien", true},
		{"Anne-Marie", "anne marie", true},
		{"Anne Marie", "anne-marie", true},
		{"Anne Marie", "anne - marie", true},
		{"John Smith", "smith,john", true},
		{"John Smith", "Smith, John", true},
		{"Smith, John", "john smith", true},
		{"Keller, Née Braun", "(née) keller", true},
		{"Keller (née Braun)", "nee keller", true},
		{"Keller (née Braun)", "braun)", true},
		{"John Smith", "“John” «smith»", true},
		{"John Smith", "smith; john?", true},
		{"J Smith", "J. Smith", true},
		{"J. Smith", "J Smith", true},
		{"John Smith", "J. Smith", true},
		{"John Smith", "smith!", true},
		{"John Smith", "[smith]", true},
		{"John Smith", "smith,,jane", false},
		{"John Smith", "smith ... / & john", true},
		{"Engineer C++", "c++", true},
		{"Engineer C++", "engineer c++,", true},
		{"Engineer CC", "c++", false},
		{"Engineer .NET", ".net", true},
		{"Engineer Node.js", "node.js", true},
		{"Team R&D", "r&d", true},
		{"a.b+c_d@x.example", "a.b+c_d@x.example", true},
		{"a.b+c_d@x.example", "<a.b+c_d@x.example>", true},
		{"a.b+cxd@x.example", "a.b+c_d@x.example", false},
		{"Rate 100%", "100%", true},
		{"Rate 1000", "100%", false},
		{"Share A\\B", "a\\b", true},
		{"Share AxB", "a\\b", false},
		{"Share AxB", "a_b", false},
		{"Anna-Lena", "lena anna", true},
		{"Anna Lena", "anna-lena", true},
		{"Anna‑Lena", "anna-lena", true},
		{"Keller Maria Anna", "anna keller", true},
		{"Keller Anna", "KELLER  anna", true},
		{"Keller Anna", "anna kellner", false},
		{"ＡＢＣ", "abc", true},
		{"ﬁnley", "finley", true},
		{"100％ sure", "100%", true},
		{"100 sure", "100％", false},
		{"a_bcd", "a＿bcd", true},
		{"axbcd", "a_bcd", false},
		{`back\slash`, "back＼slash", true},
		{"김철수", "김철", true},
	}
}

// TestSearchFindsText searches stored texts through every list, in databases with different locales.
func TestSearchFindsText(t *testing.T) {
	t.Parallel()
	for name, options := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			installation := testkit.NewIn(t, options)
			acme := installation.Company("acme")
			ids := map[string]uuid.UUID{} // by kind and text
			for operation, list := range lists() {
				for _, s := range searches() {
					if key := operation + s.stored; ids[key] == uuid.Nil {
						ids[key] = uuid.Must(uuid.NewV7())
						installation.Exec(list.insert, acme.ID, ids[key], s.stored, "F")
					}
				}
			}
			client := installation.Replica().SignIn(t, acme.Users[api.RoleHr])
			for operation, list := range lists() {
				for _, s := range searches() {
					t.Run(fmt.Sprintf("%s %s in %s", operation, s.q, s.stored), func(t *testing.T) {
						rows := readList(t, client.In(t), list.path, url.Values{"q": {s.q}, "limit": {"200"}})
						got := slices.ContainsFunc(rows, func(r row) bool { return r.ID == ids[operation+s.stored] })
						if got != s.found {
							t.Errorf("%q finds %q: got %t, want %t", s.q, s.stored, got, s.found)
						}
					})
				}
			}
		})
	}
}

// row is an entry of any list.
type row struct {
	ID uuid.UUID `json:"id"`
}

func readList(t *testing.T, client *testkit.Client, path string, query url.Values) []row {
	t.Helper()
	var all []row
	for {
		var page struct {
			Data       []row   `json:"data"`
			NextCursor *string `json:"next_cursor"`
		}
		body := client.Get(path + "?" + query.Encode()).Expect(http.StatusOK).Body
		if err := json.Unmarshal(body, &page); err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Data...)
		if page.NextCursor == nil {
			return all
		}
		query.Set("cursor", *page.NextCursor)
	}
}

// TestNamesAreSorted sorts names and titles by every list, in databases with different locales, on pages of each size.
func TestNamesAreSorted(t *testing.T) {
	t.Parallel()
	// Last names and first names in alphabetical order.
	names := [][2]string{
		{"Aaland", "F"},
		{"Åberg", "F"},
		{"Adler", "F"},
		{"ÆRØ", "F"},
		{"Anna Lena", "F"},
		{"Anna-Lena", "F"},
		{"Annabel", "F"},
		{"d'Arc", "F"},
		{"Đặng", "F"},
		{"Darcy", "F"},
		{"de la Cruz", "F"},
		{"Delacruz", "F"},
		{"keller", "Adam"},
		{"KELLER", "Berta"},
		{"Keller", "Clara"},
		{"Łuk", "F"},
		{"Lund", "F"},
		{"Müller", "Anna"},
		{"Mu\u0308ller", "Berta"},
		{"Muller", "Clara"},
		{"MÜLLER", "Öde"},
		{"Müller", "Zoe"},
		{"Müllerin", "F"},
		{"O'Brien", "F"},
		{"Oakley", "F"},
		{"Öberg", "F"},
		{"Obrien", "F"},
		{"øre", "F"},
		{"Strasburg", "F"},
		{"Straße", "F"},
		{"Strate", "F"},
		{"Zürn", "F"},
		{"Ωμέγα", "F"},
		{"Яков", "F"},
		{"王", "F"},
	}
	for name, options := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			installation := testkit.NewIn(t, options)
			acme := installation.Company("acme")
			client := installation.Replica().SignIn(t, acme.Users[api.RoleHr])
			for operation, list := range lists() {
				want := make([]uuid.UUID, len(names))
				for n := range names {
					want[n] = uuid.New() // in no order
					installation.Exec(list.insert, acme.ID, want[n], names[n][0], names[n][1])
				}
				for limit := range 7 {
					for _, sort := range []string{list.sort, "-" + list.sort} {
						t.Run(fmt.Sprintf("%s by %s, %d on a page", operation, sort, limit+1), func(t *testing.T) {
							var got []uuid.UUID
							query := url.Values{"sort": {sort}, "limit": {fmt.Sprint(limit + 1)}}
							for _, r := range readList(t, client.In(t), list.path, query) {
								if slices.Contains(want, r.ID) { // users of the company itself are left out
									got = append(got, r.ID)
								}
							}
							want := slices.Clone(want)
							if strings.HasPrefix(sort, "-") {
								slices.Reverse(want)
							}
							if !slices.Equal(got, want) {
								t.Errorf("got %v, want %v", places(got, want), places(want, want))
							}
						})
					}
				}
			}
		})
	}
}

// places returns the places of ids in a list.
func places(ids, list []uuid.UUID) []int {
	found := make([]int, len(ids))
	for i, id := range ids {
		found[i] = slices.Index(list, id)
	}
	return found
}
