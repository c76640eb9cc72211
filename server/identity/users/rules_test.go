package users

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// TestMatrix is the whole of who may do what to whom, written by hand. Each line says, for a caller and a target, what the
// caller may do when the target is active, and when it is not. A letter stands for what is allowed: u update, d
// deactivate, r reactivate, and e, t, h, a for giving the role of that initial.
func TestMatrix(t *testing.T) {
	t.Parallel()
	const (
		employee, lead, hr, admin = api.RoleEmployee, api.RoleTeamLead, api.RoleHr, api.RoleAdmin
	)
	for _, line := range []struct {
		caller, target   api.Role
		self, last       bool
		active, inactive string
	}{
		{employee, employee, false, false, "", ""},
		{employee, employee, true, false, "", ""},
		{employee, lead, false, false, "", ""},
		{employee, hr, false, false, "", ""},
		{employee, admin, false, false, "", ""},
		{lead, employee, false, false, "", ""},
		{lead, lead, false, false, "", ""},
		{lead, lead, true, false, "", ""},
		{lead, hr, false, false, "", ""},
		{lead, admin, false, false, "", ""},
		{hr, employee, false, false, "udt", "urt"},
		{hr, lead, false, false, "ude", "ure"},
		{hr, hr, false, false, "", ""},
		{hr, hr, true, false, "", ""},
		{hr, admin, false, false, "", ""},
		{hr, admin, false, true, "", ""},
		{admin, employee, false, false, "udtha", "urtha"},
		{admin, lead, false, false, "udeha", "ureha"},
		{admin, hr, false, false, "udeta", "ureta"},
		{admin, admin, false, false, "udeth", "ureth"},
		{admin, admin, true, false, "ud", "ur"},
		{admin, admin, true, true, "u", "ur"},
		{admin, admin, false, true, "u", "ureth"},
	} {
		for _, active := range []bool{true, false} {
			want := line.active
			if !active {
				want = line.inactive
			}
			who := access.Actor{ID: uuid.New(), Role: line.caller}
			row := db.User{ID: uuid.New(), Role: line.target, IsActive: active}
			if line.self {
				row.ID = who.ID
			}
			admins := 2
			if line.last {
				admins = 1
			}
			if got := may(who, row, admins); got != want {
				t.Errorf("%s to %s (self %t, last %t, active %t): may %q, want %q",
					line.caller, line.target, line.self, line.last, active, got, want)
			}
			if got, want := letters(allowedActions(who, row, line.last)), shown(want); got != want {
				t.Errorf("%s to %s (self %t, last %t, active %t): allowed_actions %q, want %q",
					line.caller, line.target, line.self, line.last, active, got, want)
			}
		}
	}
}

func may(who access.Actor, row db.User, admins int) string {
	allowed := ""
	for _, act := range []struct {
		letter string
		err    error
	}{
		{"u", mayManage(who.Role, row.Role)},
		{"d", mayDeactivate(who, row, admins)},
		{"r", mayReactivate(who, row)},
		{"e", mayChangeRole(who, row, api.RoleEmployee, admins)},
		{"t", mayChangeRole(who, row, api.RoleTeamLead, admins)},
		{"h", mayChangeRole(who, row, api.RoleHr, admins)},
		{"a", mayChangeRole(who, row, api.RoleAdmin, admins)},
	} {
		if act.err == nil {
			allowed += act.letter
		}
	}
	return allowed
}

// shown takes the letters of roles together to one, as allowed_actions does.
func shown(letters string) string {
	if i := strings.IndexAny(letters, "etha"); i >= 0 {
		return letters[:i] + "c"
	}
	return letters
}

func letters(actions []api.UserAction) string {
	text := ""
	for _, action := range actions {
		text += string(action[0])
	}
	return text
}

// TestRefusals pins which fault comes first where several could be named.
func TestRefusals(t *testing.T) {
	t.Parallel()
	self := uuid.New()
	hr, admin := access.Actor{ID: self, Role: api.RoleHr}, access.Actor{ID: self, Role: api.RoleAdmin}
	other := uuid.New()
	for name, test := range map[string]struct {
		got  error
		want fault.Code
	}{
		"hr deactivates an inactive admin": {mayDeactivate(hr, db.User{ID: other, Role: api.RoleAdmin}, 2), fault.RoleNotAllowed},
		"admin deactivates an inactive user": {
			mayDeactivate(admin, db.User{ID: other, Role: api.RoleEmployee}, 2), fault.StateConflict,
		},
		"admin deactivates the last admin": {
			mayDeactivate(admin, db.User{ID: self, Role: api.RoleAdmin, IsActive: true}, 1), fault.LastAdmin,
		},
		"hr reactivates an active hr": {mayReactivate(hr, db.User{ID: other, Role: api.RoleHr, IsActive: true}), fault.RoleNotAllowed},
		"admin reactivates an active user": {
			mayReactivate(admin, db.User{ID: other, Role: api.RoleHr, IsActive: true}), fault.StateConflict,
		},
		"one's own role": {
			mayChangeRole(admin, db.User{ID: self, Role: api.RoleAdmin, IsActive: true}, api.RoleAdmin, 1), fault.OwnRole,
		},
		"hr makes an employee hr": {
			mayChangeRole(hr, db.User{ID: other, Role: api.RoleEmployee}, api.RoleHr, 2), fault.RoleNotAllowed,
		},
		"the same role": {
			mayChangeRole(admin, db.User{ID: other, Role: api.RoleHr}, api.RoleHr, 2), fault.StateConflict,
		},
		"the last admin's role": {
			mayChangeRole(admin, db.User{ID: other, Role: api.RoleAdmin, IsActive: true}, api.RoleHr, 1), fault.LastAdmin,
		},
	} {
		if !fault.Is(test.got, test.want) {
			t.Errorf("%s: %v, want %s", name, test.got, test.want)
		}
	}
}

func TestDomains(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		email   string
		allowed []string
		want    bool
	}{
		{"a@acme.example", nil, true},
		{"a@acme.example", []string{"acme.example"}, true},
		{"a@acme.example", []string{"other.example", "acme.example"}, true},
		{"a@acme.example.evil.example", []string{"acme.example"}, false},
		{"a@evilacme.example", []string{"acme.example"}, false},
		{"a@sub.acme.example", []string{"acme.example"}, false},
		{"acme.example@evil.example", []string{"acme.example"}, false},
		{"a@evil.example@acme.example", []string{"acme.example"}, false},
	} {
		if got := checkDomain(test.email, test.allowed) == nil; got != test.want {
			t.Errorf("%s among %v: %t, want %t", test.email, test.allowed, got, test.want)
		}
	}
}

func TestProfilesHaveVisibleNames(t *testing.T) {
	t.Parallel()
	blank, full := "", "Sales"
	if err := checkProfile("Ada", "Okafor", &full); err != nil {
		t.Errorf("a usual profile is refused: %v", err)
	}
	if err := checkProfile("Ada", "Okafor", nil); err != nil {
		t.Errorf("a profile without a department is refused: %v", err)
	}
	err := checkProfile("", "", &blank)
	f, ok := err.(*fault.Fault) //nolint:errorlint // it is returned as it is
	if !ok || len(f.Fields()) != 3 {
		t.Errorf("a blank profile gives %v", err)
	}
}

func TestIndexed(t *testing.T) {
	t.Parallel()
	indexable := []string{"abc", "Åse", "a b cde", "x-123", "😀abc", "日本語"}
	for _, text := range append(indexable, "ab", "a b c", "!!!", "ab-cd-ef", "😀😀😀", "%%%", "") {
		if got, want := indexed(text), slices.Contains(indexable, text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}
