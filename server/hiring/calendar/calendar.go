// Package calendar writes iCalendar files (RFC 5545) and validates names of IANA time zones.
//
// A file contains the rules of every zone that it uses (VTIMEZONE). The wall time of an event is therefore correct on
// both sides of a change to or from daylight saving time, even in a calendar program with different or missing zone
// data.
package calendar

import (
	"bytes"
	"fmt"
	"time"

	ics "github.com/arran4/golang-ical"
)

// product is the PRODID of a file (RFC 5545, section 3.7.3).
const product = "-//ai-interviewer-platform//interviewer//EN"

// Layouts of a DATE-TIME (RFC 5545, section 3.3.5) in UTC and in wall time.
const (
	utcLayout  = "20060102T150405Z"
	wallLayout = "20060102T150405"
)

// File is a calendar file.
type File struct {
	Events []Event
	// Method is empty if the file is not a message of an organizer to attendees.
	Method Method
	// Zone is the IANA time zone of the reader, and At the time of the request. A calendar needs a component (RFC 5545,
	// section 3.6), so a file without events contains the rules of the zone at that time.
	Zone string
	At   time.Time
}

// Method is the METHOD of a file (RFC 5546).
type Method string

// Cancel tells a calendar program to remove the events. They need an organizer with an email address.
const Cancel Method = "CANCEL"

// Event is a VEVENT of a calendar. Its texts may contain any characters: Write escapes special characters and removes
// control characters.
type Event struct {
	// UID is permanent. A calendar program replaces an event that has the same UID.
	UID string
	// Sequence starts at 0 and increases with every change of the event.
	Sequence int
	Summary  string
	// Description and Location may be empty.
	Description, Location string
	// URL may be empty. Characters that a URI cannot contain are percent-encoded. The scheme is not checked.
	URL string
	// End must be after Start. Both are written in whole seconds: Start is rounded down, End is rounded up.
	Start, End time.Time
	// Zone is the IANA time zone of the wall times in the file. See ValidZone.
	Zone   string
	Status Status
	// Free events do not block the time of their attendees.
	Free              bool
	Created, Modified time.Time
	Organizer         Person
	Attendees         []Attendee
}

// Person is an organizer or an attendee. A person without an email address is left out of the file, because iCalendar
// identifies people by their addresses.
type Person struct{ Name, Email string }

// Attendee is an invited person and their response.
type Attendee struct {
	Person
	Response Response
}

// Status is the status of an event.
type Status string

// The statuses of an event.
const (
	Confirmed Status = "confirmed"
	Tentative Status = "tentative"
	Cancelled Status = "cancelled"
)

// Response is an attendee's response to the invitation.
type Response string

// The responses of an attendee.
const (
	NeedsAction         Response = "needs_action"
	Accepted            Response = "accepted"
	Declined            Response = "declined"
	TentativelyAccepted Response = "tentative"
)

// Write returns a calendar file with the events in the given order. Equal files give equal bytes. It returns an error
// with the UID of the event if an event does not end after it starts, or if its zone, its status or a response is
// unknown; and an error if there are no events and the zone of the file is unknown.
//
// A file without a METHOD (RFC 5545, section 3.7.2) is imported as a copy: calendar programs do not ask the reader to
// accept or decline. Attendees are included to show who takes part and who accepted.
func Write(wanted File) ([]byte, error) {
	file := ics.NewCalendar()
	file.SetProductId(product)
	if wanted.Method != "" {
		file.SetMethod(ics.Method(wanted.Method))
	}
	var used zoneRules
	if len(wanted.Events) == 0 {
		location, err := LoadZone(wanted.Zone)
		if err != nil {
			return nil, err
		}
		used.declare(wanted.At.In(location))
	}
	for _, event := range wanted.Events {
		location, err := LoadZone(event.Zone)
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", event.UID, err)
		}
		if !event.End.After(event.Start) {
			return nil, fmt.Errorf("event %s: end %v is not after start %v", event.UID, event.End, event.Start)
		}
		// The layouts truncate fractions of a second, so this rounds the end up.
		start, end := event.Start.In(location), event.End.Add(time.Second-time.Nanosecond).In(location)
		used.add(start)
		used.add(end)
		component, err := event.component(start, end)
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", event.UID, err)
		}
		file.AddVEvent(component)
	}
	file.Components = append(used.components(), file.Components...)
	var out bytes.Buffer
	if err := file.SerializeTo(&out, ics.WithNewLineWindows); err != nil {
		return nil, fmt.Errorf("serialize calendar: %w", err)
	}
	return out.Bytes(), nil
}

