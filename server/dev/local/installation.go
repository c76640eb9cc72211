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

// oldestPostgres is the first major version that knows everything the service and CREATE DATABASE … STRATEGY need.
const oldestPostgres = 15

// remedy ends every error about missing programs.
const remedy = "install PostgreSQL 15 or later (Debian, Ubuntu: apt-get install postgresql; " +
	"macOS: brew install postgresql), or use a server that runs elsewhere"

// versionPattern finds the major number in what "postgres --version" and "redis-server --version" print.
var versionPattern = regexp.MustCompile(`^(?:postgres \(PostgreSQL\) |(?:Redis|Valkey) server v=)([1-9][0-9]{0,3})\b`)

// installation is a folder with PostgreSQL's programs.
type installation struct {
	folder string
	major  int
}

func (i installation) path(program string) string { return filepath.Join(i.folder, program) }

// findPostgres gives the programs for data of a major version, or any usable ones when major is 0, and fetches them
// when there are none.
func findPostgres(ctx context.Context, o Options, major int) (installation, error) {
	found := installations(ctx, o)
	if len(found) == 0 {
		if err := fetch(ctx, o); err != nil {
			return installation{}, fmt.Errorf("no PostgreSQL 15 or later here: %w; %s", err, remedy)
		}
		found = installations(ctx, o)
	}
	return choose(found, major)
}

// choose gives the first installation that can work with data of a major version, 0 being no data yet.
func choose(found []installation, major int) (installation, error) {
	for _, i := range found {
		if major == 0 || i.major == major {
			return i, nil
		}
	}
	if major == 0 || len(found) == 0 {
		return installation{}, errors.New("no PostgreSQL 15 or later found; " + remedy)
	}
	return installation{}, fmt.Errorf("the data was made by PostgreSQL %d, and only %d is found; "+
		"install %[1]d again, or give up the data by removing its folder", major, found[0].major)
}

// installations lists the usable installations: first the one in PATH, which somebody chose, then the highest version.
func installations(ctx context.Context, o Options) []installation {
	chosen := pathFolder()
	folders := packageFolders()
	if chosen != "" && !slices.Contains(folders, chosen) {
		folders = append(folders, chosen)
	}
	var found []installation
	for _, folder := range folders {
		if i, ok := inspect(ctx, o, folder); ok {
			found = append(found, i)
		}
	}
	slices.SortStableFunc(found, func(a, b installation) int {
		switch chosen {
		case a.folder:
			return -1
		case b.folder:
			return 1
		default:
			return b.major - a.major
		}
	})
	return found
}

// pathFolder is the folder of the PostgreSQL in PATH, which there may be a link to; nothing when there is none.
func pathFolder() string {
	program, err := exec.LookPath("postgres")
	if err != nil {
		return ""
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		return ""
	}
	return filepath.Dir(program)
}

// packageFolders are the folders in which the packages of Debian, Red Hat and Homebrew put PostgreSQL's programs
// outside PATH, and the one we download to.
func packageFolders() []string {
	var folders []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin", "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
	} {
		if matches, err := filepath.Glob(pattern); err == nil {
			folders = append(folders, matches...)
		}
	}
	if folder, err := downloadFolder(); err == nil {
		folders = append(folders, filepath.Join(folder, "bin"))
	}
	return folders
}

// inspect reports whether a folder holds the programs of a usable version.
func inspect(ctx context.Context, o Options, folder string) (installation, bool) {
	i := installation{folder: folder}
	if _, err := os.Stat(i.path("initdb")); err != nil {
		return i, false
	}
	i.major = programMajor(ctx, i.path("postgres"))
	if 0 < i.major && i.major < oldestPostgres {
		o.say("passing over PostgreSQL %d in %s: it is older than %d", i.major, folder, oldestPostgres)
	}
	return i, i.major >= oldestPostgres
}

// programMajor asks a program for its major version; 0 when it does not tell.
func programMajor(ctx context.Context, program string) int {
	output, err := exec.CommandContext(ctx, program, "--version").Output()
	if err != nil {
		return 0
	}
	return parseMajor(string(output))
}

// parseMajor reads the major version from what a program prints; 0 when there is none.
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

// dataMajor gives the major version that made a data folder, 0 when there is no data.
func dataMajor(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION")) //nolint:gosec // The folder is our own.
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the version of the data: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("read the version of the data in %s: %w", data, err)
	}
	return major, nil
}
