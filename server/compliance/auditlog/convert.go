package auditlog

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

func convert(row db.AuditLog, sequence *int64, hash []byte) (api.AuditLog, error) {
	details := map[string]any{}
	if err := json.Unmarshal(row.Details, &details); err != nil {
		return api.AuditLog{}, fmt.Errorf("audit log %s: details: %w", row.ID, err)
	}
	response := api.AuditLog{
		ID: row.ID, CompanyID: row.CompanyID, CreatedAt: row.CreatedAt.UTC(),
		ActorType: api.AuditActorType(row.ActorType), ActorID: optional.Of(access.ShownID(row.CompanyID, row.ActorID)),
		SessionID: optional.Of(row.SessionID),
		Action:    api.AuditAction(row.Action), ResourceType: api.AuditResourceType(row.ResourceType),
		ResourceID: optional.Of(row.ResourceID), Outcome: api.AuditOutcome(row.Outcome),
		IP: nullable.NewNullNullable[string](), UserAgent: row.UserAgent, RequestID: row.RequestID, Details: details,
		Sequence: optional.Of(sequence), Hash: nullable.NewNullNullable[string](),
		ErasedBy: optional.Of(row.ErasedBy),
	}
	if row.IP != nil {
		response.IP = nullable.NewNullableWithValue(row.IP.String())
	}
	if sequence != nil {
		response.Hash = nullable.NewNullableWithValue(hex.EncodeToString(hash))
	}
	return response, nil
}
