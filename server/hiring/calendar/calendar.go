// Package calendar writes interviews as iCalendar files (RFC 5545), which any calendar program reads, and knows the
// time zones of the IANA database. A file brings the rules of its zones along, so that an event has the right wall
// time on either side of a change of the clocks, also for a program that knows other rules or none.
package calendar

import (
	"bytes"
	"fmt"
	"time"

	ics "github.com/arran4/golang-ical"
)

// product names what made a file (RFC 5545, section 3.7.3).
const product = "-//ai-interviewer-platform//interviewer//EN"

// The forms of a time (RFC 5545, section 3.3.5): in UTC, and on the clocks of a zone.
const (
	utcForm   = "20060102T150405Z"
	localForm = "20060102T150405"
)

// Event is one entry of a calendar. Texts may hold anything: what would be taken for a part of the file is escaped,
// and control characters are left out.
type Event struct {
	// UID names the event for good; a program that reads it again changes what it has.
	UID string
	// Sequence grows with every change of time or place, from 0.
	Sequence int
	Summary  string
	// Description and Location may be empty.
	Description, Location string
	// URL may be empty. What may not stand in a URI is percent-encoded; its scheme is for the caller to judge.
	URL string
	// End must be after Start. Fractions of a second are not written: a start is rounded down, an end up.
	Start, End time.Time
	// Zone is the name for which ValidZone holds, in whose wall time the event is shown.
	Zone              string
	Status            Status
	Created, Modified time.Time
	Organizer         Person
	Attendees         []Attendee
}

// Person is somebody who can be written to. Without an email they are not named, because iCalendar knows people by
// their address.
type Person struct{ Name, Email string }

// Attendee is a person who was asked to take part, and what they said.
type Attendee struct {
	Person
	Response Response
}

// Status says whether an event takes place.
type Status string

// All statuses of an event.
const (
	Confirmed Status = "confirmed"
	Tentative Status = "tentative"
	Cancelled Status = "cancelled"
)

// Response is what an attendee said.
type Response string

// All responses.
const (
	NeedsAction         Response = "needs_action"
	Accepted            Response = "accepted"
	Declined            Response = "declined"
	TentativelyAccepted Response = "tentative"
)

// Write makes the file of some events, in their order, and the same file of the same events. An error says which
// event is none: one that ends before it starts, or whose zone, status or response does not exist. The file has no
// METHOD (RFC 5545, section 3.7.2), so it is a copy of what is planned, and no calendar program asks its reader to
// answer. Attendees are in it, so that one sees who takes part and who has accepted.
func Write(events []Event) ([]byte, error) {
	file := ics.NewCalendar()
	file.SetProductId(product)
	var used zones
	for _, event := range events {
		location, err := locate(event.Zone)
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", event.UID, err)
		}
		if !event.End.After(event.Start) {
			return nil, fmt.Errorf("event %s: ends at %v, though it starts at %v", event.UID, event.End, event.Start)
		}
		// The forms of a time leave fractions out, so what is almost a second more becomes the next one.
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
		return nil, fmt.Errorf("calendar file: %w", err)
	}
	return out.Bytes(), nil
}

func (e Event) component(start, end time.Time) (*ics.VEvent, error) {
	event := ics.NewEvent(clean(e.UID))
	// In a file without a METHOD that is when what it says was last revised (RFC 5545, section 3.8.7.2).
	event.SetDtStampTime(e.Modified)
	event.SetCreatedTime(e.Created)
	event.SetModifiedAt(e.Modified)
	event.SetSequence(e.Sequence)
	setTime(event, ics.ComponentPropertyDtStart, start)
	setTime(event, ics.ComponentPropertyDtEnd, end)
	event.SetSummary(clean(e.Summary))
	for _, text := range []struct {
		property ics.ComponentProperty
		is       string
	}{
		{ics.ComponentPropertyDescription, clean(e.Description)},
		{ics.ComponentPropertyLocation, clean(e.Location)},
		{ics.ComponentPropertyUrl, percent(e.URL, uriCharacters)},
	} {
		if text.is != "" {
			event.SetProperty(text.property, text.is)
		}
	}
	status, err := e.Status.property()
	if err != nil {
		return nil, err
	}
	event.SetStatus(status)
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

// setTime writes a time as the clocks of its zone show it. An hour that they show twice means its first time (RFC
// 5545, section 3.3.5); the second, as everything in UTC, is written in UTC.
func setTime(event *ics.VEvent, property ics.ComponentProperty, at time.Time) {
	if isUTC(at) || isRepeated(at) {
		event.SetProperty(property, at.UTC().Format(utcForm))
		return
	}
	event.SetProperty(property, at.Format(localForm), ics.WithTZID(at.Location().String()))
}

// add names a person. The library writes the value of a parameter with backslashes, which mean nothing there: a
// program would end the name at its first colon, and take the rest for the address. So the name is quoted here, and
// goes with the name of the property, which the library leaves as it is.
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
	return "", fmt.Errorf("%q is no status", string(s))
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
	return "", fmt.Errorf("%q is no response", string(r))
}
