package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/joho/godotenv"
)

// Load reads the configuration from environ, in the form of os.Environ, and from the file at dotenvPath if it exists. A
// variable that is set in environ, even if it is empty, overrides the file. An empty variable counts as unset, and
// white space around a value is ignored.
// A variable in the file that the service does not read is a problem. Load does not modify the environment of the
// process. The error is Problems,
// with all problems found.
func Load(environ []string, dotenvPath string) (*Config, error) {
	file, err := readDotenv(dotenvPath)
	if err != nil {
		return nil, err
	}
	values := merge(environ, file)
	c := &Config{}
	k := &checker{config: c, found: append(checkFile(file), decode(c, values)...)}
	if c.Debug {
		c.LogLevel = slog.LevelDebug
	}
	if values["SEED_DEMO"] == "" {
		c.SeedDemo = c.Environment == Development && c.DatabaseURL == ""
	}
	if values["DRAIN_SECONDS"] == "" && c.Environment != Development {
		c.Drain = defaultDrain
	}
	if c.Host == "" {
		c.Host = defaultHost(c.Environment)
	}
	k.check()
	if len(k.found) > 0 {
		return nil, k.found
	}
	return c, nil
}

// defaultDrain is how long load balancers usually take to notice that a replica is not ready, if they do not know it
// from the one who stops it.
const defaultDrain Seconds = 3

// defaultHost is the wildcard address, and loopback in development, where the password of the demo accounts is public.
func defaultHost(e Environment) string {
	if e == Development {
		return "127.0.0.1"
	}
	return "0.0.0.0"
}

// readDotenv reads the variables of a file; none if the path is empty or the file does not exist. The parser's own
// error quotes the rest of the file, which may contain secrets, so it is replaced by the number of the line.
func readDotenv(path string) (map[string]string, error) {
	if path == "" {
		return nil, nil
	}
	content, err := os.ReadFile(path) //nolint:gosec // The operator, who also sets the environment, names the file.
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, Problems{{
			Variable: path, Wrong: "cannot be read: " + err.Error(),
			Remedy: "make it readable for the service or remove it",
		}}
	}
	values, err := godotenv.UnmarshalBytes(content)
	if err != nil {
		return nil, Problems{{
			Variable: path, Wrong: fmt.Sprintf("has a syntax error in line %d", firstBadLine(content)),
			Remedy: "write NAME=value on each line and close every quotation mark",
		}}
	}
	return values, nil
}

// firstBadLine returns the number, from 1, of the line after the longest prefix that can be parsed.
func firstBadLine(content []byte) int {
	lines := bytes.SplitAfter(content, []byte("\n"))
	for good := len(lines) - 1; good > 0; good-- {
		if _, err := godotenv.UnmarshalBytes(bytes.Join(lines[:good], nil)); err == nil {
			return good + 1
		}
	}
	return 1
}

// merge returns the value of every variable by its name: that of the process, else that of the file, else the default.
func merge(environ []string, file map[string]string) map[string]string {
	process := env.ToMap(environ)
	values := make(map[string]string)
	for _, v := range Variables() {
		value, set := process[v.Name]
		if !set {
			value = file[v.Name]
		}
		value = strings.TrimSpace(value)
		if value == "" {
			value = v.Default
		}
		values[v.Name] = value
	}
	return values
}

// decode sets the fields and returns the values that do not have the type of their field.
func decode(c *Config, values map[string]string) Problems {
	err := env.ParseWithOptions(c, env.Options{Environment: values, FuncMap: parsers()})
	if err == nil {
		return nil
	}
	var found Problems
	var all env.AggregateError
	if !errors.As(err, &all) {
		all.Errors = []error{err}
	}
	for _, one := range all.Errors {
		var wrong env.ParseError
		if !errors.As(one, &wrong) {
			panic("config: invalid tags of Config: " + one.Error())
		}
		field, _ := reflect.TypeFor[Config]().FieldByName(wrong.Name)
		v := variable(field.Tag.Get("env"))
		found = append(found, Problem{Variable: v.Name, Wrong: mismatch(v, wrong), Remedy: v.remedy()})
	}
	return found
}

// mismatch describes, without the value, why it does not have the type of its field.
func mismatch(v Variable, wrong env.ParseError) string {
	var refused refusal
	switch {
	case errors.As(wrong.Err, &refused):
		return string(refused)
	case wrong.Type == reflect.TypeFor[slog.Level]():
		return levelWanted
	case wrong.Type.Kind() == reflect.Bool:
		return "is not true or false"
	default:
		return v.wanted(wrong.Type)
	}
}

// wanted describes the values of a type that a variable accepts.
func (v Variable) wanted(t reflect.Type) string {
	if t == reflect.TypeFor[Span]() {
		return fmt.Sprintf("is not a duration from %s to %s", Span(v.Min), Span(v.Max))
	}
	return fmt.Sprintf(numberWanted, v.Min, v.Max)
}

const (
	levelWanted  = "is not one of debug, info, warn, error"
	numberWanted = "is not an integer from %d to %d"
)

// refusal is an error of our own parsers. It does not contain the value.
type refusal string

func (r refusal) Error() string { return string(r) }

// parsers are the parsers of JSON arrays, which the library does not have.
func parsers() map[reflect.Type]env.ParserFunc {
	return map[reflect.Type]env.ParserFunc{
		reflect.TypeFor[[]string]():       func(v string) (any, error) { return array[string](v) },
		reflect.TypeFor[[]Secret]():       func(v string) (any, error) { return array[Secret](v) },
		reflect.TypeFor[[]netip.Prefix](): func(v string) (any, error) { return networks(v) },
		reflect.TypeFor[Span]():           func(v string) (any, error) { return span(v) },
	}
}

func array[T ~string](value string) ([]T, error) {
	var list []T
	if err := json.Unmarshal([]byte(value), &list); err != nil {
		return nil, refusal("is not a JSON array of strings")
	}
	return list, nil
}

// span parses a duration. Days are not a unit of time.ParseDuration.
func span(value string) (Span, error) {
	if days, found := strings.CutSuffix(value, "d"); found {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, fmt.Errorf("parse days: %w", err)
		}
		return Span(time.Duration(n) * 24 * time.Hour), nil
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		return 0, fmt.Errorf("parse duration: %w", err)
	}
	return Span(d), nil
}

// networks parses addresses and CIDR networks. A network of all addresses is refused, because every client could then
// choose the address that the service sees.
func networks(value string) ([]netip.Prefix, error) {
	list, err := array[string](value)
	if err != nil {
		return nil, err
	}
	prefixes := make([]netip.Prefix, 0, len(list))
	for i, text := range list {
		prefix, err := netip.ParsePrefix(text)
		if addr, notAddr := netip.ParseAddr(text); notAddr == nil && addr.Zone() == "" {
			addr = addr.Unmap()
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		switch {
		case err != nil:
			return nil, refusal(fmt.Sprintf("has an entry %d that is not an address or CIDR network", i+1))
		case prefix.Bits() == 0:
			return nil, refusal(fmt.Sprintf("has an entry %d that includes all addresses", i+1))
		case prefix != prefix.Masked():
			return nil, refusal(fmt.Sprintf("has an entry %d with bits set after its prefix", i+1))
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}
