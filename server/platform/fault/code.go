package fault

// Code names one thing that can go wrong. Codes are part of the API's contract: they are added, never changed.
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

	ResourceNotFound Code = "not_found"

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

	IdempotencyKeyReused Code = "idempotency_key_reused"

	RateLimited     Code = "rate_limited"
	TooManyAttempts Code = "too_many_attempts"

	DependencyDown Code = "dependency_unavailable"
	Overloaded     Code = "overloaded"

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
		PermissionDenied, RoleNotAllowed, OwnRole, CrossSiteRequest,
		ResourceNotFound,
		EmailTaken, SlugTaken, ExternalIDTaken, LastAdmin, StateConflict, ConcurrentRequest,
		ApplicationExists, ActiveApplications, DraftExists, ScheduleConflict, ScoreExists, PanelistHasScore,
		NotATestCompany, LimitReached, IdempotencyKeyInUse, IdempotencyRecordLost,
		VersionMismatch, PreconditionRequired,
		RuleViolated, PasswordRefused, WrongPassword, ImportRefused, IdempotencyKeyReused,
		RateLimited, TooManyAttempts,
		DependencyDown, Overloaded,
		MethodNotAllowed, NotAcceptable, PayloadTooLarge, UnsupportedMediaType, HeadersTooLarge,
	}
}

// Description is what the reference says of a code.
type Description struct {
	Kind Kind
	// Title is a short phrase that is the same at every occurrence.
	Title string
	// Meaning is one sentence for the person who reads the answer.
	Meaning string
	// Remedy is what a client can do about it.
	Remedy string
}

