package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	ics "github.com/arran4/golang-ical"
)

// noOnset is the onset of a rule without a beginning, as most calendar programs write it.
const noOnset = "16010101T000000"

// zoneRules collects the rules of the zones that a file uses.
type zoneRules struct {
	names []string // zones in the order in which they were first used
	rules map[string][]rule
}

// rule is one change of a zone's UTC offset.
type rule struct {
	onset    string // wall time by the offset before the change, in wallLayout
	name     string // abbreviation after the change
	daylight bool
	from, to int // offsets before and after the change in seconds east of UTC
}

// add collects the rule that applies at a time in its zone, and the next one. With both, a calendar program knows
// summer and winter time of zones that have daylight saving time.
// Times in UTC need no rules.
func (z *zoneRules) add(t time.Time) {
	if !isUTC(t) {
		z.declare(t)
	}
}

// declare does the same as add, also for UTC.
func (z *zoneRules) declare(t time.Time) {
	zone := t.Location().String()
	if z.rules == nil {
		z.rules = map[string][]rule{}
	}
	if _, known := z.rules[zone]; !known {
		z.names = append(z.names, zone)
	}
	start, end := t.ZoneBounds()
	if start.IsZero() {
		name, offset := t.Zone()
		z.rules[zone] = append(z.rules[zone], rule{noOnset, name, t.IsDST(), offset, offset})
	} else {
		z.rules[zone] = append(z.rules[zone], ruleFrom(start))
	}
	if end.IsZero() {
		return
	}
	// Zone data ends in 2038 for zones whose clocks no longer change, with a rule that changes nothing.
	if next := ruleFrom(end); next.from != next.to {
		z.rules[zone] = append(z.rules[zone], next)
	}
}

// ruleFrom returns the rule whose change happens at a time. In Ireland and Morocco, the law calls the time that is
// ahead the standard time, and zone data does as well. Calendar programs expect that the clocks are ahead in daylight
// saving time, so the rules have the names of all other zones.
func ruleFrom(change time.Time) rule {
	before := change.Add(-time.Second)
	_, from := before.Zone()
	name, to := change.Zone()
	daylight := change.IsDST()
	if before.IsDST() != daylight && from != to {
		daylight = to > from
	}
	onset := change.In(time.FixedZone("", from)).Format(wallLayout)
	return rule{onset, name, daylight, from, to}
}

// components returns a VTIMEZONE for each zone (RFC 5545, section 3.6.5). Rules that differ only in their onset become
// one rule that recurs, because some calendar programs read only one STANDARD and one DAYLIGHT rule.
func (z *zoneRules) components() []ics.Component {
	components := make([]ics.Component, 0, len(z.names))
	for _, name := range z.names {
		zone := ics.NewTimezone(name)
		rules := z.rules[name]
		slices.SortFunc(rules, func(a, b rule) int { return cmp.Compare(a.onset, b.onset) })
		written := map[rule]*ics.ComponentBase{}
		for _, rule := range slices.Compact(rules) {
			key := rule
			key.onset = ""
			if first, known := written[key]; known {
				first.AddRdate(rule.onset)
				continue
			}
			component, properties := rule.component()
			written[key] = properties
			zone.Components = append(zone.Components, component)
		}
		components = append(components, zone)
	}
	return components
}

func (r rule) component() (ics.Component, *ics.ComponentBase) {
	properties := ics.ComponentBase{}
	properties.AddProperty(ics.ComponentPropertyDtStart, r.onset)
	properties.AddProperty(ics.ComponentProperty(ics.PropertyTzoffsetfrom), offset(r.from))
	properties.AddProperty(ics.ComponentProperty(ics.PropertyTzoffsetto), offset(r.to))
	properties.AddProperty(ics.ComponentProperty(ics.PropertyTzname), r.name)
	if r.daylight {
		daylight := &ics.Daylight{ComponentBase: properties}
		return daylight, &daylight.ComponentBase
	}
	standard := &ics.Standard{ComponentBase: properties}
	return standard, &standard.ComponentBase
}

// offset formats seconds east of UTC as a UTC-OFFSET (RFC 5545, section 3.3.14).
func offset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	text := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		text += fmt.Sprintf("%02d", seconds%60)
	}
	return text
}
