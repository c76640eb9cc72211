package docs

import (
	"net/http"
	"slices"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// MayAnswer reports whether an operation that declares the status of a code can return the code. It excludes codes that
// do not apply, such as an invalid cursor for an operation without one, so that the reference does not list them. The
// test harness checks every response of the server against it.
func MayAnswer(o *reference.Operation, code fault.Code) bool {
	if tags := tagsOf(code); tags != nil {
		return slices.Contains(tags, o.Tag)
	}
	switch code {
	case fault.InvalidCursor:
		return o.Parameter("query", "cursor") != nil
	case fault.MissingToken:
		return !o.Public() || o.Scheme != "" || o.Parameter("header", "Authorization") != nil
	case fault.InvalidCredentials:
		return o.Public() && o.Body != nil
	case fault.InvalidRefreshToken:
		return o.Parameter("cookie", "refresh_token") != nil
	case fault.InvalidResetToken:
		return o.ID == "CompletePasswordReset"
	case fault.InvalidToken, fault.PermissionDenied, fault.RoleNotAllowed, fault.PasswordChangeRequired:
		return !o.Public()
	case fault.IdempotencyKeyInUse, fault.IdempotencyKeyReused, fault.IdempotencyRecordLost:
		return o.Parameter("header", "Idempotency-Key") != nil
	case fault.CrossSiteRequest:
		return o.Method != http.MethodGet
	default:
		return true
	}
}

// tagsOf returns the groups whose operations can return a code. It returns nil if the code does not depend on the
// group.
func tagsOf(code fault.Code) []string {
	switch code {
	case fault.EmailTaken, fault.LastAdmin, fault.OwnRole:
		return []string{"users"}
	case fault.LimitReached:
		return []string{"company", "keys"}
	case fault.SlugTaken, fault.NotATestCompany:
		return []string{"company"}
	case fault.PasswordRefused:
		return []string{"auth", "users"}
	case fault.WrongPassword, fault.TooManyAttempts:
		return []string{"auth"}
	case fault.ExternalIDTaken:
		return []string{"candidates", "jobs"}
	case fault.CandidateMerged, fault.ActiveApplications, fault.ImportRefused:
		return []string{"candidates"}
	case fault.ApplicationExists:
		return []string{"applications", "candidates"}
	case fault.DraftExists:
		return []string{"kits"}
	case fault.ScheduleConflict:
		return []string{"interviews", "candidates"}
	case fault.PanelistHasScore:
		return []string{"interviews"}
	case fault.EventsExpired:
		return []string{"events"}
	case fault.ScoreExists:
		return []string{"scores"}
	case fault.StateConflict:
		return []string{"users", "company", "keys", "jobs", "candidates", "applications", "kits", "interviews", "scores"}
	default:
		return nil
	}
}
