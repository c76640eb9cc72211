package calendar

import (
	_ "embed"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// commonZones are the zones with the most people, and the larger ones of Europe and the Americas.
//
//nolint:gochecknoglobals // a constant
var commonZones = strings.Fields(`
	Europe/Amsterdam Europe/Athens Europe/Belgrade Europe/Berlin Europe/Brussels Europe/Bucharest Europe/Budapest
	Europe/Copenhagen Europe/Dublin Europe/Helsinki Europe/Istanbul Europe/Kyiv Europe/Lisbon Europe/London
	Europe/Luxembourg Europe/Madrid Europe/Moscow Europe/Oslo Europe/Paris Europe/Prague Europe/Riga Europe/Rome
	Europe/Sofia Europe/Stockholm Europe/Tallinn Europe/Vienna Europe/Vilnius Europe/Warsaw Europe/Zurich
	America/Anchorage America/Argentina/Buenos_Aires America/Bogota America/Caracas America/Chicago America/Denver
	America/Halifax America/Lima America/Los_Angeles America/Mexico_City America/New_York America/Phoenix
	America/Santiago America/Sao_Paulo America/St_Johns America/Toronto America/Vancouver Pacific/Honolulu
	Asia/Bangkok Asia/Dhaka Asia/Dubai Asia/Hong_Kong Asia/Jakarta Asia/Jerusalem Asia/Karachi Asia/Kolkata
	Asia/Manila Asia/Riyadh Asia/Seoul Asia/Shanghai Asia/Singapore Asia/Taipei Asia/Tehran Asia/Tokyo
	Africa/Cairo Africa/Casablanca Africa/Johannesburg Africa/Lagos Africa/Nairobi
	Australia/Brisbane Australia/Melbourne Australia/Perth Australia/Sydney Pacific/Auckland`)

// windows has a line for each zone of Windows: its name, a tab, and the zone that the Unicode CLDR has for it
// (windowsZones.xml, territory 001).
//
//go:embed windows.txt
var windows string

// otherNames are the zones that people mean by names of other kinds: abbreviations, and the beginnings of names.
//
//nolint:gochecknoglobals // a constant
var otherNames = map[string]string{
	"pst": "America/Los_Angeles", "pdt": "America/Los_Angeles", "pacific": "America/Los_Angeles",
	"mdt": "America/Denver", "mountain": "America/Denver", "cdt": "America/Chicago", "central": "America/Chicago",
	"edt": "America/New_York", "eastern": "America/New_York", "bst": "Europe/London", "gmt standard": "Europe/London",
	"cest": "Europe/Berlin", "mez": "Europe/Berlin", "mesz": "Europe/Berlin", "central europe": "Europe/Berlin",
	"w. europe": "Europe/Berlin", "romance": "Europe/Paris", "e. europe": "Europe/Bucharest", "eest": "Europe/Athens",
	"ist": "Asia/Kolkata", "india": "Asia/Kolkata", "jst": "Asia/Tokyo", "tokyo": "Asia/Tokyo", "china": "Asia/Shanghai",
}

// ZoneError says what to write instead of a name that is not a time zone. It suggests the zone that is most likely
// meant.
func ZoneError(name string) string {
	const problem = "must be a time zone of the IANA database, such as Europe/Berlin"
	if zone := suggestZone(name); zone != "" {
		return problem + "; did you mean " + zone + "?"
	}
	return problem
}

func suggestZone(name string) string {
	wanted := strings.ToLower(strings.Join(strings.Fields(name), " "))
	if wanted == "z" || wanted == "utc" {
		return "UTC"
	}
	for line := range strings.Lines(windows) {
		if other, zone, _ := strings.Cut(strings.TrimSpace(line), "\t"); strings.EqualFold(other, wanted) {
			return zone
		}
	}
	longest := ""
	for other := range otherNames {
		if rest, found := strings.CutPrefix(wanted, other); found && (rest == "" || rest[0] == ' ' || rest[0] == 'a') &&
			len(other) > len(longest) { // central european
			longest = other
		}
	}
	if longest != "" {
		return otherNames[longest]
	}
	wanted = strings.ReplaceAll(wanted, " ", "_")
	var cities []string
	for _, zone := range commonZones {
		cities = append(cities, zone[strings.LastIndexByte(zone, '/')+1:])
	}
	if strings.Contains(wanted, "/") {
		return text.Nearest(wanted, commonZones)
	}
	city := text.Nearest(wanted, cities)
	for _, zone := range commonZones {
		if city != "" && strings.HasSuffix(zone, "/"+city) {
			return zone
		}
	}
	return ""
}
