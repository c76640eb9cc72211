package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"reflect"
	"regexp"
	"slices"
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
	c, err := Read(environ, dotenvPath)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Read is like Load, and returns the configuration also if the error is Problems. The variables that have one may then
// have any value. It is nil if the file cannot be read.
func Read(environ []string, dotenvPath string) (*Config, error) {
	file, lost, err := readDotenv(dotenvPath)
	if err != nil {
		return nil, err
	}
	values := merge(environ, file)
	c := &Config{}
	k := &checker{config: c, found: slices.Concat(checkFile(file), lost, decode(c, values))}
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
		return c, k.found
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

// readDotenv reads the variables of a file; none if the path is empty or the file does not exist. lost are the values
// of which the parser leaves out a part. The parser's own error quotes the rest of the file, which may contain secrets,
// so it is replaced by the number of the line.
func readDotenv(path string) (values map[string]string, lost Problems, err error) {
	if path == "" {
		return nil, nil, nil
	}
	content, err := os.ReadFile(path) //nolint:gosec // The operator, who also sets the environment, names the file.
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, Problems{{
			Variable: path, Wrong: "cannot be read: " + err.Error(),
			Remedy: "make it readable for the service or remove it",
		}}
	}
	content, err = plainText(content)
	if err != nil {
		return nil, nil, Problems{{
			Variable: path, Wrong: err.Error(), Remedy: "save it as UTF-8, without a byte order mark",
		}}
	}
	values, err = godotenv.UnmarshalBytes(content)
	if err != nil {
		return nil, nil, Problems{{
			Variable: path, Wrong: fmt.Sprintf("has a syntax error in line %d", firstBadLine(content)),
			Remedy: "write NAME=value on each line and close every quotation mark",
		}}
	}
	return values, lostReferences(content, values), nil
}

// dollar and escapedDollar replace the dollar signs of a file, so that the parser does not replace what follows them.
// They are private characters, which no file contains.
const dollar, escapedDollar = "\ue000", "\ue001"

// reference matches what the parser replaces by the value of another variable of the file.
var reference = regexp.MustCompile(dollar + `\{?([A-Z0-9_]+)\}?`)

// lostReferences returns the variables in whose values the parser has replaced a reference to a variable that is not in
// the file by nothing: usually a password with a dollar sign.
func lostReferences(content []byte, values map[string]string) Problems {
	replaced := strings.NewReplacer(`\$`, escapedDollar, "$", dollar).Replace(string(content))
	marked, _ := godotenv.Unmarshal(replaced) // The content was parsed, and only values can have a dollar sign.
	var lost Problems
	for _, name := range slices.Sorted(maps.Keys(marked)) {
		written := strings.NewReplacer(escapedDollar, "$", dollar, "$").Replace(marked[name])
		if written == values[name] || !isKnown(name) {
			continue // The value is in single quotation marks, or for another program.
		}
		for _, found := range reference.FindAllStringSubmatch(marked[name], -1) {
			if _, known := values[found[1]]; !known {
				lost = append(lost, Problem{
					Variable: name,
					Wrong:    "has a $ in the file .env that is read as a reference to a variable, which the file does not have",
					Remedy:   "put the value into single quotation marks",
				})
				break
			}
		}
	}
	return lost
}

// plainText returns the content of a file as editors save it, without a byte order mark and with line feeds. It fails
// for UTF-16, in which Windows PowerShell saves.
func plainText(content []byte) ([]byte, error) {
	little, big := bytes.HasPrefix(content, []byte("\xff\xfe")), bytes.HasPrefix(content, []byte("\xfe\xff"))
	if little || big || bytes.IndexByte(content, 0) >= 0 {
		return nil, errors.New("is not saved as UTF-8")
	}
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	content = bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(content, []byte("\r"), []byte("\n")), nil
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
