package redis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/redis/rueidis"
)

// noEviction is the only policy with which Redis keeps every counter until it expires.
const noEviction = "noeviction"

// Check returns what is wrong with Redis for this service, a sentence with a remedy each: commands that the access
// control list does not permit, and an eviction policy that loses counters of attempts. It fails with ErrDown if Redis
// is not available.
func (r *Redis) Check(ctx context.Context) (wrong []string, err error) {
	if r.untracked.Load() {
		wrong = append(wrong, "CLIENT TRACKING is not permitted, so copies of sessions are read from Redis each time: "+
			"grant it with ACL SETUSER <user> +client|tracking +client|caching")
	}
	err = r.Do(ctx, func(ctx context.Context, c rueidis.Client) error {
		err := c.Do(ctx, c.B().Eval().Script("return 1").Numkeys(0).Build()).Error()
		switch {
		case isNoPermission(err):
			wrong = append(wrong, "EVAL is not permitted, so sign-in is refused and request limits apply to each replica "+
				"alone: grant it with ACL SETUSER <user> +eval +evalsha")
		case err != nil:
			return fmt.Errorf("check scripts: %w", err)
		}
		info, err := c.Do(ctx, c.B().Info().Section("memory").Build()).ToString()
		switch {
		case isNoPermission(err):
			wrong = append(wrong, "INFO is not permitted, so the eviction policy is not known: "+
				"grant it with ACL SETUSER <user> +info")
			return nil
		case err != nil:
			return fmt.Errorf("read the eviction policy: %w", err)
		}
		for line := range strings.Lines(info) {
			policy, found := strings.CutPrefix(strings.TrimSpace(line), "maxmemory_policy:")
			if found && policy != noEviction {
				wrong = append(wrong, "maxmemory-policy is "+policy+", which loses counters of sign-in attempts when the "+
					"memory is full: set it to "+noEviction)
			}
		}
		return nil
	})
	return wrong, err
}

// report logs what is wrong with a Redis that was just connected.
func (r *Redis) report(ctx context.Context) {
	wrong, err := r.Check(ctx)
	if err != nil {
		return // the connection was lost again, which is logged
	}
	for _, one := range wrong {
		r.log.WarnContext(ctx, "Redis is not set up as the service needs it", slog.String("problem", one))
	}
}

// isNoPermission reports whether the access control list of Redis refused a command.
func isNoPermission(err error) bool {
	var answer *rueidis.RedisError
	return errors.As(err, &answer) && strings.HasPrefix(answer.Error(), "NOPERM")
}

// refusesTracking reports whether a connection failed because CLIENT TRACKING is not permitted. rueidis returns the
// refusal as a text.
func refusesTracking(err error) bool {
	return err != nil && strings.Contains(err.Error(), "NOPERM") && strings.Contains(err.Error(), "client|tracking")
}
