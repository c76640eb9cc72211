package docs

import "github.com/a-h/templ"

// topic is a section of the guide.
type topic struct {
	id, title string
	text      templ.Component
}

// topics returns the sections of the guide in their order.
func (r *renderer) topics() []topic {
	return []topic{
		{"start", "First steps", r.startTopic()},
		{"clients", "Clients", r.clientsTopic()},
		{"authentication", "Authentication", r.authenticationTopic()},
		{"api-keys", "API keys", r.apiKeysTopic()},
		{"permissions", "Permissions", r.permissionsTopic()},
		{"errors", "Errors", r.errorsTopic()},
		{"lists", "Lists: pages, filters, order", r.listsTopic()},
		{"changes", "Changes by PATCH", r.changesTopic()},
		{"concurrency", "Conditional requests", r.concurrencyTopic()},
		{"idempotency", "Idempotency", r.idempotencyTopic()},
		{"rate-limits", "Rate limits", r.rateLimitsTopic()},
		{"headers", "Headers of answers", r.headersTopic()},
		{"states", "States and allowed actions", r.statesTopic()},
		{"enums", "Extensible enums", r.enumsTopic()},
		{"versions", "Versions and deprecation", r.versionsTopic()},
		{"test-mode", "Test mode", r.testModeTopic()},
		{"webhooks", "Webhooks", r.webhooksTopic()},
	}
}

const startExample = `export API_URL=https://interviewer.example
curl -s "$API_URL/api/v1/auth/login" \
  -H 'Content-Type: application/json' \
  -d '{"email": "hr@acme.example", "password": "SecurePassword123!"}'

export API_KEY=…   # access_token of the answer, or an API key
curl -s "$API_URL/api/v1/jobs" -H "Authorization: Bearer $API_KEY"`

const errorsExample = `{
  "type": "/docs/problems/malformed_request",
  "title": "Malformed request",
  "status": 400,
  "detail": "The request cannot be read or does not match the API's contract.",
  "instance": "/api/v1/users",
  "code": "malformed_request",
  "request_id": "01980a3e-7b1c-7c7e-8f00-0123456789af",
  "errors": [
    {"pointer": "/email", "code": "required", "detail": "is required"},
    {"pointer": "/role", "code": "enum", "detail": "is none of the values that are allowed"}
  ]
}`

const concurrencyExample = `GET /api/v1/interviews/01980a3e-…          200, ETag: "3"
PATCH /api/v1/interviews/01980a3e-…        If-Match: "3"  →  200, ETag: "4"
PATCH /api/v1/interviews/01980a3e-…        If-Match: "3"  →  412`

const rateLimitsExample = `RateLimit-Policy: "user";q=1200;w=60, "company";q=12000;w=60
RateLimit: "user";r=1187;t=1, "company";r=11240;t=4`
