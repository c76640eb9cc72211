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

// prefixes are the beginnings of the keys of the service. Keys and commands of packages that use Redis are listed here
// and in docs/operations/deployment.md, which TestDocumentedRules compares.
func prefixes() []string { return []string{"session:", "login:", "limit:", "lease:"} }

// probe is a key that is written to learn what is permitted, probeSet one with a sorted set. They are gone at once.
const probe, probeSet = "check", "check-set"

// commands are the commands of the service and of its scripts, apart from those that Check names itself, each with
// arguments that change nothing but the probe.
func commands() [][]string {
	return [][]string{
		{"GET"},
		{"SET", "", "PX", "1"},
		{"DEL"},
		{"ZADD", "0", "x"},
		{"PEXPIRE", "1"},
		{"ZSCORE", "x"},
		{"ZCARD"},
		{"ZRANGE", "0", "0"},
		{"ZRANGEBYSCORE", "0", "0"},
		{"ZREM", "x"},
		{"ZREMRANGEBYSCORE", "-inf", "+inf"},
	}
}

// checkRules returns which keys and commands the access control list does not permit.
func checkRules(ctx context.Context, c rueidis.Client) (wrong []string, err error) {
	refused := func(command rueidis.Completed) (bool, error) {
		err := c.Do(ctx, command).Error()
		if err == nil || rueidis.IsRedisNil(err) || isNoPermission(err) {
			return isNoPermission(err), nil
		}
		return false, fmt.Errorf("check the access control list: %w", err)
	}
	var keys, names []string
	usable := ""
	for _, prefix := range prefixes() {
		get := c.Do(ctx, c.B().Get().Key(prefix+probe).Build()).Error()
		set := c.Do(ctx, c.B().Set().Key(prefix+probe).Value("").PxMilliseconds(1).Build()).Error()
		if isKeyRefused(get) || isKeyRefused(set) {
			keys = append(keys, "~"+prefix+"*")
		} else {
			usable = prefix
		}
	}
	if len(keys) > 0 {
		wrong = append(wrong, "the keys "+strings.Join(keys, " ")+" are not permitted: grant them with ACL SETUSER <user> "+
			strings.Join(keys, " "))
	}
	if usable == "" {
		return wrong, nil
	}
	for _, command := range commands() {
		key := usable + probe
		if command[0][0] == 'Z' || command[0] == "PEXPIRE" {
			key = usable + probeSet
		}
		built := c.B().Arbitrary(command[0]).Keys(key).Args(command[1:]...).Build()
		if no, err := refused(built); err != nil {
			return wrong, err
		} else if no {
			names = append(names, "+"+strings.ToLower(command[0]))
		}
	}
	for _, command := range []rueidis.Completed{c.B().Time().Build(), c.B().Scan().Cursor(0).Count(1).Build()} {
		name := strings.ToLower(command.Commands()[0])
		if no, err := refused(command); err != nil {
			return wrong, err
		} else if no {
			names = append(names, "+"+name)
		}
	}
	if len(names) > 0 {
		wrong = append(wrong, "commands are not permitted, so sign-in is refused or request limits apply to each replica "+
			"alone: grant them with ACL SETUSER <user> "+strings.Join(names, " "))
	}
	return wrong, nil
}

// isKeyRefused reports whether the access control list refused a key, and not the command.
func isKeyRefused(err error) bool {
	return isNoPermission(err) && strings.Contains(err.Error(), "key")
}

// Check returns what is wrong with Redis for this service, a sentence with a remedy each: keys and commands that the
// access control list does not permit, and an eviction policy that loses counters of attempts. It writes keys that
// expire at once. It fails with ErrDown if Redis is not available.
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
		rules, err := checkRules(ctx, c)
		if err != nil {
			return err
		}
		wrong = append(wrong, rules...)
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
