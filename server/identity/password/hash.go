package password

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/secure/precis"
)

// MaxBytes is the longest password, in bytes of UTF-8: bcrypt ignores all later bytes.
const MaxBytes = 72

// maxSurplus is by how much the cost of a stored hash may exceed the Hasher's own. It limits the work that one row of
// the database can cause to four times the usual.
const maxSurplus = 2

var (
	errNUL  = errors.New("the password contains NUL, which bcrypt treats as its end")
	errUTF8 = errors.New("the password is not valid UTF-8")
)

var bcryptForm = regexp.MustCompile(`^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$`)

// Hash returns the bcrypt hash of a normalized password at the Hasher's cost. The group says whose turn it takes; see
// OfCompany and OfEmail. It returns fault.Overloaded if no worker is free in time, and an error that wraps the
// context's if ctx ends first. Passwords that Check refuses for their length in bytes or as invalid text are errors
// here too; callers must check first.
func (h *Hasher) Hash(ctx context.Context, group, plain string) (string, error) {
	plain, err := normalize(plain)
	if err == nil {
		err = hashable(plain)
	}
	if err != nil {
		return "", fmt.Errorf("password: hash: %w", err)
	}
	var hash []byte
	var failure error
	if err := h.do(ctx, group, func() { hash, failure = bcrypt.GenerateFromPassword([]byte(plain), h.cost) }); err != nil {
		return "", err
	}
	if failure != nil {
		return "", fmt.Errorf("password: hash: %w", failure)
	}
	return string(hash), nil
}

// Matches reports whether the stored hash is the hash of the password: of its normalized form or, as releases before
// the normalization stored it, of the password as it is. An empty hash means that the account does not exist: the
// result is false, after the same work. The result is also false, after the same work, for passwords that could never
// have been set and for malformed hashes; malformed hashes are logged. Group and errors are those of Hash.
//
// The work for a stored hash of lower cost is filled up to the Hasher's cost, so that it takes the same time. A hash of
// higher cost takes longer, up to four times; hashes of a still higher cost count as malformed.
func (h *Hasher) Matches(ctx context.Context, group, stored, plain string) (bool, error) {
	hashes, usable := comparisons(stored, h.cost)
	if stored != "" && !usable {
		slog.WarnContext(ctx, "a stored password hash is malformed; no password matches it")
	}
	forms := []string{plain}
	if normalized, err := normalize(plain); err == nil && normalized != plain {
		forms = append(forms, normalized)
	}
	var equal bool
	err := h.do(ctx, group, func() {
		for _, form := range forms {
			candidate := []byte(form[:min(len(form), MaxBytes)])
			equal = bcrypt.CompareHashAndPassword(hashes[0], candidate) == nil && hashable(form) == nil || equal
			for _, filler := range hashes[1:] {
				_ = bcrypt.CompareHashAndPassword(filler, candidate)
			}
		}
	})
	if err != nil {
		return false, err
	}
	return equal && usable, nil
}

// normalize returns the form of a password that is hashed (RFC 8265, profile OpaqueString): in Unicode's form NFC, so
// that composed and decomposed letters are the same password, and with U+0020 for every space. It fails for control
// characters, for characters that Unicode does not assign, and for text that is not UTF-8.
func normalize(plain string) (string, error) {
	if !utf8.ValidString(plain) {
		return "", errUTF8
	}
	return precis.OpaqueString.String(plain)
}

// OfCompany returns the group of requests of a company's users.
func OfCompany(id uuid.UUID) string { return id.String() }

// OfEmail returns the group of sign-ins with an email address: its domain, which users of one company usually share. It
// must not depend on whether the account exists, because waiting would reveal that.
func OfEmail(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// NeedsRehash reports whether a hash should be replaced the next time its password matches, because its cost is lower
// than the Hasher's.
func (h *Hasher) NeedsRehash(stored string) bool {
	cost, readable := costOf(stored)
	return readable && cost < h.cost
}

// hashable returns an error if bcrypt would not distinguish this password from some others.
func hashable(plain string) error {
	switch {
	case len(plain) > MaxBytes:
		return bcrypt.ErrPasswordTooLong
	case strings.ContainsRune(plain, 0):
		return errNUL
	}
	return nil
}

// comparisons returns the hashes to compare a password with, and reports whether the first of them is the stored one,
// whose comparison decides. The others only add work: together all take 2^cost rounds for any stored hash except one of
// higher cost. For a hash of cost c, these are 2^c rounds of its own and 2^c + 2^(c+1) + … + 2^(cost-1) of fillers.
func comparisons(stored string, cost int) (hashes [][]byte, usable bool) {
	own, readable := costOf(stored)
	if !readable || own > cost+maxSurplus {
		return [][]byte{filler(cost)}, false
	}
	hashes = [][]byte{[]byte(stored)}
	for ; own < cost; own++ {
		hashes = append(hashes, filler(own))
	}
	return hashes, true
}

// filler returns a well-formed hash that no password matches. The work of a comparison depends on the cost only, not on
// the salt or the digest, so nothing must be hashed to make one.
func filler(cost int) []byte {
	return fmt.Appendf(nil, "$2a$%02d$%s", cost, strings.Repeat(".", 53))
}

// costOf parses the cost of a bcrypt hash. It is stricter than bcrypt, which detects some malformed hashes only when
// comparing, and then does no work.
func costOf(stored string) (cost int, readable bool) {
	parts := bcryptForm.FindStringSubmatch(stored)
	if parts == nil {
		return 0, false
	}
	cost, err := strconv.Atoi(parts[1])
	return cost, err == nil && cost >= bcrypt.MinCost && cost <= bcrypt.MaxCost
}
