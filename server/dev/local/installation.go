package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// minPostgres is the first major version with all features that the service and CREATE DATABASE … STRATEGY need.
const minPostgres = 15

// remedy is the end of every error about missing programs.
const remedy = "install PostgreSQL 15 or later (Debian, Ubuntu: apt-get install postgresql; " +
	"macOS: brew install postgresql), or use an existing server"

// versionPattern matches the output of "postgres --version" and "redis-server --version" and captures the major
// version.
var versionPattern = regexp.MustCompile(`^(?:postgres \(PostgreSQL\) |(?:Redis|Valkey) server v=)([1-9][0-9]{0,3})\b`)

// installation is a directory with the programs of PostgreSQL.
type installation struct {
	dir   string
	major int
}

func (i installation) path(program string) string { return filepath.Join(i.dir, program) }

// findPostgres returns an installation for data of a major version, or any usable one if major is 0. It installs
// PostgreSQL if there is none. If the options choose an installation, it returns no other.
func findPostgres(ctx context.Context, o Options, major int) (installation, error) {
	if o.Bin != "" {
		chosen, ok := inspect(ctx, o, o.Bin)
		if !ok {
			return installation{}, fmt.Errorf("%s does not have the programs of PostgreSQL 15 or later", o.Bin)
		}
		return choose([]installation{chosen}, major)
	}
	found := installations(ctx, o)
	if len(found) == 0 {
		if err := fetch(ctx, o); err != nil {
			return installation{}, fmt.Errorf("no PostgreSQL 15 or later found: %w; %s", err, remedy)
		}
		found = installations(ctx, o)
	}
	return choose(found, major)
}

// choose returns the first installation that can use data of a major version; 0 means that there is no data.
func choose(found []installation, major int) (installation, error) {
	for _, i := range found {
		if major == 0 || i.major == major {
			return i, nil
		}
	}
	if major == 0 || len(found) == 0 {
		return installation{}, errors.New("no PostgreSQL 15 or later found; " + remedy)
	}
	return installation{}, fmt.Errorf("the data was created by PostgreSQL %d, but only %d is installed; "+
		"install %[1]d, or remove the data directory if its data is not needed", major, found[0].major)
}

// installations returns the usable installations: first the one in PATH, then the others by descending version.
func installations(ctx context.Context, o Options) []installation {
	chosen := pathDir()
	dirs := packageDirs()
	if chosen != "" && !slices.Contains(dirs, chosen) {
		dirs = append(dirs, chosen)
	}
	var found []installation
	for _, dir := range dirs {
		if i, ok := inspect(ctx, o, dir); ok {
			found = append(found, i)
		}
	}
	slices.SortStableFunc(found, func(a, b installation) int {
		switch chosen {
		case a.dir:
			return -1
		case b.dir:
			return 1
		default:
			return b.major - a.major
		}
	})
	return found
}

// pathDir returns the directory of the postgres program in PATH, with links resolved, or an empty string.
func pathDir() string {
	program, err := exec.LookPath("postgres")
	if err != nil {
		return ""
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		return ""
	}
	return filepath.Dir(program)
}

// packageDirs returns the directories outside PATH where the packages of Debian, Red Hat and Homebrew install the
// programs of PostgreSQL, and the directory of our download.
func packageDirs() []string {
	var dirs []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin", "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
	} {
		if matches, err := filepath.Glob(pattern); err == nil {
			dirs = append(dirs, matches...)
		}
	}
	if dir, err := downloadDir(); err == nil {
		dirs = append(dirs, filepath.Join(dir, "bin"))
	}
	return dirs
}

// inspect reports whether a directory has the programs of a usable version.
func inspect(ctx context.Context, o Options, dir string) (installation, bool) {
	i := installation{dir: dir}
	if _, err := os.Stat(i.path("initdb")); err != nil {
		return i, false
	}
	i.major = programMajor(ctx, i.path("postgres"))
	if 0 < i.major && i.major < minPostgres {
		o.log("Ignoring PostgreSQL %d in %s: it is older than %d", i.major, dir, minPostgres)
	}
	return i, i.major >= minPostgres
}

// programMajor returns the major version that a program prints, or 0.
func programMajor(ctx context.Context, program string) int {
	output, err := exec.CommandContext(ctx, program, "--version").Output()
	if err != nil {
		return 0
	}
	return parseMajor(string(output))
}

// parseMajor returns the major version in the output of a program, or 0.
func parseMajor(output string) int {
	match := versionPattern.FindStringSubmatch(output)
	if match == nil {
		return 0
	}
	major, err := strconv.Atoi(match[1])
	if err != nil {
		return 0
	}
	return major
}

// dataMajor returns the major version that created a data directory, or 0 if there is no data.
func dataMajor(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION")) //nolint:gosec // the directory is our own
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read version of the data: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("parse version of the data in %s: %w", data, err)
	}
	return major, nil
}
