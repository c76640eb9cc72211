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

// minWord is the shortest part of an email address or name of a company, in letters and digits, that a password is
// searched for: shorter ones occur in good passwords by chance.
const minWord = 4

// commonPasswords has one password per line, in lower case, and begins with a line that says where they come from.
//
//go:embed common.txt
var commonPasswords string

// Personal is what others know about the owner of a password, and would try first. What is empty is not looked for.
type Personal struct {
	Email       string
	FirstName   string
	LastName    string
	CompanyName string
	CompanySlug string
}

// Check decides whether a new password is acceptable. It returns nil, or fault.PasswordRefused with one field for each
// reason, all at the given JSON pointer; the codes of the fields are too_short, too_long, invalid_text, too_common,
// contains_email, contains_company and is_name. No answer repeats the password.
//
// Passwords are held against the list of common ones as a whole, so that a long one may well contain a common one.
// Upper and lower case are the same throughout.
func Check(pointer, plain string, personal Personal) error {
	refused := fault.New(fault.PasswordRefused)
	if n := utf8.RuneCountInString(plain); n < MinLength {
		detail := fmt.Sprintf("must have at least %d characters; it has %d", MinLength, n)
		refused.Field(pointer, "too_short", detail)
	}
	if n := len(plain); n > MaxBytes {
		detail := fmt.Sprintf("must have at most %d bytes in UTF-8; it has %d", MaxBytes, n)
		refused.Field(pointer, "too_long", detail)
	}
	if !utf8.ValidString(plain) || strings.ContainsRune(plain, 0) {
		refused.Field(pointer, "invalid_text", "must be valid UTF-8 without NUL")
	}
	if isCommon(plain) {
		refused.Field(pointer, "too_common", "is among the passwords that are tried first")
	}
	if containsEmail(plain, personal.Email) {
		refused.Field(pointer, "contains_email", "must not contain the email address, nor the part before its @")
	}
	if containsWord(plain, personal.CompanyName) || containsWord(plain, personal.CompanySlug) {
		refused.Field(pointer, "contains_company", "must not contain the company's name or slug")
	}
	if isName(plain, personal.FirstName, personal.LastName) {
		refused.Field(pointer, "is_name", "must be more than the person's name with digits or signs")
	}
	if len(refused.Fields()) == 0 {
		return nil
	}
	return refused
}

// isCommon reads through the whole list: that takes a thousandth of the time of the hashing that follows, and neither
// memory nor time at start.
func isCommon(plain string) bool {
	return strings.Contains(commonPasswords, "\n"+strings.ToLower(plain)+"\n")
}

func containsEmail(plain, email string) bool {
	local, _, _ := strings.Cut(email, "@")
	whole := email != "" && strings.Contains(strings.ToLower(plain), strings.ToLower(email))
	return whole || containsWord(plain, local)
}

// containsWord looks at letters and digits only: neither "Acme-Labs-2031" nor "acmelabs2031" hides "Acme Labs".
func containsWord(plain, word string) bool {
	word = keep(word, lettersAndDigits)
	return utf8.RuneCountInString(word) >= minWord && strings.Contains(keep(plain, lettersAndDigits), word)
}

// isName looks at letters only, and at the whole password: a good one may well contain a name, or be alike by chance.
func isName(plain, first, last string) bool {
	letters, first, last := keep(plain, unicode.IsLetter), keep(first, unicode.IsLetter), keep(last, unicode.IsLetter)
	if letters == "" {
		return false
	}
	return letters == first || letters == last || letters == first+last || letters == last+first
}

func lettersAndDigits(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// keep gives what is left of a text, in lower case, when only the runes of one kind are kept.
func keep(text string, kind func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if kind(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}
