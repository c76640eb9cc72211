package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/auditlog"
	"github.com/ai-interviewer-platform/interviewer/server/identity/operator"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

func (p program) audit() *cobra.Command {
	c := &cobra.Command{Use: "audit", Short: "Export and verify the audit log"}
	var company, path string
	format := string(api.ExportFormatNdjson)
	export := &cobra.Command{
		Use: "export", Short: "Export a company's audit log", Args: cobra.NoArgs,
		Long: `Writes all entries of a company's audit log, oldest first, as NDJSON or CSV. The export itself is recorded
in the log. The output file is complete or absent: it is written under another name and renamed at the end.`,
		Example: "  interviewer audit export --company acme-robotics --format csv --output audit.csv",
		RunE: func(c *cobra.Command, _ []string) error {
			if !api.ExportFormat(format).Valid() {
				return fmt.Errorf("--format must be ndjson or csv, not %q", format)
			}
			return p.withOperator(c.Context(), func(ctx context.Context, o *operator.Operator) error {
				found, err := o.FindCompany(ctx, company)
				if err != nil {
					return err
				}
				return p.export(ctx, o, found, api.ExportFormat(format), path)
			})
		},
	}
	export.Flags().StringVar(&company, "company", "", "the company's slug (required)")
	export.Flags().StringVar(&format, "format", format, "ndjson or csv")
	export.Flags().StringVar(&path, "output", "", "the file to write; standard output by default")
	required(export, "company")
	verify := &cobra.Command{
		Use: "verify", Short: "Verify that a company's audit log was not changed", Args: cobra.NoArgs,
		Long: `Recomputes the company's hash chain and lists every entry that was changed, removed, or added without the
service. It fails if there is one. Store the printed head outside of the system: if a later chain does not contain
it, the log was rewritten.`,
		Example: "  interviewer audit verify --company acme-robotics",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withOperator(c.Context(), func(ctx context.Context, o *operator.Operator) error {
				found, err := o.FindCompany(ctx, company)
				if err != nil {
					return err
				}
				return p.verify(ctx, o, found)
			})
		},
	}
	verify.Flags().StringVar(&company, "company", "", "the company's slug (required)")
	required(verify, "company")
	c.AddCommand(export, verify)
	return c
}

func (p program) export(
	ctx context.Context, o *operator.Operator, company db.FindCompanyRow, format api.ExportFormat, path string,
) (err error) {
	to := p.out
	if path != "" {
		file, created := os.CreateTemp(filepath.Dir(path), ".audit-export-*")
		if created != nil {
			return fmt.Errorf("create file for export: %w", created)
		}
		defer func() {
			err = errors.Join(err, file.Close())
			if err == nil {
				err = os.Rename(file.Name(), path)
			}
			if err != nil {
				_ = os.Remove(file.Name()) // remove the incomplete file
			}
		}()
		to = file
	}
	err = o.Store.InTx(ctx, company.ID, func(tx *postgres.Tx) error {
		return o.Audit.Record(ctx, tx, access.System(company.ID), audit.Entry{
			Action: audit.AuditExported, Resource: audit.AuditLog, Details: audit.Details{"format": format},
		})
	})
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(to)
	if err := auditlog.Export(ctx, o.Store, auditlog.Everything(company.ID), format, buffered); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	return nil
}

func (p program) verify(ctx context.Context, o *operator.Operator, company db.FindCompanyRow) error {
	broken, checked := 0, 0
	for from := int64(1); from != 0; {
		found, err := audit.Verify(ctx, o.Store, company.ID, from, audit.VerifyAtMost)
		if err != nil {
			return err
		}
		for _, f := range found.Findings {
			id := "-"
			if f.ID != nil {
				id = f.ID.String()
			}
			if err := p.print("%s  sequence %d  entry %s\n", f.Kind, f.Sequence, id); err != nil {
				return err
			}
		}
		broken, checked, from = broken+len(found.Findings), checked+found.Checked, found.Next
		if from != 0 {
			p.message("%d entries checked …", checked)
			continue
		}
		err = p.print("checked %d entries, %d not yet sealed; head %d %s\n",
			checked, found.Pending, found.Head, hex.EncodeToString(found.Hash))
		if err != nil {
			return err
		}
	}
	if broken > 0 {
		return fmt.Errorf("the audit log of %s was changed: %d findings", company.Slug, broken)
	}
	return nil
}
