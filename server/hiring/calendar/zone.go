package calendar

import (
	"fmt"
	"io/fs"
	"time"
)

// ValidZone reports whether name is a time zone of the IANA database, in the database's spelling.
func ValidZone(name string) bool {
	_, err := LoadZone(name)
	return err == nil
}

// LoadZone returns the zone with a name of the IANA database. time.LoadLocation accepts more than these names: the
// empty string (UTC), Local (the zone of the machine), Factory (an unset zone), paths that are not clean, and other
// files in the system's zone directory (localtime, posixrules, right/…, which counts leap seconds). LoadZone refuses
// all of these. Names in the database begin with a capital letter.
func LoadZone(name string) (*time.Location, error) {
	if !fs.ValidPath(name) || name[0] < 'A' || name[0] > 'Z' || name == "Local" || name == "Factory" {
		return nil, fmt.Errorf("%q is not a time zone of the IANA database", name)
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%q is not a time zone of the IANA database: %w", name, err)
	}
	return location, nil
}

// isUTC reports whether a time's zone is UTC or an alias of it.
func isUTC(t time.Time) bool {
	name, offset := t.Zone()
	return name == "UTC" && offset == 0
}

// isRepeated reports whether the wall time of t occurred before in its zone, because the clocks were set back.
func isRepeated(t time.Time) bool {
	start, _ := t.ZoneBounds()
	_, before := start.Add(-time.Second).Zone()
	_, now := t.Zone()
	return t.Sub(start) < time.Duration(before-now)*time.Second
}
