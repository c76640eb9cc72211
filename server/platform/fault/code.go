package fault

// Code identifies one kind of error. Codes are part of the API: they may be added, but never changed or reused.
type Code string

// The codes, by kind.
const (
	InternalError Code = "internal_error"

	MalformedRequest Code = "malformed_request"
	InvalidCursor    Code = "invalid_cursor"

	InvalidCredentials  Code = "invalid_credentials"
	InvalidToken        Code = "invalid_token"
	InvalidRefreshToken Code = "invalid_refresh_token"
	MissingToken        Code = "missing_token"

	PermissionDenied Code = "permission_denied"
	RoleNotAllowed   Code = "role_not_allowed"
	OwnRole          Code = "own_role"
	CrossSiteRequest Code = "cross_site_request"
	// PasswordChangeRequired is for sessions that were opened with a password that somebody else has chosen.
	PasswordChangeRequired Code = "password_change_required"

	ResourceNotFound Code = "not_found"
	CandidateMerged  Code = "candidate_merged"
	EventsExpired    Code = "events_expired"

	EmailTaken         Code = "email_taken"
	SlugTaken          Code = "slug_taken"
	ExternalIDTaken    Code = "external_id_taken"
	LastAdmin          Code = "last_admin"
	StateConflict      Code = "state_conflict"
	ConcurrentRequest  Code = "concurrent_request"
	ApplicationExists  Code = "application_exists"
	ActiveApplications Code = "active_applications"
	DraftExists        Code = "draft_exists"
	ScheduleConflict   Code = "schedule_conflict"
	ScoreExists        Code = "score_exists"
	PanelistHasScore   Code = "panelist_has_score"
	NotATestCompany    Code = "not_a_test_company"
	LimitReached       Code = "limit_reached"

	IdempotencyKeyInUse   Code = "idempotency_key_in_use"
	IdempotencyRecordLost Code = "idempotency_record_lost"

	VersionMismatch      Code = "version_mismatch"
	PreconditionRequired Code = "precondition_required"

	RuleViolated    Code = "rule_violated"
	PasswordRefused Code = "password_refused"
	WrongPassword   Code = "wrong_password"
	ImportRefused   Code = "import_refused"
	// InvalidResetToken is for tokens of links that are unknown, expired or used; it does not say which.
	InvalidResetToken Code = "invalid_reset_token"

	IdempotencyKeyReused Code = "idempotency_key_reused"

	RateLimited     Code = "rate_limited"
	TooManyAttempts Code = "too_many_attempts"

	DependencyDown Code = "dependency_unavailable"
	Overloaded     Code = "overloaded"
	ServerBusy     Code = "server_busy"

	MethodNotAllowed     Code = "method_not_allowed"
	NotAcceptable        Code = "not_acceptable"
	PayloadTooLarge      Code = "payload_too_large"
	UnsupportedMediaType Code = "unsupported_media_type"
	HeadersTooLarge      Code = "headers_too_large"
)

// Codes lists every code, in the order of their kinds.
func Codes() []Code {
	return []Code{
		InternalError,
		MalformedRequest, InvalidCursor,
		InvalidCredentials, InvalidToken, InvalidRefreshToken, MissingToken,
		PermissionDenied, RoleNotAllowed, OwnRole, CrossSiteRequest, PasswordChangeRequired,
		ResourceNotFound, CandidateMerged, EventsExpired,
		EmailTaken, SlugTaken, ExternalIDTaken, LastAdmin, StateConflict, ConcurrentRequest,
		ApplicationExists, ActiveApplications, DraftExists, ScheduleConflict, ScoreExists, PanelistHasScore,
		NotATestCompany, LimitReached, IdempotencyKeyInUse, IdempotencyRecordLost,
		VersionMismatch, PreconditionRequired,
		RuleViolated, PasswordRefused, WrongPassword, ImportRefused, InvalidResetToken, IdempotencyKeyReused,
		RateLimited, TooManyAttempts,
		DependencyDown, Overloaded, ServerBusy,
		MethodNotAllowed, NotAcceptable, PayloadTooLarge, UnsupportedMediaType, HeadersTooLarge,
	}
}

// Description is the entry of a code in the reference.
type Description struct {
	Kind Kind
	// Title is a short phrase, the same for every occurrence.
	Title string
	// Meaning states the problem in one sentence. It is the detail of a fault that has no other.
	Meaning string
	// Remedy says what the client can do.
	Remedy string
}

