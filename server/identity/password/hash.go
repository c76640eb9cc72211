package password

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// MaxBytes is the longest password in bytes of UTF-8: bcrypt does not look at what comes after them.
const MaxBytes = 72

// maxSurplus is by how much the cost of a stored hash may exceed the gate's own. It bounds what one row of the database
// can demand of a worker to four times the usual.
const maxSurplus = 2

var errNUL = errors.New("the password contains a NUL, which bcrypt cannot tell from its end")

var bcryptForm = regexp.MustCompile(`^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$`)

// Hash gives the bcrypt hash of a password at the gate's cost. It returns fault.Overloaded where no worker is free in
// time, and an error that wraps the context's where the caller leaves first. A password that Check refuses for its
// length in bytes or for a NUL is an error here as well, and a defect of the caller.
func (g *Gate) Hash(ctx context.Context, plain string) (string, error) {
	if err := hashable(plain); err != nil {
		return "", fmt.Errorf("password: hash: %w", err)
	}
	var hash []byte
	var failure error
	if err := g.do(ctx, func() { hash, failure = bcrypt.GenerateFromPassword([]byte(plain), g.cost) }); err != nil {
		return "", err
	}
	if failure != nil {
		return "", fmt.Errorf("password: hash: %w", failure)
	}
	return string(hash), nil
}

// Matches reports whether the stored hash is that of the password. No hash ("") means that there is no such account:
// the answer is false, after the same work. So it is for a password that could never have been set, and for a hash that
// cannot be read, which is logged as well. Errors are those of the gate, as of Hash.
//
// A stored hash of lower cost is topped up to the gate's cost, so it answers no faster. One of higher cost cannot be
// hidden: it takes up to four times as long, and beyond that it counts as unreadable.
func (g *Gate) Matches(ctx context.Context, stored, plain string) (bool, error) {
	hashes, usable := comparisons(stored, g.cost)
	if stored != "" && !usable {
		slog.WarnContext(ctx, "a stored password hash cannot be used: no password will match it")
	}
	candidate := []byte(plain[:min(len(plain), MaxBytes)])
	var equal bool
	err := g.do(ctx, func() {
		equal = bcrypt.CompareHashAndPassword(hashes[0], candidate) == nil
		for _, filler := range hashes[1:] {
			_ = bcrypt.CompareHashAndPassword(filler, candidate)
		}
	})
	if err != nil {
		return false, err
	}
	return equal && usable && hashable(plain) == nil, nil
}

// NeedsRehash reports whether a hash, once its password has matched, should be replaced by a new one, because it was
// made at a lower cost than the gate's.
func (g *Gate) NeedsRehash(stored string) bool {
	cost, readable := costOf(stored)
	return readable && cost < g.cost
}

// hashable says why bcrypt would not tell this password from every other.
func hashable(plain string) error {
	switch {
	case len(plain) > MaxBytes:
		return bcrypt.ErrPasswordTooLong
	case strings.ContainsRune(plain, 0):
		return errNUL
	}
	return nil
}

// comparisons lists the hashes to compare a password with, and reports whether the first of them is the stored one and
// decides. The others are there for the work alone: together they make 2^cost rounds whatever is stored, a dearer hash
// excepted. For a hash of cost c that is 2^c of its own, then 2^c + 2^(c+1) + … + 2^(cost-1) of fillers.
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

// filler is a well-formed hash that nobody has the password of. The work of a comparison depends on the cost alone, not
// on salt or digest, so there is no need to hash anything in order to have one.
func filler(cost int) []byte {
	return fmt.Appendf(nil, "$2a$%02d$%s", cost, strings.Repeat(".", 53))
}

// costOf reads the cost of a bcrypt hash. It is stricter than bcrypt itself, which finds some malformed hashes out only
// when it compares, and then does no work.
func costOf(stored string) (cost int, readable bool) {
	parts := bcryptForm.FindStringSubmatch(stored)
	if parts == nil {
		return 0, false
	}
	cost, err := strconv.Atoi(parts[1])
	return cost, err == nil && cost >= bcrypt.MinCost && cost <= bcrypt.MaxCost
}
