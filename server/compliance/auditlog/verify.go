package auditlog

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// VerifyAuditLogs recomputes the hash chain of the company, compares it with a position that the client knows, and
// records the verification with its result.
func (a *AuditLog) VerifyAuditLogs(
	ctx context.Context, call service.Call, request api.VerifyAuditLogsRequestObject,
) (api.VerifyAuditLogsResponseObject, error) {
	company, from := call.Actor.CompanyID, int64(1)
	if request.Params.FromSequence != nil {
		from = *request.Params.FromSequence
	}
	known, err := knownPosition(request.Params)
	if err != nil {
		return nil, err
	}
	found, err := audit.Verify(ctx, a.Store, company, from, audit.VerifyAtMost)
	if err != nil {
		return nil, err
	}
	differing, _, err := audit.Compare(ctx, a.Store, company, known)
	if err != nil {
		return nil, err
	}
	found.Add(differing...)
	response := convertVerification(found)
	return service.Commit(ctx, a.Store, call, func(tx *postgres.Tx) (api.VerifyAuditLogsResponseObject, error) {
		err = a.Audit.Record(ctx, tx, call.Actor, audit.Entry{
			Action: audit.AuditVerified, Resource: audit.AuditLog,
			Details: audit.Details{
				"status": response.Status, "from_sequence": from, "checked": found.Checked, "findings": len(found.Findings),
			},
		})
		if err != nil {
			return nil, err
		}
		return api.VerifyAuditLogs200JSONResponse(response), nil
	})
}

// knownPosition returns the position that the client knows, if any.
func knownPosition(params api.VerifyAuditLogsParams) ([]audit.Position, error) {
	switch sequence, hash := params.KnownSequence, params.KnownHash; {
	case sequence == nil && hash == nil:
		return nil, nil
	case hash == nil:
		return nil, fault.New(fault.MalformedRequest).Parameter("known_hash", "required", "is required with known_sequence")
	case sequence == nil:
		return nil, fault.New(fault.MalformedRequest).Parameter("known_sequence", "required", "is required with known_hash")
	default:
		decoded, err := hex.DecodeString(*hash)
		if err != nil { // the specification requires hexadecimal digits
			return nil, fmt.Errorf("decode known_hash: %w", err)
		}
		return []audit.Position{{Sequence: *sequence, Hash: decoded}}, nil
	}
}

func convertVerification(v audit.Verification) api.AuditVerification {
	response := api.AuditVerification{
		Status:  api.AuditVerificationStatusIntact,
		Checked: int32(v.Checked), Pending: int32(v.Pending), //nolint:gosec // bounded
		BaseSequence: number(v.Base), NextSequence: number(v.Next), HeadSequence: number(v.Head),
		HeadHash: nullable.NewNullNullable[string](),
		Findings: make([]api.AuditFinding, len(v.Findings)),
	}
	if v.Head > 0 {
		response.HeadHash = nullable.NewNullableWithValue(hex.EncodeToString(v.Hash))
	}
	for i, f := range v.Findings {
		response.Findings[i] = api.AuditFinding{Kind: f.Kind, Sequence: number(f.Sequence), AuditLogID: optional.Of(f.ID)}
		response.Status = api.AuditVerificationStatusBroken
	}
	return response
}

// number converts a sequence; 0 stands for none and becomes null.
func number(n int64) nullable.Nullable[int64] {
	if n == 0 {
		return nullable.NewNullNullable[int64]()
	}
	return nullable.NewNullableWithValue(n)
}
