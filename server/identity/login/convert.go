package login

import (
	"strings"

	"github.com/google/uuid"
	"github.com/mileusna/useragent"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
)

func convert(row db.Session, current uuid.UUID) api.Session {
	ip := nullable.NewNullNullable[string]()
	if row.IP != nil {
		ip = nullable.NewNullableWithValue(row.IP.String())
	}
	return api.Session{
		ID: row.ID, Device: device(row.UserAgent), UserAgent: row.UserAgent, IP: ip, IsCurrent: row.ID == current,
		CreatedAt: row.CreatedAt.UTC(), LastUsedAt: row.RotatedAt.UTC(), ExpiresAt: row.ExpiresAt.UTC(),
	}
}

// device describes a User-Agent header for people: the browser and the operating system, as far as they are known.
func device(header string) string {
	const most = 200
	agent := useragent.Parse(header)
	name := strings.TrimSpace(agent.Name)
	if name == "" {
		name = "Unknown client"
	}
	if agent.OS != "" {
		name += " on " + agent.OS
	}
	if runes := []rune(name); len(runes) > most {
		name = string(runes[:most])
	}
	return strings.ToValidUTF8(name, "")
}