func (e Event) component(start, end time.Time) (*ics.VEvent, error) {
	event := ics.NewEvent(clean(e.UID))
	// In a file without a METHOD, DTSTAMP is the time of the last revision (RFC 5545, section 3.8.7.2).
	event.SetDtStampTime(e.Modified)
	event.SetCreatedTime(e.Created)
	event.SetModifiedAt(e.Modified)
	event.SetSequence(e.Sequence)
	setTime(event, ics.ComponentPropertyDtStart, start)
	setTime(event, ics.ComponentPropertyDtEnd, end)
	event.SetSummary(clean(e.Summary))
	for _, text := range []struct {
		property ics.ComponentProperty
		value    string
	}{
		{ics.ComponentPropertyDescription, clean(e.Description)},
		{ics.ComponentPropertyLocation, clean(e.Location)},
		{ics.ComponentPropertyUrl, percent(e.URL, uriCharacters)},
	} {
		if text.value != "" {
			event.SetProperty(text.property, text.value)
		}
	}
	status, err := e.Status.property()
	if err != nil {
		return nil, err
	}
	event.SetStatus(status)
	if e.Free {
		// Outlook reads its own property and ignores TRANSP.
		event.SetTimeTransparency(ics.TransparencyTransparent)
		event.SetProperty("X-MICROSOFT-CDO-BUSYSTATUS", "FREE")
	}
	e.Organizer.add(event, ics.ComponentPropertyOrganizer)
	for _, attendee := range e.Attendees {
		response, err := attendee.Response.parameter()
		if err != nil {
			return nil, err
		}
		attendee.add(event, ics.ComponentPropertyAttendee, response)
	}
	return event, nil
}

// setTime writes a time as wall time of its zone. When clocks are set back, wall times occur twice. RFC 5545, section
// 3.3.5, interprets them as the first occurrence, so the second occurrence is written in UTC.
func setTime(event *ics.VEvent, property ics.ComponentProperty, t time.Time) {
	if isUTC(t) || isRepeated(t) {
		event.SetProperty(property, t.UTC().Format(utcLayout))
		return
	}
	event.SetProperty(property, t.Format(wallLayout), ics.WithTZID(t.Location().String()))
}

// add adds a person as a property. The library escapes parameter values with backslashes, which RFC 5545 does not
// define for parameters: a calendar program would end the name at its first colon and read the rest as the address.
// The quoted name is therefore part of the property's name, which the library writes unchanged.
func (p Person) add(event *ics.VEvent, property ics.ComponentProperty, parameters ...ics.PropertyParameter) {
	if p.Email == "" {
		return
	}
	if p.Name != "" {
		property += ics.ComponentProperty(";CN=" + quote(p.Name))
	}
	event.AddProperty(property, "mailto:"+percent(p.Email, addressCharacters), parameters...)
}

func (s Status) property() (ics.ObjectStatus, error) {
	switch s {
	case Confirmed:
		return ics.ObjectStatusConfirmed, nil
	case Tentative:
		return ics.ObjectStatusTentative, nil
	case Cancelled:
		return ics.ObjectStatusCancelled, nil
	}
	return "", fmt.Errorf("unknown status %q", string(s))
}

func (r Response) parameter() (ics.ParticipationStatus, error) {
	switch r {
	case NeedsAction:
		return ics.ParticipationStatusNeedsAction, nil
	case Accepted:
		return ics.ParticipationStatusAccepted, nil
	case Declined:
		return ics.ParticipationStatusDeclined, nil
	case TentativelyAccepted:
		return ics.ParticipationStatusTentative, nil
	}
	return "", fmt.Errorf("unknown response %q", string(r))
}
