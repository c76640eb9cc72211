package password

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// reasons returns the codes of Check's field errors, all of which must be at the pointer.
func reasons(t *testing.T, pointer string, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var f *fault.Fault
	if !errors.As(err, &f) || f.Code() != fault.PasswordRefused || len(f.Fields()) == 0 {
		t.Fatalf("error = %#v, want %s with reasons", err, fault.PasswordRefused)
	}
	var codes []string
	for _, field := range f.Fields() {
		if field.Pointer != pointer || field.Parameter != "" || field.Detail == "" {
			t.Errorf("field = %+v, want one with a detail at %s", field, pointer)
		}
		codes = append(codes, field.Code)
	}
	return codes
}

func TestCheck(t *testing.T) {
	t.Parallel()
	anna := Personal{
		Email:       "Anna.Meier@acme-labs.example",
		FirstName:   "Anna",
		LastName:    "Meier-Öz",
		CompanyName: "Acme Labs",
		CompanySlug: "acmelabs-berlin",
	}
	short := Personal{Email: "li@ab.io", FirstName: "Li", LastName: "Wu", CompanyName: "3M!", CompanySlug: "3m"}
	email, company, person := []string{"contains_email"}, []string{"contains_company"}, []string{"is_name"}
	tests := map[string]struct {
		plain    string
		personal Personal
		want     []string
	}{
		"good":                             {"correct horse battery", anna, nil},
		"the demo password":                {"SecurePassword123!", anna, nil},
		"no personal data":                 {"correct horse battery", Personal{}, nil},
		"8 characters":                     {"kX9#vQ2m", anna, nil},
		"7 characters":                     {"kX9#vQ2", anna, []string{"too_short"}},
		"8 characters of many bytes":       {"€üß猫🐎é๛ñ", anna, nil},
		"7 characters of many bytes":       {"€üß猫🐎é๛", anna, []string{"too_short"}},
		"empty":                            {"", anna, []string{"too_short"}},
		"blanks are characters":            {"a b c d e", anna, nil},
		"72 bytes":                         {strings.Repeat("aé€", 12), anna, nil},
		"73 bytes":                         {strings.Repeat("aé€", 12) + "b", anna, []string{"too_long"}},
		"72 bytes of 18 characters":        {strings.Repeat("🐎", 18), anna, nil},
		"76 bytes of 19 characters":        {strings.Repeat("🐎", 19), anna, []string{"too_long"}},
		"NUL":                              {"correct\x00horse", anna, []string{"invalid_text"}},
		"not UTF-8":                        {"correct\xffhorse", anna, []string{"invalid_text"}},
		"a control character":              {"correct\thorse", anna, []string{"invalid_text"}},
		"composed to 7 characters":         {"a\u0308o\u0308u\u0308A\u0308O\u0308xy", anna, []string{"too_short"}},
		"composed to 72 bytes":             {strings.Repeat("a\u0308x", 24), anna, nil},
		"common":                           {"iloveyou", anna, []string{"too_common"}},
		"common, in capitals":              {"ILoveYou", anna, []string{"too_common"}},
		"common and short":                 {"qwerty", anna, []string{"too_short", "too_common"}},
		"longer than a common one":         {"iloveyou, my horse", anna, nil},
		"two common ones":                  {"dragon-sunshine", anna, nil},
		"the email":                        {"x anna.meier@acme-labs.example", anna, slices.Concat(email, company)},
		"its local part":                   {"ANNA.MEIER!", anna, email},
		"its local part without the point": {"1annameier1", anna, email},
		"a part of its local part":         {"meier likes tea", anna, nil},
		"the whole of a short email":       {"my LI@AB.IO is", short, email},
		"a short local part":               {"little horse", short, nil},
		"an email without @":               {"xx-hostmaster-xx", Personal{Email: "hostmaster"}, email},
		"the company":                      {"acme labs 2031", anna, company},
		"the company in one word":          {"ACMELABS2031", anna, company},
		"the company with signs":           {"my_acme-labs!", anna, company},
		"a part of the company":            {"the acme of skill", anna, nil},
		"the slug":                         {"in acmelabs-berlin", anna, company},
		"a short company":                  {"tape by 3m, please", short, nil},
		"a company of 4 letters":           {"dienstag-猫猫猫猫", Personal{CompanyName: "猫猫 猫猫"}, company},
		"the first name and digits":        {"Anna-1985", anna, person},
		"the last name and signs":          {"!!MEIERÖZ!!", anna, person},
		"a short name":                     {"wu19851231", short, person},
		"both names":                       {"liwu-1985", short, person},
		"both names, the last first":       {"Wu,Li;1985", short, person},
		"a name among other words":         {"anna likes tea", anna, nil},
		"no letters, no name":              {"8520-7419-6", Personal{}, nil},
		"everything at once": {
			"anna.meier@acme-labs.example\x00" + strings.Repeat("x", 60), anna,
			[]string{"too_long", "invalid_text", "contains_email", "contains_company"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := Check("/user/password", test.plain, test.personal)
			if got := reasons(t, "/user/password", err); !slices.Equal(got, test.want) {
				t.Errorf("reasons = %v, want %v", got, test.want)
			}
		})
	}
}

