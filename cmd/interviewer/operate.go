package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/identity/operator"
)

func (p program) company() *cobra.Command {
	c := &cobra.Command{Use: "company", Short: "Create, list, deactivate and reactivate companies"}
	var name, slug string
	create := &cobra.Command{
		Use: "create", Short: "Create a company", Args: cobra.NoArgs,
		Long:    "Creates a company without users. Create its first admin with \"interviewer user create\".",
		Example: "  interviewer company create --name \"Acme Robotics\" --slug acme-robotics",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withOperator(c.Context(), func(ctx context.Context, o *operator.Operator) error {
				created, err := o.CreateCompany(ctx, name, slug)
				if err != nil {
					return err
				}
				return p.print("%s\n", created.ID)
			})
		},
	}
	create.Flags().StringVar(&name, "name", "", "the company's name (required)")
	create.Flags().StringVar(&slug, "slug", "",
		"the company's short name: lower-case letters, digits and hyphens (required)")
	required(create, "name", "slug")
	list := &cobra.Command{
		Use: "list", Short: "List all companies", Args: cobra.NoArgs,
		Long:    "Lists all companies of the installation, sorted by slug.",
		Example: "  interviewer company list",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withOperator(c.Context(), func(ctx context.Context, o *operator.Operator) error {
				companies, err := o.Companies(ctx)
				if err != nil {
					return err
				}
				table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
				_, _ = fmt.Fprintln(table, "SLUG\tNAME\tACTIVE\tID")
				for _, one := range companies {
					_, _ = fmt.Fprintf(table, "%s\t%s\t%t\t%s\n", one.Slug, one.Name, one.IsActive, one.ID)
				}
				return table.Flush()
			})
		},
	}
	deactivate := p.setCompanyActive(false)
	deactivate.Use, deactivate.Short = "deactivate SLUG", "Deactivate a company"
	deactivate.Long = `Ends all sessions of a company's users and prevents them from signing in. Its data is not
changed. Its test companies are deactivated, too. SLUG cannot be a test company; admins of the company that opened
it can close it.`
	deactivate.Example = "  interviewer company deactivate acme-robotics"
	reactivate := p.setCompanyActive(true)
	reactivate.Use, reactivate.Short = "reactivate SLUG", "Reactivate a company"
	reactivate.Long = `Allows the users of a deactivated company, and of its open test companies, to sign in again.
Their API keys are valid again.`
	reactivate.Example = "  interviewer company reactivate acme-robotics"
	c.AddCommand(create, list, deactivate, reactivate)
	return c
}

// setCompanyActive returns the command deactivate or reactivate without its texts.
func (p program) setCompanyActive(active bool) *cobra.Command {
	return &cobra.Command{
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.withOperator(c.Context(), func(ctx context.Context, o *operator.Operator) error {
				return o.SwitchCompany(ctx, args[0], active)
			})
		},
	}
}

func (p program) user() *cobra.Command {
	c := &cobra.Command{Use: "user", Short: "Create, list, change and unlock users"}
	var company string
	role := string(stored.RoleEmployee)
	var person operator.Person
	create := &cobra.Command{
		Use: "create", Short: "Create a user", Args: cobra.NoArgs,
		Long: `Creates an active user. On a terminal the command asks for the password twice; otherwise it reads the
password from the first line of standard input.`,
		Example: `  interviewer user create --company acme-robotics --role admin \
    --email ada@acme.example --first-name Ada --last-name Okafor
  interviewer user create --company acme-robotics … <password.txt`,
		RunE: func(c *cobra.Command, _ []string) error {
			person.Role = stored.Role(role)
			plain, err := p.password()
			if err != nil {
				return err
			}
			return p.withOperator(c.Context(), func(ctx context.Context, o *operator.Operator) error {
				found, err := o.FindCompany(ctx, company)
				if err != nil {
					return err
				}
				created, err := o.CreateUser(ctx, found, person, plain)
				if err != nil {
					return err
				}
				return p.print("%s\n", created.ID)
			})
		},
	}
	flags := create.Flags()
	flags.StringVar(&company, "company", "", "the slug or id of the user's company (required)")
	flags.StringVar(&person.Email, "email", "", "the email address to sign in with (required)")
	flags.StringVar(&person.FirstName, "first-name", "", "the first name (required)")
	flags.StringVar(&person.LastName, "last-name", "", "the last name (required)")
	flags.StringVar(&person.Department, "department", "", "the department")
	flags.StringVar(&role, "role", role, "employee, team_lead, hr or admin")
	required(create, "company", "email", "first-name", "last-name")
	c.AddCommand(create, p.listUsers(), p.deactivateUser(), p.reactivateUser(), p.changeRole(), p.unlockUser(),
		p.resetPassword())
	return c
}

// password reads a new password, on a terminal twice.
func (p program) password() (string, error) {
	passwords, err := p.readPasswords("Password: ", "Once more: ")
	if err != nil {
		return "", err
	}
	if passwords[0] != passwords[len(passwords)-1] {
		return "", errors.New("the two passwords differ")
	}
	return passwords[0], nil
}

// readPasswords reads a password without echo from a terminal, once for each prompt. If standard input is not a
// terminal, it returns its first line.
func (p program) readPasswords(prompts ...string) ([]string, error) {
	terminal, ok := p.in.(*os.File)
	if !ok || !term.IsTerminal(int(terminal.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(p.in, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read password: %w", err)
		}
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return nil, errors.New("the password is empty: it is the first line of standard input")
		}
		return []string{line}, nil
	}
	passwords := make([]string, len(prompts))
	for i, prompt := range prompts {
		_, _ = fmt.Fprint(p.err, prompt)
		line, err := term.ReadPassword(int(terminal.Fd()))
		p.message("")
		if err != nil {
			return nil, fmt.Errorf("read password: %w", err)
		}
		passwords[i] = string(line)
	}
	return passwords, nil
}

func required(c *cobra.Command, flags ...string) {
	for _, name := range flags {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // the flag is not defined, which every start would show
		}
	}
}
