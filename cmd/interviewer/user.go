package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/operator"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
)

// redisWait is how long a command waits for Redis.
const redisWait = 3 * time.Second

// listedUser is a user in the output of "user list".
type listedUser struct {
	ID        uuid.UUID   `json:"id"`
	Email     string      `json:"email"`
	FirstName string      `json:"first_name"`
	LastName  string      `json:"last_name"`
	Role      stored.Role `json:"role"`
	IsActive  bool        `json:"is_active"`
}

func (p program) listUsers() *cobra.Command {
	var company string
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "List the users of a company", Args: cobra.NoArgs,
		Long: "Lists all users of a company, also those that are not active, sorted by name.",
		Example: "  interviewer user list --company acme-robotics\n" +
			"  interviewer user list --company acme-robotics --json | jq 'select(.role == \"admin\")'",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withOperator(c.Context(), func(ctx context.Context, o *operator.Operator) error {
				found, err := o.FindCompany(ctx, company)
				if err != nil {
					return err
				}
				table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
				if !asJSON {
					_, _ = fmt.Fprintln(table, "EMAIL\tNAME\tROLE\tACTIVE\tID")
				}
				encoder := json.NewEncoder(p.out)
				err = o.Users(ctx, found.ID, func(u db.User) error {
					if asJSON {
						return encoder.Encode(listedUser{u.ID, u.Email, u.FirstName, u.LastName, u.Role, u.IsActive})
					}
					_, err := fmt.Fprintf(table, "%s\t%s %s\t%s\t%t\t%s\n", u.Email, u.FirstName, u.LastName, u.Role, u.IsActive, u.ID)
					return err
				})
				return errors.Join(err, table.Flush())
			})
		},
	}
	c.Flags().StringVar(&company, "company", "", "the company's slug or id (required)")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	required(c, "company")
	return c
}

// accountFlag adds the flag of commands that name a user by an email.
func accountFlag(c *cobra.Command) *string {
	return c.Flags().String("company", "", "the slug or id of the user's company; required for users of test companies")
}

// onAccount returns a command's function, which calls act with the account that the first argument names.
func (p program) onAccount(
	company *string, act func(ctx context.Context, o *operator.Operator, account operator.Account, args []string) error,
) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		return p.withOperator(c.Context(), func(ctx context.Context, o *operator.Operator) error {
			account, err := o.FindAccount(ctx, args[0], *company)
			if err != nil {
				return err
			}
			return act(ctx, o, account, args)
		})
	}
}

func (p program) deactivateUser() *cobra.Command {
	c := &cobra.Command{
		Use: "deactivate EMAIL", Short: "Deactivate a user", Args: cobra.ExactArgs(1),
		Long: `Ends all sessions of a user within a second and prevents them from signing in. Their data is kept. The only
active admin of a company cannot be deactivated: create another one first, or deactivate the company.`,
		Example: "  interviewer user deactivate ada@acme.example",
	}
	c.RunE = p.onAccount(accountFlag(c),
		func(ctx context.Context, o *operator.Operator, account operator.Account, _ []string) error {
			return o.DeactivateUser(ctx, account)
		})
	return c
}

func (p program) reactivateUser() *cobra.Command {
	c := &cobra.Command{
		Use: "reactivate EMAIL", Short: "Reactivate a user", Args: cobra.ExactArgs(1),
		Long:    "Permits a deactivated user to sign in again, with the same role and the same password.",
		Example: "  interviewer user reactivate ada@acme.example",
	}
	c.RunE = p.onAccount(accountFlag(c),
		func(ctx context.Context, o *operator.Operator, account operator.Account, _ []string) error {
			return o.ReactivateUser(ctx, account)
		})
	return c
}

func (p program) changeRole() *cobra.Command {
	c := &cobra.Command{
		Use: "role EMAIL ROLE", Short: "Change the role of a user", Args: cobra.ExactArgs(2),
		Long: `Gives a user another role: employee, team_lead, hr or admin. Their sessions continue with the new role within
a second. The only active admin of a company keeps the role: give it to another user first.`,
		Example: "  interviewer user role ada@acme.example admin",
	}
	c.RunE = p.onAccount(accountFlag(c),
		func(ctx context.Context, o *operator.Operator, account operator.Account, args []string) error {
			return o.ChangeRole(ctx, account, stored.Role(args[1]))
		})
	return c
}

