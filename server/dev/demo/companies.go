package demo

import (
	"fmt"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/identity/operator"
)

// Accounts returns the email addresses of the accounts that the documentation names. There are dozens of other users.
func Accounts() []string {
	return []string{
		"admin@acme.example", "hr@acme.example", "lead@acme.example", "employee@acme.example",
		"admin@globex.example", "hr@globex.example",
	}
}

// company is one of the demo's companies with its users.
type company struct {
	name, slug, domain string
	people             []operator.Person
	// first is the size of the first part. All others have the full size.
	first size
}

// fullSize returns the size of a part.
func fullSize() size { return size{candidates: 2000, applications: 3000, interviews: 600} }

// companies returns the companies of the demo.
func companies() []company {
	acme := company{name: "Acme Robotics", slug: "acme-robotics", domain: "acme.example", first: fullSize()}
	acme.people = append([]operator.Person{
		{Email: "admin@acme.example", FirstName: "Ada", LastName: "Okafor", Role: stored.RoleAdmin, Department: "IT"},
		{Email: "hr@acme.example", FirstName: "Helena", LastName: "Reyes", Role: stored.RoleHR, Department: "People"},
		{
			Email: "lead@acme.example", FirstName: "Lars", LastName: "Lindqvist",
			Role: stored.RoleTeamLead, Department: "Robotics",
		},
		{
			Email: "employee@acme.example", FirstName: "Emil", LastName: "Stone",
			Role: stored.RoleEmployee, Department: "Robotics",
		},
	}, acme.otherPeople()...)
	globex := company{
		name: "Globex", slug: "globex", domain: "globex.example",
		first: size{candidates: 20, applications: 26, interviews: 6},
	}
	globex.people = append([]operator.Person{
		{Email: "admin@globex.example", FirstName: "Grace", LastName: "Moreau", Role: stored.RoleAdmin, Department: "IT"},
		{Email: "hr@globex.example", FirstName: "Hugo", LastName: "Tanaka", Role: stored.RoleHR, Department: "People"},
	}, globex.otherPeople()...)
	return []company{acme, globex}
}

// otherPeople returns the users that the documentation does not name: team leads and employees of several
// departments.
func (c company) otherPeople() []operator.Person {
	first := []string{
		"Amara", "Björn", "Chloé", "Dmitri", "Elif", "Farah", "Gustavo", "Hana",
		"Ivan", "Jasmin", "Kofi", "Lucía", "Mei", "Nikhil", "Olga", "Priya",
	}
	last := []string{
		"Adeyemi", "Berg", "Costa", "Dubois", "Engström", "Fischer", "Gupta", "Haddad",
		"Ito", "Jensen", "Kovács", "Larsen", "Müller", "Novák", "O'Brien", "Petrov",
	}
	departments := departments()
	var people []operator.Person
	for i, name := range first {
		for _, shift := range []int{3, 8} {
			surname := last[(i+shift+len(c.slug))%len(last)]
			person := operator.Person{
				Email:     fmt.Sprintf("%s.%s@%s", ascii(name), ascii(surname), c.domain),
				FirstName: name, LastName: surname, Role: stored.RoleEmployee, Department: departments[(i+shift)%len(departments)],
			}
			if i%6 == 0 && shift == 3 {
				person.Role = stored.RoleTeamLead
			}
			people = append(people, person)
		}
	}
	return people
}

func departments() []string { return []string{"Engineering", "Robotics", "Design", "Sales", "Support"} }

// ascii transliterates a name for an email address.
func ascii(name string) string {
	return strings.NewReplacer(
		"á", "a", "ã", "a", "ä", "a", "å", "a", "æ", "ae", "ç", "c", "č", "c", "è", "e", "é", "e", "ê", "e", "ë", "e",
		"ğ", "g", "\u0307", "", "ı", "i", "í", "i", "ï", "i", "ł", "l", "ń", "n", "ñ", "n", "ò", "o", "ó", "o", "õ", "o",
		"ö", "o", "ø", "o", "ř", "r", "ś", "s", "ş", "s", "š", "s", "ß", "ss", "ú", "u", "ü", "u", "ý", "y", "ě", "e",
		"ů", "u", "ž", "z", "ż", "z", "ź", "z", "'", "", " ", "",
	).Replace(strings.ToLower(name))
}