// Describe gives the reference entry of a code; an unknown code describes itself as an internal error.
func (c Code) Describe() Description {
	switch c {
	case InternalError:
		return Description{
			Internal, "Internal error",
			"Something went wrong on our side.",
			"Try again later; if it persists, report the request_id.",
		}
	case MalformedRequest:
		return Description{
			Malformed, "Malformed request",
			"The request cannot be read or does not match the API's contract.",
			"Correct what the errors list names; the reference shows each operation's schema.",
		}
	case InvalidCursor:
		return Description{
			Malformed, "Invalid cursor",
			"The cursor was not issued by this list with these filters and this sort order.",
			"Start again without a cursor, and repeat filters and sort unchanged when following next_cursor.",
		}
	case InvalidCredentials:
		return Description{
			Unauthenticated, "Invalid credentials",
			"The email or the password is wrong.",
			"Check both and try again; after too many attempts the answer is 429.",
		}
	case InvalidToken:
		return Description{
			Unauthenticated, "Invalid access token or key",
			"The access token or API key is invalid, has expired, or has been ended.",
			"Refresh the session once; when that fails, sign in again. A program needs another key, or its key's new secret.",
		}
	case InvalidRefreshToken:
		return Description{
			Unauthenticated, "Invalid refresh token",
			"The refresh token is missing or invalid, has expired, was used before, or its session has ended.",
			"Sign in again.",
		}
	case MissingToken:
		return Description{
			Unauthenticated, "Authentication required",
			"This operation needs an access token or an API key.",
			"Send the header Authorization once: Bearer, a space, and the token or the key.",
		}
	case PermissionDenied:
		return Description{
			Forbidden, "Permission denied",
			"Neither your role nor your key's scopes permit this operation.",
			"Ask an administrator of your company.",
		}
	case RoleNotAllowed:
		return Description{
			Forbidden, "Role not allowed",
			"Neither your role nor what you have to do with the resource permits this.",
			"Ask an administrator of your company.",
		}
	case OwnRole:
		return Description{
			Forbidden, "Own role",
			"Nobody changes their own role.",
			"Ask another administrator of your company.",
		}
	case CrossSiteRequest:
		return Description{
			Forbidden, "Cross-site request",
			"A browser sent this request from a site that is not trusted.",
			"Call from an origin that the operator lists in CORS_ORIGINS.",
		}
	case ResourceNotFound:
		return Description{
			NotFound, "Not found",
			"There is no such resource, or it is not visible to you.",
			"Check the path and the id.",
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
	case ExternalIDTaken:
		return Description{
			Conflict, "External id taken",
			"Another candidate has this external id.",
			"Find the candidate by external_id and change that one, or use another id.",
		}
	case LastAdmin:
		return Description{
			Conflict, "Last admin",
			"The company's last active admin can be neither deactivated nor given another role.",
			"Make another user admin first.",
		}
	case StateConflict:
		return Description{
			Conflict, "State conflict",
			"The resource's present state does not allow this.",
			"Choose among the allowed_actions of the answer, or read the resource again.",
		}
	case ConcurrentRequest:
		return Description{
			Conflict, "Concurrent request",
			"The resource was changed by another request at the same time.",
			"Read the resource again and repeat the request.",
		}
	case ApplicationExists:
		return Description{
			Conflict, "Application exists",
			"The candidate has an application to this job that is active or on hold.",
			"Go on with that application, or close it first.",
		}
	case ActiveApplications:
		return Description{
			Conflict, "Active applications",
			"The candidate has applications that are active or on hold.",
			"Reject or withdraw them first.",
		}
	case DraftExists:
		return Description{
			Conflict, "Draft exists",
			"The kit has a draft already.",
			"Change or publish that draft; the kit names it in draft_version_id.",
		}
	case ScheduleConflict:
		return Description{
			Conflict, "Schedule conflict",
			"Somebody is booked at this time.",
			"Choose another time or panel, or send allow_conflicts to book them twice.",
		}
	case ScoreExists:
		return Description{
			Conflict, "Score exists",
			"You have a score of this interview already.",
			"Change that score; list your scores of the interview to find it.",
		}
	case PanelistHasScore:
		return Description{
			Conflict, "Panelist has a score",
			"The panelist has written a score of this interview.",
			"Keep them on the panel; whether their score is required can be changed.",
		}
	case NotATestCompany:
		return Description{
			Conflict, "Not a test company",
			"This can be done in a test company only.",
			"Use a key or a user of a test company.",
		}
	case LimitReached:
		return Description{
			Conflict, "Limit reached",
			"There are as many of these as a company may have.",
			"Revoke or close one that is not needed any more.",
		}
	case IdempotencyKeyInUse:
		return Description{
			Conflict, "Idempotency key in use",
			"A request with this Idempotency-Key is still under way.",
			"Send the same request again after as many seconds as Retry-After says, to learn what it was answered.",
		}
	case IdempotencyRecordLost:
		return Description{
			Conflict, "Idempotency record lost",
			"A request with this Idempotency-Key has succeeded, and its answer cannot be given again.",
			"Look at the resource to see what became of it; use another key for another request.",
		}
	case IdempotencyKeyReused:
		return Description{
			Invalid, "Idempotency key reused",
			"This Idempotency-Key was used for another request.",
			"Use a new key for every new request, and the same one only to send the same request again.",
		}
	case VersionMismatch:
		return Description{
			Stale, "Version mismatch",
			"The resource has changed since the version that If-Match names.",
			"Read the resource again, apply your change to what you find, and send its new ETag.",
		}
	case PreconditionRequired:
		return Description{
			Unconditional, "Precondition required",
			"This change needs the ETag that it is based on in the header If-Match.",
			"Read the resource, apply your change to what you find, and send its ETag as If-Match.",
		}
	case RuleViolated:
		return Description{
			Invalid, "Rule violated",
			"The request is well-formed and breaks a rule.",
			"Correct what the errors list names.",
		}
	case PasswordRefused:
		return Description{
			Invalid, "Password refused",
			"The password does not meet the rules for passwords.",
			"Choose a longer, less common password of at most 72 bytes that contains neither your email nor " +
				"your company's name.",
		}
	case WrongPassword:
		return Description{
			Invalid, "Wrong password",
			"The current password is wrong.",
			"Check the current password and try again.",
		}
	case ImportRefused:
		return Description{
			Invalid, "Import refused",
			"Rows of the file are wrong, so nothing was imported.",
			"Correct the lines that the errors list names, or import with mode=partial.",
		}
	case RateLimited:
		return Description{
			Limited, "Rate limited",
			"Too many requests.",
			"Wait for as many seconds as Retry-After says.",
		}
	case TooManyAttempts:
		return Description{
			Limited, "Too many attempts",
			"Too many attempts to sign in.",
			"Wait for as many seconds as Retry-After says.",
		}
	case DependencyDown:
		return Description{
			Unavailable, "Dependency unavailable",
			"Something that the service depends on is not available at the moment.",
			"Try again after as many seconds as Retry-After says.",
		}
	case Overloaded:
		return Description{
			Unavailable, "Overloaded",
			"The service is busy.",
			"Try again after as many seconds as Retry-After says.",
		}
	case MethodNotAllowed:
		return Description{
			MethodUnknown, "Method not allowed",
			"This path does not know this method.",
			"Use one of the methods in the header Allow.",
		}
	case NotAcceptable:
		return Description{
			Unacceptable, "Not acceptable",
			"Nothing that the header Accept names can be served here.",
			"Accept application/json and application/problem+json.",
		}
	case PayloadTooLarge:
		return Description{
			TooLarge, "Payload too large",
			"The body is larger than the server reads.",
			"Send a smaller body.",
		}
	case UnsupportedMediaType:
		return Description{
			MediaUnknown, "Unsupported media type",
			"The body is in a form that this operation does not read.",
			"Send it in a media type that the detail or the reference names, most often application/json.",
		}
	case HeadersTooLarge:
		return Description{
			HeadTooLarge, "Request headers too large",
			"The request's URL and headers are larger than the server reads.",
			"Send a shorter query, fewer or shorter headers and cookies.",
		}
	}
	return InternalError.Describe()
}
