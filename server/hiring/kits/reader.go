package kits

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
)

// reader is what a caller may read of kits, in the form that queries take.
type reader struct {
	visibility.Sight
	// everything is readable. Where it is false, the listed kits and versions are; neither list is nil.
	everything     bool
	kits, versions []uuid.UUID
}

// readsAll reports whether somebody reads all kits and all their versions. People who do not read those of their
// interviews, and a key that is limited to jobs reads theirs and those of the whole company, drafts aside.
func readsAll(who access.Actor) bool { return who.Role != api.RoleEmployee && !who.Limited() }

// reader gives what the caller may read.
func (k *Kits) reader(ctx context.Context, tenant *db.Queries) (reader, error) {
	who := access.Of(ctx)
	r := reader{everything: readsAll(who), kits: []uuid.UUID{}, versions: []uuid.UUID{}}
	var err error
	if r.Sight, err = visibility.Of(ctx, tenant, who); err != nil || r.everything {
		return r, err
	}
	rows, err := k.readable(ctx, tenant, who, r.Sight)
	for _, row := range rows {
		r.versions = append(r.versions, row.ID)
		if !slices.Contains(r.kits, row.KitID) {
			r.kits = append(r.kits, row.KitID)
		}
	}
	return r, err
}

// readable are the versions of kits that somebody may read who does not read all of them.
func (k *Kits) readable(
	ctx context.Context, tenant *db.Queries, who access.Actor, seen visibility.Sight,
) ([]db.ListKitVersionsOfInterviewsRow, error) {
	if !who.Limited() {
		return tenant.ListKitVersionsOfInterviews(ctx, db.ListKitVersionsOfInterviewsParams{
			CompanyID: who.CompanyID, Interviews: seen.Interviews,
		})
	}
	rows, err := tenant.ListKitVersionsOfJobs(ctx, db.ListKitVersionsOfJobsParams{
		CompanyID: who.CompanyID, Jobs: seen.Jobs,
	})
	versions := make([]db.ListKitVersionsOfInterviewsRow, len(rows))
	for i, row := range rows {
		versions[i] = db.ListKitVersionsOfInterviewsRow(row)
	}
	return versions, err
}

// see gives a kit that the caller may see, and what else they may read.
func (k *Kits) see(ctx context.Context, id uuid.UUID) (db.GetKitRow, reader, error) {
	company := access.Of(ctx).CompanyID
	tenant := k.Store.Of(company)
	r, err := k.reader(ctx, tenant)
	if err != nil {
		return db.GetKitRow{}, r, err
	}
	row, err := tenant.GetKit(ctx, db.GetKitParams{
		CompanyID: company, ID: id, SeesAll: r.everything, Kits: r.kits, Versions: r.versions,
	})
	return row, r, err
}

// standing is what the caller is to a kit.
func (r reader) standing(kit db.Kit) lifecycle.Standing { return standing(r.Sight, kit.JobID) }
