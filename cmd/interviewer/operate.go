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

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/identity/operator"
)

func (p program) company() *cobra.Command {
	c := &cobra.Command{Use: "company", Short: "Open, list and switch companies"}
	var name, slug string
	create := &cobra.Command{
		Use: "create", Short: "Open a company", Args: cobra.NoArgs,
		Long:    "Opens a company without users. Give it its first admin with \"interviewer user create\".",
		Example: "  interviewer company create --name \"Acme Robotics\" --slug acme-robotics",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.operate(c.Context(), func(ctx context.Context, o *operator.Operator) error {
				created, err := o.CreateCompany(ctx, name, slug)
				if err != nil {
					return err
				}
				return p.print("%s\n", created.ID)
			})
		},
	}
	create.Flags().StringVar(&name, "name", "", "the company's name (required)")
	create.Flags().StringVar(&slug, "slug", "", "its short name: lower-case letters, digits and hyphens (required)")
	required(create, "name", "slug")
	list := &cobra.Command{
		Use: "list", Short: "List all companies", Args: cobra.NoArgs,
		Long:    "Lists all companies of the installation by their slugs.",
		Example: "  interviewer company list",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.operate(c.Context(), func(ctx context.Context, o *operator.Operator) error {
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
	deactivate := p.switchCompany(false)
	deactivate.Use, deactivate.Short = "deactivate SLUG", "Keep a company's users out"
	deactivate.Long = `Ends all sessions of a company's users, and lets none of them sign in. Its data stays as it is.
Its test companies go dark with it. None of those can be named here: the admins of the company that has opened it can
close it.`
	deactivate.Example = "  interviewer company deactivate acme-robotics"
	reactivate := p.switchCompany(true)
	reactivate.Use, reactivate.Short = "reactivate SLUG", "Let a company's users in again"
	reactivate.Long = `Lets the users of a company that was deactivated sign in again, and those of its test
companies that are open. Their keys are good again as well.`
	reactivate.Example = "  interviewer company reactivate acme-robotics"
	c.AddCommand(create, list, deactivate, reactivate)
	return c
}

// switchCompany is deactivate and reactivate, without their words.
func (p program) switchCompany(active bool) *cobra.Command {
	return &cobra.Command{
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.operate(c.Context(), func(ctx context.Context, o *operator.Operator) error {
				return o.SwitchCompany(ctx, args[0], active)
			})
		},
	}
}

func (p program) user() *cobra.Command {
	c := &cobra.Command{Use: "user", Short: "Create users and reset passwords"}
	var company string
	role := string(api.RoleEmployee)
	var person operator.Person
	create := &cobra.Command{
		Use: "create", Short: "Create a user", Args: cobra.NoArgs,
		Long: `Creates an active user. The password is asked for twice at a terminal; otherwise it is the first line of
standard input.`,
		Example: `  interviewer user create --company acme-robotics --role admin \
    --email ada@acme.example --first-name Ada --last-name Okafor
  interviewer user create --company acme-robotics … <password.txt`,
		RunE: func(c *cobra.Command, _ []string) error {
			person.Role = api.Role(role)
			plain, err := p.password()
			if err != nil {
				return err
			}
			return p.operate(c.Context(), func(ctx context.Context, o *operator.Operator) error {
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
	flags.StringVar(&company, "company", "", "the slug of the user's company (required)")
	flags.StringVar(&person.Email, "email", "", "the email address to sign in with (required)")
	flags.StringVar(&person.FirstName, "first-name", "", "the first name (required)")
	flags.StringVar(&person.LastName, "last-name", "", "the last name (required)")
	flags.StringVar(&person.Department, "department", "", "the department")
	flags.StringVar(&role, "role", role, "employee, team_lead, hr or admin")
	required(create, "company", "email", "first-name", "last-name")
	var test string
	reset := &cobra.Command{
		Use: "reset-password EMAIL", Short: "Give a user a new password", Args: cobra.ExactArgs(1),
		Long: `Gives a user a new password and ends all their sessions. The password is asked for twice at a terminal;
otherwise it is the first line of standard input. The emails of a test company's users are its own: name the company.`,
		Example: "  interviewer user reset-password ada@acme.example\n" +
			"  interviewer user reset-password ada@acme.example <password.txt\n" +
			"  interviewer user reset-password ada@acme.example --test-company acme-robotics-test-7f3a9c21",
		RunE: func(c *cobra.Command, args []string) error {
			plain, err := p.password()
			if err != nil {
				return err
			}
			return p.operate(c.Context(), func(ctx context.Context, o *operator.Operator) error {
				return o.ResetPassword(ctx, args[0], test, plain)
			})
		},
	}
	reset.Flags().StringVar(&test, "test-company", "", "the slug of the user's company, where that is a test company")
	c.AddCommand(create, reset)
	return c
}

// password asks for a new password twice, or reads it from whatever standard input is.
func (p program) password() (string, error) {
	typed, err := p.secret("Password: ", "Once more: ")
	if err != nil {
		return "", err
	}
	if typed[0] != typed[len(typed)-1] {
		return "", errors.New("the two passwords differ")
	}
	return typed[0], nil
}

// secret asks for a password at a terminal without showing it, once for each prompt. Where standard input is no
// terminal, the password is its first line.
func (p program) secret(prompts ...string) ([]string, error) {
	terminal, ok := p.in.(*os.File)
	if !ok || !term.IsTerminal(int(terminal.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(p.in, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read the password: %w", err)
		}
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return nil, errors.New("the first line of standard input is the password, and it is empty")
		}
		return []string{line}, nil
	}
	typed := make([]string, len(prompts))
	for i, prompt := range prompts {
		_, _ = fmt.Fprint(p.err, prompt)
		line, err := term.ReadPassword(int(terminal.Fd()))
		p.say("")
		if err != nil {
			return nil, fmt.Errorf("read the password: %w", err)
		}
		typed[i] = string(line)
	}
	return typed, nil
}

func required(c *cobra.Command, flags ...string) {
	for _, name := range flags {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // the flag was not defined: a defect that shows at every start
		}
	}
}
