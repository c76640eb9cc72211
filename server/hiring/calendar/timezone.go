package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	ics "github.com/arran4/golang-ical"
)

// always is the onset of what was so from the beginning, in the form that most programs write.
const always = "16010101T000000"

// zones collects the rules of the zones that a file uses.
type zones struct {
	names []string // in the order in which they were added
	rules map[string][]rule
}

// rule is that the clocks of a zone are set, once.
type rule struct {
	onset    string // what they show in the moment before, in localForm
	name     string // the zone's abbreviation from then on
	daylight bool
	from, to int // seconds east of UTC
}

// add sees to it that a time in its zone can be understood: by the rule that it falls under, and the one after, so
// that where there is daylight saving time a program learns of both halves of the year.
func (z *zones) add(t time.Time) {
	if isUTC(t) {
		return
	}
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
		z.rules[zone] = append(z.rules[zone], rule{always, name, t.IsDST(), offset, offset})
	} else {
		z.rules[zone] = append(z.rules[zone], change(start))
	}
	if !end.IsZero() {
		z.rules[zone] = append(z.rules[zone], change(end))
	}
}

// change is the rule that begins with a moment.
func change(at time.Time) rule {
	_, from := at.Add(-time.Second).Zone()
	name, to := at.Zone()
	onset := at.In(time.FixedZone("", from)).Format(localForm)
	return rule{onset, name, at.IsDST(), from, to}
}

// components are the zones as a file has them (RFC 5545, section 3.6.5). Rules that differ by their onset alone are
// written as one that recurs, because some programs read only one for each half of the year.
func (z *zones) components() []ics.Component {
	components := make([]ics.Component, 0, len(z.names))
	for _, name := range z.names {
		zone := ics.NewTimezone(name)
		rules := z.rules[name]
		slices.SortFunc(rules, func(a, b rule) int { return cmp.Compare(a.onset, b.onset) })
		written := map[rule]*ics.ComponentBase{}
		for _, rule := range slices.Compact(rules) {
			once := rule
			once.onset = ""
			if first, known := written[once]; known {
				first.AddRdate(rule.onset)
				continue
			}
			component, properties := rule.component()
			written[once] = properties
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

// offset writes seconds east of UTC (RFC 5545, section 3.3.14).
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
