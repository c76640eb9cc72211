package docs

import (
	"fmt"

	"github.com/a-h/templ"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// topic is a section of the guide.
type topic struct {
	id, title string
	text      templ.Component
}

// topics returns the sections of the guide in their order.
func (r *renderer) topics() []topic {
	return []topic{
		{"start", "Getting started", r.startTopic()},
		{"clients", "Clients", r.clientsTopic()},
		{"authentication", "Authentication", r.authenticationTopic()},
		{"api-keys", "API keys", r.apiKeysTopic()},
		{"permissions", "Permissions", r.permissionsTopic()},
		{"errors", "Errors", r.errorsTopic()},
		{"lists", "Pagination, filtering and sorting", r.listsTopic()},
		{"changes", "Updates with PATCH", r.changesTopic()},
		{"concurrency", "Conditional requests", r.concurrencyTopic()},
		{"idempotency", "Idempotency", r.idempotencyTopic()},
		{"rate-limits", "Rate limits", r.rateLimitsTopic()},
		{"headers", "Response headers", r.headersTopic()},
		{"states", "States and allowed actions", r.statesTopic()},
		{"enums", "Extensible enums", r.enumsTopic()},
		{"versions", "Versioning and deprecation", r.versionsTopic()},
		{"test-mode", "Test mode", r.testModeTopic()},
		{"events", "Events", r.eventsTopic()},
	}
}

const startExample = `export API_URL=https://interviewer.example
curl -s "$API_URL/api/v1/auth/login" \
  -H 'Content-Type: application/json' \
  -d '{"email": "hr@acme.example", "password": "SecurePassword123!"}'

export API_KEY=…   # the access_token of the response, or an API key
curl -s "$API_URL/api/v1/jobs" -H "Authorization: Bearer $API_KEY"`

// errorsExample returns a problem document as the server sends it.
func errorsExample() string {
	d := fault.MalformedRequest.Describe()
	return fmt.Sprintf(`{
  "type": "%s",
  "title": %s,
  "status": 400,
  "detail": %s,
  "instance": "/api/v1/users",
  "code": "%s",
  "request_id": "01980a3e-7b1c-7c7e-8f00-0123456789af",
  "errors": [
    {"pointer": "/email", "code": "required", "detail": "is required"},
    {"pointer": "/role", "code": "enum", "detail": "must be one of employee, team_lead, hr, admin"}
  ]
}`, ProblemPath(fault.MalformedRequest), reference.Quote(d.Title), reference.Quote(d.Meaning), fault.MalformedRequest)
}

const concurrencyExample = `GET /api/v1/interviews/01980a3e-…          200, ETag: "3"
PATCH /api/v1/interviews/01980a3e-…        If-Match: "3"  →  200, ETag: "4"
PATCH /api/v1/interviews/01980a3e-…        If-Match: "3"  →  412`

const rateLimitsExample = `RateLimit-Policy: "user";q=1200;w=60, "company";q=12000;w=60
RateLimit: "user";r=1187;t=1, "company";r=11240;t=4`
