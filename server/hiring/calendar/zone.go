package calendar

import (
	"fmt"
	"io/fs"
	"time"
)

// ValidZone reports whether a name is that of a time zone in the IANA database.
func ValidZone(name string) bool {
	_, err := locate(name)
	return err == nil
}

// Local writes a time as the clocks of a zone show it, with the zone's offset (RFC 3339). An error says that there is
// no such zone.
func Local(t time.Time, zone string) (string, error) {
	location, err := locate(zone)
	if err != nil {
		return "", err
	}
	return t.In(location).Format(time.RFC3339), nil
}

// locate finds a zone by its name. The library of Go takes more for a name than the database has: the empty text for
// UTC, Local for the zone of the machine, Factory for one that nobody has set, any spelling of a path, and files that
// a system keeps beside the zones (localtime, posixrules, right/…, whose clocks count leap seconds). Names of the
// database begin with a capital.
func locate(name string) (*time.Location, error) {
	if !fs.ValidPath(name) || name[0] < 'A' || name[0] > 'Z' || name == "Local" || name == "Factory" {
		return nil, fmt.Errorf("%q is not a time zone of the IANA database", name)
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%q is not a time zone of the IANA database: %w", name, err)
	}
	return location, nil
}

// isUTC reports whether a time's zone is UTC, by whichever of its names.
func isUTC(t time.Time) bool {
	name, offset := t.Zone()
	return name == "UTC" && offset == 0
}

// isRepeated reports whether the clocks of a time's zone have shown the same before: they were set back, and have not
// caught up yet.
func isRepeated(t time.Time) bool {
	start, _ := t.ZoneBounds()
	_, before := start.Add(-time.Second).Zone()
	_, now := t.Zone()
	return t.Sub(start) < time.Duration(before-now)*time.Second
}
