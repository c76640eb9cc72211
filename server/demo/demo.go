// Package demo fills an installation with two companies to try things out on. Loading it again changes nothing that is
// there already. It never runs in production unless it is asked to, because everybody knows its password.
package demo

import (
	"context"
	"fmt"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/fault"
	"github.com/ai-interviewer-platform/interviewer/server/operator"
)

// Password is that of every demo account.
const Password = "SecurePassword123!"

// Accounts are those that the documentation names; there are some dozens of further people besides.
func Accounts() []string {
	return []string{
		"admin@acme.example", "hr@acme.example", "lead@acme.example", "employee@acme.example",
		"admin@globex.example", "hr@globex.example",
	}
}

type company struct {
	name, slug, domain string
	people             []operator.Person
}

// Load creates what is missing of the demo data and says how many companies and users that were.
func Load(ctx context.Context, o *operator.Operator) (companies, users int, err error) {
	hash := ""
	for _, wanted := range cast() {
		found, err := o.FindCompany(ctx, wanted.slug)
		if fault.Is(err, fault.ResourceNotFound) {
			companies++
			var created db.Company
			created, err = o.CreateCompany(ctx, wanted.name, wanted.slug)
			found = db.FindCompanyRow{ID: created.ID, Name: created.Name, Slug: created.Slug, IsActive: true}
		}
		if err != nil {
			return companies, users, fmt.Errorf("demo company %s: %w", wanted.slug, err)
		}
		for _, person := range wanted.people {
			_, err := o.Queries.FindAccount(ctx, o.Store.Lookup(), person.Email)
			if err == nil {
				continue
			}
			if !fault.Is(err, fault.ResourceNotFound) {
				return companies, users, fmt.Errorf("demo user %s: %w", person.Email, err)
			}
			if hash == "" { // one hash serves all of them: they share the password anyway
				if hash, err = o.Gate.Hash(ctx, Password); err != nil {
					return companies, users, fmt.Errorf("demo password: %w", err)
				}
			}
			_, err = o.CreateUserWithHash(ctx, found.ID, person, hash)
			if fault.Is(err, fault.EmailTaken) { // another loader was faster
				continue
			}
			if err != nil {
				return companies, users, fmt.Errorf("demo user %s: %w", person.Email, err)
			}
			users++
		}
	}
	return companies, users, nil
}

func cast() []company {
	acme := company{name: "Acme Robotics", slug: "acme-robotics", domain: "acme.example"}
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
	globex := company{name: "Globex", slug: "globex", domain: "globex.example"}
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
	departments := []string{"Engineering", "Robotics", "Design", "Sales", "Support"}
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

// ascii spells a name for an email address.
func ascii(name string) string {
	return strings.NewReplacer(
		"ö", "o", "é", "e", "í", "i", "á", "a", "ü", "u", "'", "",
	).Replace(strings.ToLower(name))
}
