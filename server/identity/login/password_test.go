package login_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const (
	passwordPath = "/api/v1/auth/password"
	better       = "seven-otters-paint-the-pier"
)

func passwords(current, next string) map[string]string {
	return map[string]string{"current_password": current, "new_password": next}
}

// A new password ends the user's other sessions, but not the current one.
func TestChangePassword(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	hr := s.acme.Users[api.RoleHr]
	here := s.replicas[1].SignIn(t, hr)
	here.Post(passwordPath, passwords(testkit.Password, better)).Expect(http.StatusNoContent)
	s.dead(t, s.hr.Token)
	s.refresh(t, 2, s.hr.RefreshToken).Refused(http.StatusUnauthorized, "invalid_refresh_token")
	for _, replica := range s.replicas {
		here.At(replica).Get(mePath).Expect(http.StatusOK)
	}
	here.Adopt(s.refresh(t, 0, here.RefreshToken).Expect(http.StatusOK))
	nobody := s.replicas[2].Anonymous(t)
	nobody.Post(loginPath, credentials(hr.Email, testkit.Password)).Refused(http.StatusUnauthorized, "invalid_credentials")
	nobody.Post(loginPath, credentials(hr.Email, better)).Expect(http.StatusOK)
	e := one(t, s.Installation, s.acme.ID, "auth.password_changed")
	if e.Outcome != "success" || *e.Actor != hr.ID || *e.ID != hr.ID || *e.Session != current(t, here) ||
		e.Details["sessions_ended"] != 1.0 {
		t.Errorf("audit entry = %+v, want the success of HR in this session, which ended one session", e)
	}
	var mails int
	if err := s.Database.QueryRow(t.Context(), `SELECT count(*) FROM mails WHERE kind = 'password_changed' AND user_id = $1`,
		hr.ID).Scan(&mails); err != nil || mails != 1 {
		t.Errorf("mails about the change: got %d and error %v, want 1", mails, err)
	}
}

// The new password is checked before the current one is compared. Field errors name the reason.
func TestNewPasswordIsChecked(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for name, next := range map[string]string{
		"too common": "password123", "the email": "hr@acme.example", "too long in bytes": strings.Repeat("ä", 37),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused := s.hr.Post(passwordPath, passwords(testkit.Password, next)).
				Refused(http.StatusUnprocessableEntity, "password_refused")
			if len(refused.Errors) == 0 || refused.Errors[0].Pointer == nil || *refused.Errors[0].Pointer != "/new_password" {
				t.Errorf("errors = %+v, want one at /new_password", refused.Errors)
			}
			s.replicas[1].SignIn(t, s.acme.Users[api.RoleHr])
		})
	}
	for name, body := range map[string]any{
		"too short": passwords(testkit.Password, "short"), "no new password": map[string]string{"current_password": "x"},
		"no current password": map[string]string{"new_password": better},
		"unknown member":      map[string]string{"current_password": testkit.Password, "new_password": better, "user_id": "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.hr.Post(passwordPath, body).Expect(http.StatusBadRequest)
			s.replicas[1].SignIn(t, s.acme.Users[api.RoleHr])
		})
	}
	s.hr.Post(passwordPath, passwords(testkit.Password, better+"\x00")).
		Refused(http.StatusUnprocessableEntity, "rule_violated")
	s.replicas[1].SignIn(t, s.acme.Users[api.RoleHr])
}

// Wrong current passwords are throttled like logins, and both are counted together.
func TestCurrentPasswordIsThrottled(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	i.Config.LoginPerAccountAndIP = 3
	acme := i.Company("acme")
	first, second := i.Replica(), i.Replica()
	hr := first.SignIn(t, acme.Users[api.RoleHr])
	for range 2 {
		refused := hr.Post(passwordPath, passwords(wrong, better)).Refused(http.StatusUnprocessableEntity, "wrong_password")
		if len(refused.Errors) != 1 || *refused.Errors[0].Pointer != "/current_password" {
			t.Errorf("errors = %+v, want one at /current_password", refused.Errors)
		}
	}
	second.Anonymous(t).Post(loginPath, credentials("hr@acme.example", wrong)).Expect(http.StatusUnauthorized)
	limited := hr.At(second).Post(passwordPath, passwords(testkit.Password, better))
	limited.Refused(http.StatusTooManyRequests, "too_many_attempts")
	if limited.Header.Get("Retry-After") == "" {
		t.Error("a throttled request has no Retry-After")
	}
	hr.Get(mePath).Expect(http.StatusOK)
	failed := events(t, i, acme.ID, "auth.password_changed")
	if len(failed) != 2 || failed[0].Outcome != "failure" || *failed[0].Session != current(t, hr) {
		t.Errorf("audit entries = %+v, want two, the first a failure in this session", failed)
	}
	from(hr, "192.0.2.200").Post(passwordPath, passwords(testkit.Password, better)).Expect(http.StatusNoContent)
}
