package main

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/auditlog"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/identity/operator"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

func (p program) audit() *cobra.Command {
	c := &cobra.Command{Use: "audit", Short: "Export, verify and erase the audit log, and write checkpoints"}
	var company, path string
	format := string(api.ExportFormatNdjson)
	export := &cobra.Command{
		Use: "export", Short: "Export a company's audit log", Args: cobra.NoArgs,
		Long: `Writes all entries of a company's audit log, oldest first, as NDJSON, CSV or XLSX. The export itself is
recorded in the log. The output file is complete or absent: it is written under another name and renamed at the end.`,
		Example: "  interviewer audit export --company acme-robotics --format csv --output audit.csv",
		RunE: func(c *cobra.Command, _ []string) error {
			if !api.ExportFormat(format).Valid() {
				return fmt.Errorf("--format must be ndjson, csv or xlsx, not %q", format)
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
	export.Flags().StringVar(&format, "format", format, "ndjson, csv or xlsx")
	export.Flags().StringVar(&path, "output", "", "the file to write; standard output by default")
	required(export, "company")
	c.AddCommand(export, p.auditVerify(), p.auditErase(), p.auditCheckpoint(), p.auditKey())
	return c
}

func (p program) auditVerify() *cobra.Command {
	var company, checkpoints, publicKey string
	c := &cobra.Command{
		Use: "verify", Short: "Verify that a company's audit log was not changed", Args: cobra.NoArgs,
		Long: `Recomputes the company's hash chain and lists every entry that was changed, removed, or added without the
service. It fails if there is one. With --checkpoint it also verifies the signatures of a file of checkpoints, and that
the chain still contains every position in it: an end that was cut off is reported as missing, and a chain that was
rewritten as replaced.`,
		Example: "  interviewer audit verify --company acme-robotics\n" +
			"  interviewer audit verify --company acme-robotics --checkpoint checkpoints.jsonl --public-key …",
		RunE: func(c *cobra.Command, _ []string) error {
			if (checkpoints == "") != (publicKey == "") {
				return errors.New("--checkpoint and --public-key must be used together")
			}
			return p.withOperator(c.Context(), func(ctx context.Context, o *operator.Operator) error {
				found, err := o.FindCompany(ctx, company)
				if err != nil {
					return err
				}
				known, err := p.knownPositions(found, checkpoints, publicKey)
				if err != nil {
					return err
				}
				return p.verify(ctx, o, found, known)
			})
		},
	}
	c.Flags().StringVar(&company, "company", "", "the company's slug (required)")
	c.Flags().StringVar(&checkpoints, "checkpoint", "", "a file of checkpoints to compare the chain with")
	c.Flags().StringVar(&publicKey, "public-key", "", "the public key of the checkpoints, from \"interviewer audit key\"")
	required(c, "company")
	return c
}

// knownPositions reads the positions of a company from a file of checkpoints; none if there is no file.
func (p program) knownPositions(company db.FindCompanyRow, path, publicKey string) ([]audit.Position, error) {
	if path == "" {
		return nil, nil
	}
	key, err := audit.ParsePublicKey(publicKey)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("open checkpoints: %w", err)
	}
	defer func() { _ = file.Close() }()
	all, unreadable, err := audit.ReadCheckpoints(file, key)
	if err != nil {
		return nil, fmt.Errorf("checkpoints %s: %w", path, err)
	}
	for _, line := range unreadable {
		p.message("checkpoints %s: line %d is not a checkpoint and was skipped", path, line)
	}
	var known []audit.Position
	for _, one := range all {
		if position, found := one.Of(company.ID); found {
			known = append(known, position)
		}
	}
	if len(known) == 0 {
		return nil, fmt.Errorf("checkpoints %s: no checkpoint contains the company %s", path, company.Slug)
	}
	return known, nil
}

func (p program) auditErase() *cobra.Command {
	var company, resource, actor string
	var yes bool
	c := &cobra.Command{
		Use: "erase", Short: "Erase personal data from a company's audit log", Args: cobra.NoArgs,
		Long: `Erases the addresses, user agents, request ids and details of the entries about a resource, or of the entries
of the acts of a user or API key. The entries remain, and the erasure is recorded. It cannot be undone. Without --yes,
it only prints the number of entries.`,
		Example: "  interviewer audit erase --company acme-robotics --resource-id 01980a3e-7b1c-7c7e-8f00-0123456789ab\n" +
			"  interviewer audit erase --company acme-robotics --actor-id 01980a3e-7b1c-7c7e-8f00-0123456789ab --yes",
		RunE: func(c *cobra.Command, _ []string) error {
			subject, err := subjectOf(resource, actor)
			if err != nil {
				return err
			}
			return p.withOperator(c.Context(), func(ctx context.Context, o *operator.Operator) error {
				found, err := o.FindCompany(ctx, company)
				if err != nil {
					return err
				}
				if !yes {
					count, err := audit.Erasable(ctx, o.Store.Of(found.ID), found.ID, subject)
					if err != nil {
						return err
					}
					return p.print("%d entries would be erased; repeat the command with --yes\n", count)
				}
				return p.erase(ctx, o, found.ID, subject)
			})
		},
	}
	c.Flags().StringVar(&company, "company", "", "the company's slug (required)")
	c.Flags().StringVar(&resource, "resource-id", "", "erase the entries about this resource")
	c.Flags().StringVar(&actor, "actor-id", "", "erase the entries of the acts of this user or API key")
	c.Flags().BoolVar(&yes, "yes", false, "erase the entries instead of counting them")
	required(c, "company")
	return c
}

// subjectOf parses the flags of erase, of which at least one must be set.
func subjectOf(resource, actor string) (audit.Subject, error) {
	var subject audit.Subject
	if resource == "" && actor == "" {
		return subject, errors.New("--resource-id or --actor-id must be set")
	}
	for _, flag := range []struct {
		name, text string
		id         **uuid.UUID
	}{{"resource-id", resource, &subject.ResourceID}, {"actor-id", actor, &subject.ActorID}} {
		if flag.text == "" {
			continue
		}
		id, err := uuid.Parse(flag.text)
		if err != nil {
			return subject, fmt.Errorf("--%s must be a UUID, not %q", flag.name, flag.text)
		}
		*flag.id = &id
	}
	return subject, nil
}

// erase seals what is pending, because only sealed entries can be erased, and then erases batch after batch.
func (p program) erase(ctx context.Context, o *operator.Operator, company uuid.UUID, subject audit.Subject) error {
	if err := audit.NewSealer(o.Store, func(int) {}).Seal(ctx); err != nil {
		return err
	}
	total := 0
	for {
		erased := 0
		err := o.Store.InTx(ctx, company, func(tx *postgres.Tx) (err error) {
			erased, err = o.Audit.Erase(ctx, tx, access.System(company), subject)
			return err
		})
		if err != nil {
			return err
		}
		if erased == 0 {
			return p.print("%d entries were erased\n", total)
		}
		total += erased
	}
}

func (p program) auditCheckpoint() *cobra.Command {
	var company, to string
	c := &cobra.Command{
		Use: "checkpoint", Short: "Write a signed checkpoint of the audit logs", Args: cobra.NoArgs,
		Long: `Signs the last position of the hash chain of every company, or of one, with AUDIT_CHECKPOINT_KEY, and writes
the checkpoint as a line of JSON to --to, to AUDIT_CHECKPOINT_TO or, without both, to standard output.`,
		Example: "  interviewer audit checkpoint\n" +
			"  interviewer audit checkpoint --company acme-robotics --to file:///mnt/worm/checkpoints.jsonl",
		RunE: func(c *cobra.Command, _ []string) error {
			run := func(ctx context.Context, settings *config.Config, o *operator.Operator) error {
				key, err := audit.ParseKey(settings.AuditCheckpointKey.Reveal())
				if err != nil {
					return fmt.Errorf("AUDIT_CHECKPOINT_KEY: %w; make one with \"interviewer audit key\"", err)
				}
				var companies []uuid.UUID
				if company != "" {
					found, err := o.FindCompany(ctx, company)
					if err != nil {
						return err
					}
					companies = append(companies, found.ID)
				}
				signed, err := audit.SignCheckpoint(ctx, o.Store, o.Clock.Now(), key, companies...)
				if err != nil {
					return err
				}
				if to == "" {
					to = settings.AuditCheckpointTo.Reveal()
				}
				if to != "" {
					return audit.WriteCheckpoint(ctx, to, signed)
				}
				line, err := json.Marshal(signed)
				if err != nil {
					return fmt.Errorf("encode checkpoint: %w", err)
				}
				return p.print("%s\n", line)
			}
			return p.withOperatorConfig(c.Context(), run)
		},
	}
	c.Flags().StringVar(&company, "company", "", "the company's slug; all companies by default")
	c.Flags().StringVar(&to, "to", "", "the file:// or https:// URL to write to; AUDIT_CHECKPOINT_TO by default")
	return c
}

func (p program) auditKey() *cobra.Command {
	return &cobra.Command{
		Use: "key", Short: "Make a key for checkpoints of the audit log", Args: cobra.NoArgs,
		Long: `Prints a new value of AUDIT_CHECKPOINT_KEY and its public key, which "interviewer audit verify" needs. Store
the public key together with the checkpoints. No configuration is needed.`,
		Example: "  interviewer audit key",
		RunE: func(*cobra.Command, []string) error {
			public, private, err := ed25519.GenerateKey(nil)
			if err != nil {
				return fmt.Errorf("generate key: %w", err)
			}
			return p.print("AUDIT_CHECKPOINT_KEY=%s\npublic key: %s\n",
				base64.StdEncoding.EncodeToString(private.Seed()), base64.StdEncoding.EncodeToString(public))
		},
	}
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
	sink := bulk.Sink{Writer: buffered}
	if err := auditlog.Export(ctx, o.Store, auditlog.Everything(company.ID), format, sink); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	return nil
}

func (p program) verify(
	ctx context.Context, o *operator.Operator, company db.FindCompanyRow, known []audit.Position,
) error {
	differing, expired, err := audit.Compare(ctx, o.Store, company.ID, known)
	if err != nil {
		return err
	}
	if err := p.printFindings(differing); err != nil {
		return err
	}
	broken, checked := len(differing), 0
	for from := int64(1); from != 0; {
		found, err := audit.Verify(ctx, o.Store, company.ID, from, audit.VerifyAtMost)
		if err != nil {
			return err
		}
		if err := p.printFindings(found.Findings); err != nil {
			return err
		}
		broken, checked, from = broken+len(found.Findings), checked+found.Checked, found.Next
		if from != 0 {
			p.message("%d entries checked …", checked)
			continue
		}
		err = p.print("checked %d entries after %d expired ones, %d not yet sealed; head %d %s\n",
			checked, found.Base, found.Pending, found.Head, hex.EncodeToString(found.Hash))
		if err != nil {
			return err
		}
	}
	if len(known) > 0 {
		err := p.print("compared %d checkpoints; %d are about expired entries\n", len(known)-expired, expired)
		if err != nil {
			return err
		}
	}
	if broken > 0 {
		return fmt.Errorf("the audit log of %s was changed: %d findings", company.Slug, broken)
	}
	return nil
}

func (p program) printFindings(findings []audit.Finding) error {
	for _, f := range findings {
		id := "-"
		if f.ID != nil {
			id = f.ID.String()
		}
		if err := p.print("%s  sequence %d  entry %s\n", f.Kind, f.Sequence, id); err != nil {
			return err
		}
	}
	return nil
}
