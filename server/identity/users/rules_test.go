package users

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// Letters stand for what is allowed: u update, d deactivate, r reactivate, and e, t, h, a to give the role with that
// initial. A line says what the actor may do to the target while the target is active, and while it is inactive.
type line struct {
	actor, target    access.Actor
	last             bool
	active, inactive string
}

// TestMatrix states for every actor and target what the actor may do.
func TestMatrix(t *testing.T) {
	t.Parallel()
	employee, lead := person(stored.RoleEmployee), person(stored.RoleTeamLead)
	hr, admin := person(stored.RoleHR), person(stored.RoleAdmin)
	stranger := person("observer")
	for name, test := range map[string]line{
		"employee, employee":       {employee, person(stored.RoleEmployee), false, "", ""},
		"employee, themselves":     {employee, employee, false, "", ""},
		"employee, team lead":      {employee, lead, false, "", ""},
		"employee, HR":             {employee, hr, false, "", ""},
		"employee, admin":          {employee, admin, false, "", ""},
		"team lead, employee":      {lead, employee, false, "", ""},
		"team lead, team lead":     {lead, person(stored.RoleTeamLead), false, "", ""},
		"team lead, themselves":    {lead, lead, false, "", ""},
		"team lead, HR":            {lead, hr, false, "", ""},
		"team lead, admin":         {lead, admin, false, "", ""},
		"HR, employee":             {hr, employee, false, "udt", "urt"},
		"HR, team lead":            {hr, lead, false, "ude", "ure"},
		"HR, HR":                   {hr, person(stored.RoleHR), false, "", ""},
		"HR, themselves":           {hr, hr, false, "", ""},
		"HR, admin":                {hr, admin, false, "", ""},
		"HR, last admin":           {hr, admin, true, "", ""},
		"admin, employee":          {admin, employee, false, "udtha", "urtha"},
		"admin, team lead":         {admin, lead, false, "udeha", "ureha"},
		"admin, HR":                {admin, hr, false, "udeta", "ureta"},
		"admin, admin":             {admin, person(stored.RoleAdmin), false, "udeth", "ureth"},
		"admin, themselves":        {admin, admin, false, "ud", "u"},
		"admin, last, themselves":  {admin, admin, true, "u", "u"},
		"admin, last admin":        {admin, person(stored.RoleAdmin), true, "u", "ureth"},
		"unknown role, employee":   {stranger, employee, false, "", ""},
		"unknown role, themselves": {stranger, stranger, false, "", ""},

		"live key, employee":            {key(false), employee, false, "udt", "urt"},
		"live key, admin":               {key(false), admin, false, "", ""},
		"live key, holder employee":     {key(false, employee), employee, false, "", ""},
		"live key, holder team lead":    {key(false, hr, lead), lead, false, "", ""},
		"live key, holder HR":           {key(false, hr), hr, false, "", ""},
		"live key, employee, no holder": {key(false, admin), employee, false, "udt", "urt"},
		"test key, admin":               {key(true), admin, false, "udeth", "ureth"},
		"test key, last admin":          {key(true), admin, true, "u", "ureth"},
		"test key, holder admin":        {key(true, admin), admin, false, "ud", "u"},
		"test key, last holder admin":   {key(true, admin), admin, true, "u", "u"},
		"test key, holder HR":           {key(true, hr), hr, false, "", ""},
		"test key, holder employee":     {key(true, employee), employee, false, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, test, true, test.active)
			check(t, test, false, test.inactive)
		})
	}
}

func person(role stored.Role) access.Actor {
	return access.Actor{Kind: access.KindUser, ID: uuid.New(), Role: role}
}

// key returns an API key with every scope for users.
func key(test bool, holders ...access.Actor) access.Actor {
	of := access.Key{
		Scopes: []string{"users:update", "users:deactivate", "users:change_role"}, Test: test, Holders: []uuid.UUID{},
	}
	for _, holder := range holders {
		of.Holders = append(of.Holders, holder.ID)
	}
	return access.Actor{Kind: access.KindAPIKey, ID: uuid.New(), Role: of.Role(), Key: &of}
}

func check(t *testing.T, test line, active bool, want string) {
	t.Helper()
	row := db.User{ID: test.target.ID, Role: test.target.Role, IsActive: active}
	admins := 2
	if test.last {
		admins = 1
	}
	if got := may(test.actor, row, admins); got != want {
		t.Errorf("active %t: the rules allow %q, want %q", active, got, want)
	}
	if got, want := letters(allowedActions(test.actor, row, test.last)), response(want); got != want {
		t.Errorf("active %t: allowed_actions is %q, want %q", active, got, want)
	}
}

func may(actor access.Actor, row db.User, admins int) string {
	allowed := ""
	for _, rule := range []struct {
		letter string
		err    error
	}{
		{"u", canManage(actor, row)},
		{"d", canDeactivate(actor, row, admins)},
		{"r", canReactivate(actor, row)},
		{"e", canChangeRole(actor, row, stored.RoleEmployee, admins)},
		{"t", canChangeRole(actor, row, stored.RoleTeamLead, admins)},
		{"h", canChangeRole(actor, row, stored.RoleHR, admins)},
		{"a", canChangeRole(actor, row, stored.RoleAdmin, admins)},
	} {
		if rule.err == nil {
			allowed += rule.letter
		}
	}
	return allowed
}