func (p program) unlockUser() *cobra.Command {
	c := &cobra.Command{
		Use: "unlock EMAIL", Short: "Forget the failed attempts of a user to sign in", Args: cobra.ExactArgs(1),
		Long: `Removes the counters of failed attempts to sign in to an account, so that the user can try again at once. The
password stays as it is. An address with too many failures on other accounts remains refused for a while.`,
		Example: "  interviewer user unlock ada@acme.example",
	}
	c.RunE = p.onAccount(accountFlag(c),
		func(ctx context.Context, o *operator.Operator, account operator.Account, _ []string) error {
			return p.withThrottle(ctx, func(throttle *ratelimit.Throttle) error { return o.Unlock(ctx, account, throttle) })
		})
	return c
}

func (p program) resetPassword() *cobra.Command {
	var generate bool
	c := &cobra.Command{
		Use: "reset-password EMAIL", Short: "Reset a user's password, and unlock the user", Args: cobra.ExactArgs(1),
		Long: `Sets a new password for a user, which they must change at the next sign-in, ends all their sessions, and
forgets their failed attempts to sign in. With --generate the command prints a random password. Otherwise it asks for
the password twice on a terminal, or reads it from the first line of standard input.`,
		Example: "  interviewer user reset-password ada@acme.example --generate\n" +
			"  interviewer user reset-password ada@acme.example <password.txt\n" +
			"  interviewer user reset-password ada@acme.example --company acme-robotics-test-7f3a9c21",
	}
	c.Flags().BoolVar(&generate, "generate", false, "generate a password and print it")
	company := accountFlag(c)
	c.Flags().StringVar(company, "test-company", "", "the same as --company")
	_ = c.Flags().MarkHidden("test-company") // fails only if the flag is not defined
	c.RunE = func(c *cobra.Command, args []string) error {
		plain := rand.Text()
		if !generate {
			var err error
			if plain, err = p.password(); err != nil {
				return err
			}
		}
		reset := func(ctx context.Context, o *operator.Operator, account operator.Account, _ []string) error {
			if err := o.ResetPassword(ctx, account, plain); err != nil {
				return err
			}
			if generate {
				if err := p.print("%s\n", plain); err != nil {
					return err
				}
			}
			err := p.withThrottle(ctx, func(throttle *ratelimit.Throttle) error {
				return throttle.Clear(ctx, account.Throttled)
			})
			if err != nil {
				p.message("The password was reset, but the failed attempts were not forgotten. " +
					"Run \"interviewer user unlock\".")
			}
			return err
		}
		return p.onAccount(company, reset)(c, args)
	}
	return c
}

// withThrottle calls act with the limits of sign-in. In development they are those of the service that runs; if none
// does, there is nothing to unlock.
func (p program) withThrottle(ctx context.Context, act func(*ratelimit.Throttle) error) error {
	c, err := p.load()
	if err != nil {
		return err
	}
	if c.RedisURL == "" || c.SecretKey == "" {
		d, err := newDependencies(c)
		if err == nil && c.SecretKey == "" {
			err = d.loadOrCreateSecret(c)
		}
		if err != nil {
			return err
		}
		if c.RedisURL == "" {
			running, err := d.running()
			if err != nil {
				p.message("No service is running, so no attempts are counted.")
				return nil
			}
			c.RedisURL = config.SecretURL(running["REDIS_URL"])
		}
	}
	keys, err := session.NewKeyring(c.SecretKey.Reveal())
	if err != nil {
		return err
	}
	// Only client-side caching needs more than every Redis has, and it is not used here.
	r, err := redis.Open(ctx, c.RedisURL.Reveal(), slog.New(slog.DiscardHandler), redis.Options{InProcess: true})
	if err != nil {
		return err
	}
	defer r.Close()
	waiting, cancel := context.WithTimeout(ctx, redisWait)
	defer cancel()
	for r.Up(waiting) != nil && waiting.Err() == nil {
		select {
		case <-waiting.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	return act(ratelimit.NewThrottle(r, keys.Throttle(), ratelimit.ThrottlePolicy{}))
}