// Describe returns the entry of a code; that of InternalError for an unknown code.
func (c Code) Describe() Description {
	switch c {
	case InternalError:
		return Description{
			Internal, "Internal error",
			"An unexpected error occurred.",
			"Try again later. If the error persists, report the request_id to the operator.",
		}
	case MalformedRequest:
		return Description{
			Malformed, "Malformed request",
			"The request cannot be parsed or does not match the schema of the operation.",
			"Correct the fields listed in errors; the reference shows the schema of each operation.",
		}
	case InvalidCursor:
		return Description{
			Malformed, "Invalid cursor",
			"The cursor does not belong to this list with these filters and this sort order.",
			"Start without a cursor, and keep filters and sort unchanged while you follow next_cursor.",
		}
	case InvalidCredentials:
		return Description{
			Unauthenticated, "Invalid credentials",
			"The email or the password is incorrect.",
			"Check both and try again; too many failed attempts are answered with 429.",
		}
	case InvalidToken:
		return Description{
			Unauthenticated, "Invalid access token or key",
			"The access token or API key is invalid, expired or revoked.",
			"Refresh the session; if that fails, sign in again. With an API key, use its current secret or another key.",
		}
	case InvalidRefreshToken:
		return Description{
			Unauthenticated, "Invalid refresh token",
			"The refresh token is missing, invalid, expired or already used, or its session has ended.",
			"Sign in again.",
		}
	case MissingToken:
		return Description{
			Unauthenticated, "Authentication required",
			"This operation requires an access token or an API key in the header Authorization, after the word Bearer.",
			"Send one Authorization header: Bearer, a space, and the token or key.",
		}
	case PermissionDenied:
		return Description{
			Forbidden, "Permission denied",
			"Your role or the scopes of your API key do not permit this operation.",
			"Ask an admin of your company for access.",
		}
	case RoleNotAllowed:
		return Description{
			Forbidden, "Role not allowed",
			"Your role and your relation to the resource do not permit this action.",
			"Ask an admin of your company for access.",
		}
	case OwnRole:
		return Description{
			Forbidden, "Own role",
			"You cannot change your own role.",
			"Ask another admin of your company.",
		}
	case CrossSiteRequest:
		return Description{
			Forbidden, "Cross-site request",
			"A browser sent this request from an origin that is not allowed.",
			"Send the request from an origin that the operator lists in CORS_ORIGINS.",
		}
	case PasswordChangeRequired:
		return Description{
			Forbidden, "Password change required",
			"You must change your password before you can do anything else, because somebody else has chosen it.",
			"Change the password with POST /api/v1/auth/password, and then refresh the access token.",
		}
	case ResourceNotFound:
		return Description{
			NotFound, "Not found",
			"The resource does not exist, or you do not have access to it.",
			"Check the path and the id.",
		}
	case EventsExpired:
		return Description{
			Expired, "Events expired",
			"The events after this position are no longer available.",
			"Call FollowEvents without a cursor, read all resources again, and continue from the position it returned.",
		}
	case EmailTaken:
		return Description{
			Conflict, "Email taken",
			"A user with this email already exists.",
			"Use another email address.",
		}
	case SlugTaken:
		return Description{
			Conflict, "Slug taken",
			"A company with this slug already exists.",
			"Choose another slug.",
		}
	case CandidateMerged:
		return Description{
			NotFound, "Candidate merged",
			"The candidate was merged into another one.",
			"Use the candidate that `merged_into_id` names.",
		}
	case ExternalIDTaken:
		return Description{
			Conflict, "External id taken",
			"Another resource already has this external id.",
			"Change that resource, which `conflicts` names if you can read it, or use another external id.",
		}
	case LastAdmin:
		return Description{
			Conflict, "Last admin",
			"The last active admin of a company cannot be deactivated or given another role.",
			"Give another user the role admin first.",
		}
	case StateConflict:
		return Description{
			Conflict, "State conflict",
			"The state of the resource does not permit this action.",
			"Choose one of the allowed_actions in the response, or read the resource again.",
		}
	case ConcurrentRequest:
		return Description{
			Conflict, "Concurrent request",
			"Another request changed the resource at the same time.",
			"Read the resource again and repeat the request.",
		}
	case ApplicationExists:
		return Description{
			Conflict, "Application exists",
			"The candidate already has an application to this job that is active or on hold.",
			"Continue with that application, or close it first.",
		}
	case ActiveApplications:
		return Description{
			Conflict, "Active applications",
			"The candidate still has applications that are active or on hold.",
			"Reject or withdraw these applications first.",
		}
	case DraftExists:
		return Description{
			Conflict, "Draft exists",
			"The kit already has a draft version.",
			"Edit or publish that draft; draft_version_id of the kit has its id.",
		}
	case ScheduleConflict:
		return Description{
			Conflict, "Schedule conflict",
			"A participant is already booked at this time.",
			"Choose another time or panel, or set allow_conflicts to accept the conflict.",
		}
	case ScoreExists:
		return Description{
			Conflict, "Score exists",
			"You already have a score for this interview.",
			"Change the existing score; list your scores of the interview to find it.",
		}
	case PanelistHasScore:
		return Description{
			Conflict, "Panelist has a score",
			"The panelist has a score for this interview and cannot be removed from the panel.",
			"Keep the panelist; set score_required to false if the interview should not wait for the score.",
		}
	case NotATestCompany:
		return Description{
			Conflict, "Not a test company",
			"This operation is available only in test companies.",
			"Use an API key or a user of a test company.",
		}
	case LimitReached:
		return Description{
			Conflict, "Limit reached",
			"The company has reached the maximum number of these resources.",
			"Revoke or close one that is no longer needed.",
		}
	case IdempotencyKeyInUse:
		return Description{
			Conflict, "Idempotency key in use",
			"A request with this Idempotency-Key is still being processed.",
			"Send the same request again after the seconds in Retry-After to get its response.",
		}
	case IdempotencyRecordLost:
		return Description{
			Conflict, "Idempotency record lost",
			"A request with this Idempotency-Key succeeded, but its response is no longer available.",
			"Read the resource to see the result, and use a new key for another request.",
		}
	case IdempotencyKeyReused:
		return Description{
			Invalid, "Idempotency key reused",
			"This Idempotency-Key was already used for a different request.",
			"Use a new key for each new request, and repeat a key only to retry the same request.",
		}
	case VersionMismatch:
		return Description{
			Stale, "Version mismatch",
			"The resource has changed since the version in If-Match.",
			"Read the resource again, apply your change to it, and send its new ETag in If-Match.",
		}
	case PreconditionRequired:
		return Description{
			Unconditional, "Precondition required",
			"This operation requires an If-Match header with the ETag of the version that you change.",
			"Read the resource, apply your change to it, and send its ETag in If-Match.",
		}
	case RuleViolated:
		return Description{
			Invalid, "Rule violated",
			"The request is well-formed but violates a rule.",
			"Correct the fields listed in errors.",
		}
	case PasswordRefused:
		return Description{
			Invalid, "Password refused",
			"The password does not meet the password rules.",
			"Choose a longer, less common password of at most 72 bytes that contains neither your email nor " +
				"your company's name.",
		}
	case WrongPassword:
		return Description{
			Invalid, "Wrong password",
			"The current password is incorrect.",
			"Check the current password and try again.",
		}
	case ImportRefused:
		return Description{
			Invalid, "Import refused",
			"The file contains invalid rows, so nothing was imported.",
			"Correct the lines listed in errors, or import the valid rows with mode=partial.",
		}
	case InvalidResetToken:
		return Description{
			Invalid, "Invalid reset token",
			"The link to choose a password is unknown, has expired or was used.",
			"Request a new link with POST /api/v1/auth/password-resets, and use the latest one within 30 minutes.",
		}
	case RateLimited:
		return Description{
			Limited, "Rate limited",
			"You have sent too many requests.",
			"Wait for the number of seconds in Retry-After.",
		}
	case TooManyAttempts:
		return Description{
			Limited, "Too many attempts",
			"There were too many failed attempts to sign in.",
			"Wait for the number of seconds in Retry-After.",
		}
	case DependencyDown:
		return Description{
			Unavailable, "Dependency unavailable",
			"A service that this API depends on is currently unavailable.",
			"Try again after the number of seconds in Retry-After.",
		}
	case Overloaded:
		return Description{
			Unavailable, "Overloaded",
			"The service is overloaded.",
			"Try again after the number of seconds in Retry-After.",
		}
	case ServerBusy:
		return Description{
			Unavailable, "Server busy",
			"The service has more requests than it can answer in time, and has not begun to process this one.",
			"Try again after the number of seconds in Retry-After, and send fewer requests at a time.",
		}
	case MethodNotAllowed:
		return Description{
			MethodUnknown, "Method not allowed",
			"This path does not support the HTTP method.",
			"Use one of the methods in the Allow header.",
		}
	case NotAcceptable:
		return Description{
			Unacceptable, "Not acceptable",
			"None of the media types in the Accept header is available.",
			"Accept a media type that the operation responds with, and application/problem+json for errors.",
		}
	case PayloadTooLarge:
		return Description{
			TooLarge, "Payload too large",
			"The request body is too large.",
			"Send a smaller request body.",
		}
	case UnsupportedMediaType:
		return Description{
			MediaUnknown, "Unsupported media type",
			"This operation does not support the media type of the request body.",
			"Use a media type that the reference lists for the operation; most accept application/json.",
		}
	case HeadersTooLarge:
		return Description{
			HeadTooLarge, "Request headers too large",
			"The URL and the headers of the request are too large.",
			"Shorten the query, the headers or the cookies.",
		}
	}
	return InternalError.Describe()
}
