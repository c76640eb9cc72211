package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Suspect is an environment variable that the service does not read.
type Suspect struct {
	Name string
	// Meant is the known variable with a similar name; empty if there is none.
	Meant string
}

// Suspects returns the variables that the service does not read although they seem to be meant for it: all unknown ones
// of the file at dotenvPath, and those of environ with nearly the name of a known one. They are sorted by name.
func Suspects(environ []string, dotenvPath string) ([]Suspect, error) {
	file, err := readDotenv(dotenvPath)
	if err != nil {
		return nil, err
	}
	var found []Suspect
	known := map[string]bool{}
	for _, v := range Variables() {
		known[v.Name] = true
	}
	all := env.ToMap(environ)
	maps.Copy(all, file)
	for name := range all {
		if known[name] {
			continue
		}
		_, written := file[name]
		if meant := similar(name); meant != "" || written {
			found = append(found, Suspect{Name: name, Meant: meant})
		}
	}
	slices.SortFunc(found, func(a, b Suspect) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}

// similar returns the known variable whose name differs least, by at most two characters and a quarter of them.
func similar(name string) (nearest string) {
	best := min(2, len(name)/4) + 1
	for _, v := range Variables() {
		if d := distance(name, v.Name); d < best {
			nearest, best = v.Name, d
		}
	}
	return nearest
}

// distance returns the number of characters to insert, remove or replace that turn one text into the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