// shown replaces the letters of the roles by one c, as allowed_actions does.
func response(letters string) string {
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

// TestRefusals states which fault is returned where several apply.
func TestRefusals(t *testing.T) {
	t.Parallel()
	self, other := uuid.New(), uuid.New()
	hr, admin := access.Actor{Kind: access.KindUser, ID: self, Role: stored.RoleHR}, access.Actor{Kind: access.KindUser, ID: self, Role: stored.RoleAdmin}
	live, test := key(false, hr), key(true, admin)
	for name, test := range map[string]struct {
		got  error
		want fault.Code
	}{
		"HR deactivates an inactive admin": {canDeactivate(hr, db.User{ID: other, Role: stored.RoleAdmin}, 2), fault.RoleNotAllowed},
		"admin deactivates an inactive user": {
			canDeactivate(admin, db.User{ID: other, Role: stored.RoleEmployee}, 2), fault.StateConflict,
		},
		"admin deactivates the last admin": {
			canDeactivate(admin, db.User{ID: self, Role: stored.RoleAdmin, IsActive: true}, 1), fault.LastAdmin,
		},
		"HR reactivates an active HR": {canReactivate(hr, db.User{ID: other, Role: stored.RoleHR, IsActive: true}), fault.RoleNotAllowed},
		"admin reactivates an active user": {
			canReactivate(admin, db.User{ID: other, Role: stored.RoleHR, IsActive: true}), fault.StateConflict,
		},
		"admin changes their own role": {
			canChangeRole(admin, db.User{ID: self, Role: stored.RoleAdmin, IsActive: true}, stored.RoleAdmin, 1), fault.OwnRole,
		},
		"HR makes an employee HR": {
			canChangeRole(hr, db.User{ID: other, Role: stored.RoleEmployee}, stored.RoleHR, 2), fault.RoleNotAllowed,
		},
		"admin gives a user the role they have": {
			canChangeRole(admin, db.User{ID: other, Role: stored.RoleHR}, stored.RoleHR, 2), fault.StateConflict,
		},
		"admin changes the role of the last admin": {
			canChangeRole(admin, db.User{ID: other, Role: stored.RoleAdmin, IsActive: true}, stored.RoleHR, 1), fault.LastAdmin,
		},
		"key deactivates its inactive holder": {
			canDeactivate(live, db.User{ID: self, Role: stored.RoleEmployee}, 2), fault.RoleNotAllowed,
		},
		"key changes the role of its holder to the one they have": {
			canChangeRole(live, db.User{ID: self, Role: stored.RoleEmployee, IsActive: true}, stored.RoleEmployee, 2), fault.OwnRole,
		},
		"test key reactivates its active holder": {
			canReactivate(test, db.User{ID: self, Role: stored.RoleAdmin, IsActive: true}), fault.StateConflict,
		},
		"test key reactivates its inactive holder": {
			canReactivate(test, db.User{ID: self, Role: stored.RoleAdmin}), fault.RoleNotAllowed,
		},
		"test key deactivates its holder, the last admin": {
			canDeactivate(test, db.User{ID: self, Role: stored.RoleAdmin, IsActive: true}, 1), fault.LastAdmin,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !fault.Is(test.got, test.want) {
				t.Errorf("got %v, want %s", test.got, test.want)
			}
		})
	}
}

func TestCheckDomain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, email string
		allowed     []string
		want        bool
	}{
		{"no domains listed", "a@acme.example", nil, true},
		{"listed domain", "a@acme.example", []string{"acme.example"}, true},
		{"second of two domains", "a@acme.example", []string{"other.example", "acme.example"}, true},
		{"listed domain as subdomain", "a@acme.example.evil.example", []string{"acme.example"}, false},
		{"listed domain as suffix", "a@evilacme.example", []string{"acme.example"}, false},
		{"subdomain of a listed domain", "a@sub.acme.example", []string{"acme.example"}, false},
		{"listed domain as local part", "acme.example@evil.example", []string{"acme.example"}, false},
		{"two signs", "a@evil.example@acme.example", []string{"acme.example"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := checkDomain(test.email, test.allowed) == nil; got != test.want {
				t.Errorf("%s with the domains %v: got allowed %t, want %t", test.email, test.allowed, got, test.want)
			}
		})
	}
}

func TestCheckProfile(t *testing.T) {
	t.Parallel()
	blank, full := "", "Sales"
	if err := checkProfile("Ada", "Okafor", &full); err != nil {
		t.Errorf("a valid profile is refused: %v", err)
	}
	if err := checkProfile("Ada", "Okafor", nil); err != nil {
		t.Errorf("a profile without a department is refused: %v", err)
	}
	err := checkProfile("", "", &blank)
	f, ok := err.(*fault.Fault) //nolint:errorlint // it is returned as it is
	if !ok || len(f.Fields()) != 3 {
		t.Errorf("a blank profile gives %v, want three fields", err)
	}
}