func TestCheckReportsTheNumberOfBytes(t *testing.T) {
	t.Parallel()
	var f *fault.Fault
	if !errors.As(Check("/password", strings.Repeat("€", 25), Personal{}), &f) {
		t.Fatal("75 bytes were accepted")
	}
	if got, want := f.Fields()[0].Detail, "must have at most 72 bytes in UTF-8; it has 75"; got != want {
		t.Errorf("detail = %q, want %q", got, want)
	}
}

func TestCommonPasswordsList(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSuffix(commonPasswords, "\n"), "\n")[1:]
	if len(lines) != 19640 {
		t.Errorf("common passwords = %d, want 19640", len(lines))
	}
	for i, line := range lines {
		if line == "" || !utf8.ValidString(line) || line != strings.ToLower(strings.TrimSpace(line)) {
			t.Errorf("%q cannot match any password", line)
		}
		if i%100 == 0 || i == len(lines)-1 {
			if !slices.Contains(reasons(t, "", Check("", strings.ToUpper(line), Personal{})), "too_common") {
				t.Errorf("%q is not refused", line)
			}
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("SecurePassword123!", "anna.meier@acme.example", "Anna", "Meier", "Acme Labs", "acme-labs")
	f.Add("annameier1985", "a@b", "Anna", "Meier", "", "")
	f.Add(strings.Repeat("€", 24), "", "", "", "€", "€€€€")
	f.Add("correct\x00horse", "@", "\x00", "\xff", "\xff\xff\xff\xff", "----")
	f.Add("İstanbul\xe2\x82", "ı@ſ", "K", "ß", "ẞẞẞẞ", "ﬀﬀﬀﬀ")
	f.Add("iloveyou\n123456", "", "", "", "", "")
	f.Fuzz(func(t *testing.T, plain, email, first, last, company, slug string) {
		personal := Personal{
			Email: email, FirstName: first, LastName: last, CompanyName: company, CompanySlug: slug,
		}
		err := Check("/p", plain, personal)
		again := reasons(t, "/p", Check("/p", plain, personal))
		if got := reasons(t, "/p", err); !slices.Equal(got, again) {
			t.Errorf("second reasons = %v, want %v as before", again, got)
		}
		if err != nil {
			return
		}
		if utf8.RuneCountInString(plain) < MinLength || !utf8.ValidString(plain) || hashable(plain) != nil {
			t.Errorf("%q was accepted", plain)
		}
		if _, err := bcrypt.GenerateFromPassword([]byte(plain), bcrypt.MinCost); err != nil {
			t.Errorf("bcrypt refuses %q, which was accepted: %v", plain, err)
		}
		if email != "" && strings.Contains(plain, email) {
			t.Errorf("%q was accepted though it contains %q", plain, email)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	personal := Personal{
		Email: "anna.meier@acme.example", FirstName: "Anna", LastName: "Meier",
		CompanyName: "Acme Labs", CompanySlug: "acme-labs",
	}
	for name, plain := range map[string]string{"short": "SecurePassword123!", "long": strings.Repeat("aé€", 12)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := Check("/password", plain, personal); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
