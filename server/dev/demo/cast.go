package demo

import (
	"fmt"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/identity/operator"
)

// Accounts are those that the documentation names; there are some dozens of further people besides.
func Accounts() []string {
	return []string{
		"admin@acme.example", "hr@acme.example", "lead@acme.example", "employee@acme.example",
		"admin@globex.example", "hr@globex.example",
	}
}

// company is one of the demo's companies, with the people whom it has from the beginning.
type company struct {
	name, slug, domain string
	people             []operator.Person
	// first is how much the first part holds; all further ones hold a whole one.
	first size
}

// whole is how much a part holds.
func whole() size { return size{candidates: 2000, applications: 3000, interviews: 600} }

func cast() []company {
	acme := company{name: "Acme Robotics", slug: "acme-robotics", domain: "acme.example", first: whole()}
	acme.people = append([]operator.Person{
		{Email: "admin@acme.example", FirstName: "Ada", LastName: "Okafor", Role: api.RoleAdmin, Department: "IT"},
		{Email: "hr@acme.example", FirstName: "Helena", LastName: "Reyes", Role: api.RoleHr, Department: "People"},
		{
			Email: "lead@acme.example", FirstName: "Lars", LastName: "Lindqvist",
			Role: api.RoleTeamLead, Department: "Robotics",
		},
		{
			Email: "employee@acme.example", FirstName: "Emil", LastName: "Stone",
			Role: api.RoleEmployee, Department: "Robotics",
		},
	}, acme.crowd()...)
	globex := company{
		name: "Globex", slug: "globex", domain: "globex.example",
		first: size{candidates: 20, applications: 26, interviews: 6},
	}
	globex.people = append([]operator.Person{
		{Email: "admin@globex.example", FirstName: "Grace", LastName: "Moreau", Role: api.RoleAdmin, Department: "IT"},
		{Email: "hr@globex.example", FirstName: "Hugo", LastName: "Tanaka", Role: api.RoleHr, Department: "People"},
	}, globex.crowd()...)
	return []company{acme, globex}
}

// crowd is the rest of a company: team leads and employees of several departments.
func (c company) crowd() []operator.Person {
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
				FirstName: name, LastName: surname, Role: api.RoleEmployee, Department: departments[(i+shift)%len(departments)],
			}
			if i%6 == 0 && shift == 3 {
				person.Role = api.RoleTeamLead
			}
			people = append(people, person)
		}
	}
	return people
}

func departments() []string { return []string{"Engineering", "Robotics", "Design", "Sales", "Support"} }

// ascii spells a name for an address.
func ascii(name string) string {
	return strings.NewReplacer(
		"á", "a", "ã", "a", "ä", "a", "å", "a", "æ", "ae", "ç", "c", "č", "c", "è", "e", "é", "e", "ê", "e", "ë", "e",
		"ğ", "g", "\u0307", "", "ı", "i", "í", "i", "ï", "i", "ł", "l", "ń", "n", "ñ", "n", "ò", "o", "ó", "o", "õ", "o",
		"ö", "o", "ø", "o", "ř", "r", "ś", "s", "ş", "s", "š", "s", "ß", "ss", "ú", "u", "ü", "u", "ý", "y", "ě", "e",
		"ů", "u", "ž", "z", "ż", "z", "ź", "z", "'", "", " ", "",
	).Replace(strings.ToLower(name))
}
