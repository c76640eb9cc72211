package apikeys

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// maxYears is how many years ahead the expiry of a key can be.
const maxYears = 10

// grant describes what a request gives to a key.
type grant struct {
	name string
	// scopes are in the order of the request. kept are scopes that the key has and that the request does not mention.
	scopes    []api.APIKeyScope
	kept      []string
	jobs      []uuid.UUID
	expiresAt *time.Time
	// mode is the mode of the company.
	mode api.CompanyMode
}

// granted is what a patch gives to a key. The scopes that the key has already are checked only if it gets other jobs.
func granted(row db.APIKeyDetails, patch api.UpdateAPIKeyRequest, change db.UpdateAPIKeyParams) grant {
	g := grant{
		name: change.Name, scopes: patch.Scopes, jobs: change.JobIDs, expiresAt: change.ExpiresAt,
		mode: modeOfPrefix(row.Prefix),
	}
	if patch.Scopes == nil && patch.JobIds.IsSpecified() {
		g.kept = row.Scopes
	}
	return g
}

// check fails with RuleViolated if a key cannot have what a request gives to it. An expiry that it has already, in had,
// may be in the past.
func (k *APIKeys) check(g grant, had *time.Time, now time.Time) error {
	f := fault.New(fault.RuleViolated)
	text.Check(f, "/name", g.name)
	for i, scope := range g.scopes {
		pointer, name := fmt.Sprintf("/scopes/%d", i), string(scope)
		switch reach := k.Contract.KeyReach(name); {
		case reach == gate.KeyReachTest && g.mode != api.CompanyModeTest:
			f.Field(pointer, "needs_test_company", name+" is available to keys of test companies only")
		case reach != gate.KeyReachJobs && g.jobs != nil:
			f.Field(pointer, "needs_all_jobs", name+" is not available to keys that are limited to jobs")
		}
	}
	for _, name := range g.kept {
		if g.jobs != nil && k.Contract.KeyReach(name) != gate.KeyReachJobs {
			f.Field("/job_ids", "needs_all_jobs", "must be null, because the key has the scope "+name)
		}
	}
	if e := g.expiresAt; e != nil && (had == nil || !had.Equal(*e)) {
		switch {
		case !e.After(now):
			f.Field("/expires_at", "past", "must be in the future")
		case e.After(now.AddDate(maxYears, 0, 0)):
			f.Field("/expires_at", "too_far", fmt.Sprintf("must be at most %d years ahead", maxYears))
		}
	}
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}

// checkCovers fails with RoleNotAllowed if a key, given its jobs and the mode of the company, would see or do more than
// the actor. Otherwise a key would give its holders rights that their role does not give them.
func checkCovers(actor access.Actor, jobs []uuid.UUID, mode api.CompanyMode) error {
	key := access.Key{Jobs: jobs, Test: mode == api.CompanyModeTest}
	if actor.Standing().Covers(key.Standing()) {
		return nil
	}
	return fault.New(fault.RoleNotAllowed).
		With("The key would act with the role %s, which may do more than yours, %s.", key.Role(), actor.Role)
}

// statusOf is the status of a key at a time.
func statusOf(row db.APIKeyDetails, now time.Time) api.APIKeyStatus {
	switch {
	case row.RevokedAt != nil:
		return api.APIKeyStatusRevoked
	case row.ExpiresAt != nil && !now.Before(*row.ExpiresAt):
		return api.APIKeyStatusExpired
	}
	return api.APIKeyStatusActive
}

// canChange fails with RoleNotAllowed if the actor may not change a key and not get a new secret of it, and with
// StateConflict if it was revoked. An expired key can be changed: it can get another expiry.
func canChange(actor access.Actor, row db.APIKeyDetails) error {
	if err := checkCovers(actor, row.JobIDs, modeOfPrefix(row.Prefix)); err != nil {
		return err
	}
	return canRevoke(actor, row)
}

// canRevoke fails with StateConflict if a key was revoked. The permission is sufficient: nobody gains by a revocation.
func canRevoke(_ access.Actor, row db.APIKeyDetails) error {
	if row.RevokedAt != nil {
		return fault.New(fault.StateConflict).In(string(api.APIKeyStatusRevoked), []string{}).
			With("The key is revoked. Revocation is final; create another key.")
	}
	return nil
}

// allowedActions lists the actions that the actor may take on a key now.
func (k *APIKeys) allowedActions(actor access.Actor, row db.APIKeyDetails) []api.APIKeyAction {
	// The first key of a test company is shown to a user of the company that opened it, who cannot manage it.
	if actor.Kind != access.KindUser || row.CompanyID != actor.CompanyID || !k.Contract.Holds(actor.Role,
		"api_keys:manage") {
		return []api.APIKeyAction{}
	}
	actions := []api.APIKeyAction{}
	if canChange(actor, row) == nil {
		actions = append(actions, api.APIKeyActionUpdate, api.APIKeyActionRotate)
	}
	if canRevoke(actor, row) == nil {
		actions = append(actions, api.APIKeyActionRevoke)
	}
	return actions
}

// applyPatch applies a merge patch to a row: absent members keep their value, null clears it.
func applyPatch(row db.APIKeyDetails, patch api.UpdateAPIKeyRequest) db.UpdateAPIKeyParams {
	change := db.UpdateAPIKeyParams{
		CompanyID: row.CompanyID, ID: row.ID, Version: row.Version, Name: row.Name, Scopes: row.Scopes, JobIDs: row.JobIDs,
		ExpiresAt: row.ExpiresAt,
	}
	if patch.Name != nil {
		change.Name = strings.TrimSpace(*patch.Name)
	}
	if patch.Scopes != nil {
		change.Scopes = sorted(patch.Scopes)
	}
	if patch.JobIds.IsSpecified() {
		change.JobIDs, _ = patch.JobIds.Get()
	}
	if patch.ExpiresAt.IsSpecified() {
		change.ExpiresAt = nil
		if at, err := patch.ExpiresAt.Get(); err == nil {
			at = at.Truncate(time.Microsecond) // the precision of the database
			change.ExpiresAt = &at
		}
	}
	return change
}

// hasChanges reports whether a change differs from the row.
func hasChanges(row db.APIKeyDetails, change db.UpdateAPIKeyParams) bool {
	sameEnd := row.ExpiresAt == nil && change.ExpiresAt == nil ||
		row.ExpiresAt != nil && change.ExpiresAt != nil && row.ExpiresAt.Equal(*change.ExpiresAt)
	return row.Name != change.Name || !slices.Equal(row.Scopes, change.Scopes) || !sameEnd ||
		(row.JobIDs == nil) != (change.JobIDs == nil) || !slices.Equal(row.JobIDs, change.JobIDs)
}

func sorted(scopes []api.APIKeyScope) []string {
	names := make([]string, len(scopes))
	for i, scope := range scopes {
		names[i] = string(scope)
	}
	slices.Sort(names)
	return names
}
