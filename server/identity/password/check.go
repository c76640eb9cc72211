package password

import (
	_ "embed"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// MinLength is the shortest password, in Unicode code points.
const MinLength = 8

// minWord is the minimum length, in letters and digits, of an email address's local part or a company's name for which
// passwords are searched: shorter ones occur in good passwords by chance.
const minWord = 4

// commonPasswords has one password per line, in lower case. Its first line names the source.
//
//go:embed common.txt
var commonPasswords string

// Personal is what others know about the owner of a password and would guess first. Empty fields are ignored.
type Personal struct {
	Email       string
	FirstName   string
	LastName    string
	CompanyName string
	CompanySlug string
}

// Check decides whether a new password is acceptable. It returns nil, or fault.PasswordRefused with one field error per
// reason, all at the given JSON pointer. The codes are too_short, too_long, invalid_text, too_common, contains_email,
// contains_company and is_name. No detail contains the password.
//
// Only whole passwords are looked up in the list of common ones, so a long password may contain a common one. All
// comparisons ignore case. Lengths are those of the normalized form, which is hashed.
func Check(pointer, plain string, personal Personal) error {
	refused := fault.New(fault.PasswordRefused)
	normalized, err := normalize(plain)
	if err == nil {
		plain = normalized
	}
	if n := utf8.RuneCountInString(plain); n < MinLength {
		detail := fmt.Sprintf("must have at least %d characters; it has %d", MinLength, n)
		refused.Field(pointer, "too_short", detail)
	}
	if n := len(plain); n > MaxBytes {
		detail := fmt.Sprintf("must have at most %d bytes in UTF-8; it has %d", MaxBytes, n)
		refused.Field(pointer, "too_long", detail)
	}
	if err != nil && plain != "" {
		refused.Field(pointer, "invalid_text", "must be valid UTF-8 without control characters and unassigned characters")
	}
	if isCommon(plain) {
		refused.Field(pointer, "too_common", "is one of the most common passwords")
	}
	if containsEmail(plain, personal.Email) {
		refused.Field(pointer, "contains_email", "must not contain the email address or the part before its @")
	}
	if containsWord(plain, personal.CompanyName) || containsWord(plain, personal.CompanySlug) {
		refused.Field(pointer, "contains_company", "must not contain the company's name or slug")
	}
	if isName(plain, personal.FirstName, personal.LastName) {
		refused.Field(pointer, "is_name", "must not be the person's name with only digits or symbols added")
	}
	if len(refused.Fields()) == 0 {
		return nil
	}
	return refused
}

// isCommon searches the whole list. This takes a thousandth of the time of the hashing that follows; an index would
// take memory, and time at start.
func isCommon(plain string) bool {
	return strings.Contains(commonPasswords, "\n"+strings.ToLower(plain)+"\n")
}

func containsEmail(plain, email string) bool {
	local, _, _ := strings.Cut(email, "@")
	whole := email != "" && strings.Contains(strings.ToLower(plain), strings.ToLower(email))
	return whole || containsWord(plain, local)
}

// containsWord compares letters and digits only: both "Acme-Labs-2031" and "acmelabs2031" contain "Acme Labs".
func containsWord(plain, word string) bool {
	word = keep(word, lettersAndDigits)
	return utf8.RuneCountInString(word) >= minWord && strings.Contains(keep(plain, lettersAndDigits), word)
}

// isName compares letters only, and only the whole password: a good password may contain a name.
func isName(plain, first, last string) bool {
	letters, first, last := keep(plain, unicode.IsLetter), keep(first, unicode.IsLetter), keep(last, unicode.IsLetter)
	if letters == "" {
		return false
	}
	return letters == first || letters == last || letters == first+last || letters == last+first
}

func lettersAndDigits(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// keep returns the runes of text for which kind is true, in lower case.
func keep(text string, kind func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if kind(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}
