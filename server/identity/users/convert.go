package users

import (
	"strings"

	"github.com/google/uuid"
	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

func convert(row db.User, actions []api.UserAction) api.User {
	return api.User{
		ID: row.ID, CompanyID: row.CompanyID, Email: openapi_types.Email(row.Email),
		FirstName: row.FirstName, LastName: row.LastName, Role: api.Role(row.Role), Department: optional.Of(row.Department),
		Language: api.Language(row.Language), IsActive: row.IsActive, LastLoginAt: optional.Time(row.LastLoginAt),
		AllowedActions: actions,
		CreatedAt:      row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(),
	}
}

func convertMe(row db.GetMeRow, permissions []string) api.Me {
	user := row.User
	return api.Me{
		ID: user.ID, Email: openapi_types.Email(user.Email), FirstName: user.FirstName, LastName: user.LastName,
		Role: api.Role(user.Role), Department: optional.Of(user.Department), Language: api.Language(user.Language),
		IsActive: user.IsActive, PasswordChangeRequired: user.PasswordChangeRequired,
		Company: api.CompanySummary{
			ID: user.CompanyID, Name: row.CompanyName, Slug: row.CompanySlug, Timezone: row.CompanyTimezone,
		},
		Permissions: permissions, LastLoginAt: optional.Time(user.LastLoginAt),
		CreatedAt: user.CreatedAt.UTC(), UpdatedAt: user.UpdatedAt.UTC(),
	}
}

// newUser converts a request to a row; the caller adds hash, id and time.
func newUser(body api.CreateUserRequest, role stored.Role, company uuid.UUID) db.InsertUserParams {
	return db.InsertUserParams{
		CompanyID: company, Email: strings.ToLower(string(body.Email)), Role: role,
		FirstName: strings.TrimSpace(body.FirstName), LastName: strings.TrimSpace(body.LastName),
		Department: optional.Text(nil, body.Department), Language: language(stored.LanguageEN, body.Language),
	}
}

// profilePatch is the part of a merge patch that concerns the profile.
type profilePatch struct {
	firstName, lastName *string
	department          nullable.Nullable[string]
	language            *api.Language
}

// language returns the given language, or else the present one.
func language(present stored.Language, given *api.Language) stored.Language {
	if given == nil {
		return present
	}
	return stored.Language(*given)
}

// applyPatch applies a merge patch to a row: absent members keep their value, null clears it.
func applyPatch(row db.User, patch profilePatch) db.UpdateUserParams {
	return db.UpdateUserParams{
		CompanyID: row.CompanyID, ID: row.ID, Version: row.Version, Email: row.Email,
		FirstName: optional.Trimmed(row.FirstName, patch.firstName), LastName: optional.Trimmed(row.LastName, patch.lastName),
		Department: optional.Text(row.Department, patch.department), Language: language(row.Language, patch.language),
	}
}

func hasChanges(row db.User, change db.UpdateUserParams) bool {
	return row.Email != change.Email || row.FirstName != change.FirstName || row.LastName != change.LastName ||
		!optional.Same(row.Department, change.Department) || row.Language != change.Language
}

// attributes are the values of a user whose changes the audit log records.
func attributes(row db.User) map[string]any {
	return map[string]any{
		"email": row.Email, "first_name": row.FirstName, "last_name": row.LastName, "role": row.Role,
		"department": optional.Plain(row.Department), "language": row.Language, "is_active": row.IsActive,
	}
}

// emptyAttributes are the attributes of a user that does not exist yet.
func emptyAttributes() map[string]any {
	return map[string]any{
		"email": nil, "first_name": nil, "last_name": nil, "role": nil, "department": nil, "language": nil,
		"is_active": nil,
	}
}
