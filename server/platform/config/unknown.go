package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Warnings returns problems that do not prevent a start: variables of the environment that are not read, but whose
// names are so similar to those of variables that are read that they are probably meant. environ is in the form of
// os.Environ.
func Warnings(environ []string) Problems {
	var found Problems
	for _, assignment := range environ {
		name, _, _ := strings.Cut(assignment, "=")
		if known := similar(name); known != "" && !isUsual(name) {
			found = append(found, Problem{Variable: name, Wrong: "is not read", Remedy: "did you mean " + known + "?"})
		}
	}
	return found
}

// checkFile refuses the variables of a file .env that are not read: the file is ours, so they are mistakes. Those whose
// names are not similar to a variable that is read may belong to other programs that read the file.
func checkFile(values map[string]string) Problems {
	var found Problems
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if isKnown(name) || isUsual(name) {
			continue
		}
		remedy := "remove it; \"interviewer help environment\" lists all variables"
		if known := similar(name); known != "" {
			remedy = "did you mean " + known + "?"
		}
		found = append(found, Problem{
			Variable: name, Wrong: "is in the file .env but is not a variable of the service", Remedy: remedy,
		})
	}
	return found
}

func isKnown(name string) bool {
	return slices.ContainsFunc(Variables(), func(v Variable) bool { return v.Name == name })
}

// usual matches variables of shells, systems, runtimes and libraries, some of which our dependencies read.
var usual = regexp.MustCompile(`^(OTEL_|PG|GO|GODEBUG$|SSL_CERT_|(HTTPS?|NO|ALL|FTP)_PROXY$|COMPOSE_|DOCKER_|` +
	`KUBERNETES_|LC_|XDG_|` +
	`POSTGRES_|REDIS_(PASSWORD|PORT|HOST)$|HOSTNAME$|HOSTTYPE$|HOME$|PATH$|PWD$|TMPDIR$|TZ$|USER$|LANG$|` +
	`TERM$|SHELL$|NOTIFY_SOCKET$|` +
	`INVOCATION_ID$|RELEASE$|` +
	`[A-Z0-9_]+_(PORT(_[0-9]+_(TCP|UDP)(_(ADDR|PORT|PROTO))?)?|SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?)$)`)

// isUsual reports whether a variable is probably not meant for the service.
func isUsual(name string) bool { return usual.MatchString(name) }

// leastLength is the length of the shortest names for which a similar one is proposed: others are similar by chance.
const leastLength = 7

// similar returns the variable that is read and whose name differs from a name only in case or hyphens, in the number
// of a word, by a prefix or suffix, or by at most two letters; empty if there is none, or if the name is read itself.
func similar(name string) string {
	if isKnown(name) {
		return ""
	}
	plain := strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	all, one := Variables(), singular(plain)
	var longer []string // names that are this one with a prefix
	for _, v := range all {
		switch {
		case len(v.Name) < leastLength:
		case plain == v.Name, one == singular(v.Name):
			return v.Name
		case len(plain) >= longName && strings.HasSuffix(v.Name, "_"+plain):
			longer = append(longer, v.Name)
		}
	}
	if len(longer) == 1 {
		return longer[0]
	}
	best, closest := "", maxDistance+1
	for _, v := range all {
		if len(v.Name) < leastLength {
			continue
		}
		if d := distance(plain, v.Name); d < closest && (d == 1 || len(v.Name) >= longName) {
			best, closest = v.Name, d
		}
		added := strings.HasSuffix(plain, "_"+v.Name) || strings.HasPrefix(plain, v.Name+"_")
		if added && closest > maxDistance {
			best = v.Name
		}
	}
	return best
}

// singular returns a name with each word in the singular.
func singular(name string) string {
	words := strings.Split(name, "_")
	for n, word := range words {
		if stem, found := strings.CutSuffix(word, "IES"); found {
			words[n] = stem + "Y"
		} else {
			words[n] = strings.TrimSuffix(word, "S")
		}
	}
	return strings.Join(words, "_")
}

const (
	// maxDistance is the number of letters by which a misspelled name differs at most.
	maxDistance = 2
	// longName is the length from which names that differ in more than one letter are not similar by chance.
	longName = 10
)

// distance returns how many letters must be inserted, removed or replaced to make one text the other, or a number above
// maxDistance.
func distance(a, b string) int {
	if max(len(a), len(b))-min(len(a), len(b)) > maxDistance {
		return maxDistance + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
