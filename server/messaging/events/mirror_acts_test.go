package events_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const (
	interviewsPath = "/api/v1/interviews"
	scoresPath     = "/api/v1/scores"
)

// post sends a POST request that matches every version of the resource.
func post(as *testkit.Client, path string, body any) *testkit.Answer {
	return as.Do(http.MethodPost, path, body, "If-Match", "*")
}

// interviewActs are acts on interviews and scores.
func (c *company) interviewActs() []act {
	reason := entry{"reason": "because"}
	interview := func(query ...string) string { return interviewsPath + "/" + c.any(interviewsPath, query...) }
	return []act{
		{"create an interview", func() *testkit.Answer { return c.createInterview() }},
		{"draft an interview", func() *testkit.Answer {
			return c.as("hr").Post(interviewsPath, entry{
				"application_id": c.any("/api/v1/applications", "status", "active"), "kit_version_id": c.publishedVersion(),
				"title": c.name(), "kind": "phone", "panel": []entry{{"user_id": c.people[c.person()].ID}},
			})
		}},
		{"update an interview", func() *testkit.Answer {
			return c.as("hr").Do(http.MethodPatch, interview(), entry{"title": c.name()}, "If-Match", "*")
		}},
		{"change the kit of an interview", func() *testkit.Answer {
			version := c.publishedVersion()
			return c.as("hr").Do(http.MethodPatch, interview("status", "draft"), entry{"kit_version_id": version}, "If-Match", "*")
		}},
		{"set a panelist", func() *testkit.Answer {
			return c.as("hr").Do(http.MethodPut, interview()+"/panel/"+c.people[c.person()].ID.String(),
				entry{"score_required": c.IntN(2) == 0, "allow_conflicts": true}, "If-Match", "*")
		}},
		{"remove a panelist", func() *testkit.Answer {
			for _, e := range c.list(interviewsPath) {
				panel, _ := e["panel"].([]any)
				if len(panel) > 0 && c.IntN(4) == 0 {
					user := panel[c.IntN(len(panel))].(entry)["user"].(entry)["id"].(string)
					return c.as("hr").Do(http.MethodDelete, interviewsPath+"/"+e["id"].(string)+"/panel/"+user, nil, "If-Match", "*")
				}
			}
			return nil
		}},
		{"respond to an interview", func() *testkit.Answer {
			response := []string{"accepted", "declined", "tentative"}[c.IntN(3)]
			return c.by(http.MethodPost, interviewsPath, "/respond", entry{"response": response}, "mine", "true")
		}},
		{"start an interview", func() *testkit.Answer { return post(c.as("hr"), interview("status", "scheduled")+"/start", nil) }},
		{"finish an interview", func() *testkit.Answer { return post(c.as("hr"), interview("status", "in_progress")+"/finish", nil) }},
		{"complete an interview", func() *testkit.Answer {
			if c.IntN(3) > 0 {
				return nil
			}
			return post(c.as("hr"), interview("status", "awaiting_scores")+"/complete", reason)
		}},
		{"reopen an interview", func() *testkit.Answer { return post(c.as("hr"), interview("status", "completed")+"/reopen", reason) }},
		{"miss an interview", func() *testkit.Answer {
			if c.IntN(4) > 0 {
				return nil
			}
			return post(c.as("hr"), interview("status", "scheduled")+"/no-show", entry{"reason": "because"})
		}},
		{"reschedule an interview", func() *testkit.Answer {
			starts := c.now().Add(time.Hour)
			return post(c.as("hr"), interview("status", "scheduled")+"/reschedule", entry{
				"starts_at": starts.Format(time.RFC3339), "ends_at": starts.Add(time.Hour).Format(time.RFC3339), "timezone": "UTC",
				"allow_conflicts": true, "reason": "because",
			})
		}},
		{"cancel an interview", func() *testkit.Answer {
			if c.IntN(8) > 0 {
				return nil
			}
			return post(c.as("hr"), interview()+"/cancel", reason)
		}},
		{"create a score", func() *testkit.Answer {
			status := []string{"in_progress", "awaiting_scores"}[c.IntN(2)]
			return c.by(http.MethodPost, interviewsPath, "/scores", c.ratings(), "mine", "true", "status", status)
		}},
		{"submit a score", func() *testkit.Answer { return c.by(http.MethodPost, scoresPath, "/submit", nil, "status", "draft") }},
		{"edit a score", func() *testkit.Answer {
			return c.by(http.MethodPatch, scoresPath, "", c.ratings(), "status", "draft")
		}},
		{"reopen a score", func() *testkit.Answer {
			return post(c.as("hr"), scoresPath+"/"+c.any(scoresPath, "status", "submitted")+"/reopen", reason)
		}},
		{"void a score", func() *testkit.Answer {
			return post(c.as("hr"), scoresPath+"/"+c.any(scoresPath, "status", "submitted")+"/void", reason)
		}},
	}
}

// createInterview schedules an interview in the past of the next ones, with a random panel.
func (c *company) createInterview() *testkit.Answer {
	panel := []entry{}
	people := slices.Sorted(maps.Keys(c.people))
	c.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
	for _, name := range people[:1+c.IntN(4)] {
		panel = append(panel, entry{"user_id": c.people[name].ID})
	}
	starts := c.now().Add(time.Minute)
	return c.as("hr").Post(interviewsPath, entry{
		"application_id": c.any("/api/v1/applications", "status", "active"), "kit_version_id": c.publishedVersion(),
		"title": c.name(), "kind": "video", "panel": panel,
		"schedule": entry{
			"starts_at": starts.Format(time.RFC3339), "ends_at": starts.Add(time.Hour).Format(time.RFC3339), "timezone": "UTC",
			"allow_conflicts": true,
		},
	})
}

// publishedVersion returns the published version of a random kit.
func (c *company) publishedVersion() string {
	kits := c.list("/api/v1/kits", "is_published", "true")
	if len(kits) == 0 {
		return c.people["hr"].ID.String()
	}
	return kits[c.IntN(len(kits))]["published_version_id"].(string)
}

// by sends a request about a random entry of a list, as the first of the people in random order who sees one.
func (c *company) by(method, list, action string, body any, query ...string) *testkit.Answer {
	values := map[string][]string{}
	for n := 0; n+1 < len(query); n += 2 {
		values[query[n]] = []string{query[n+1]}
	}
	people := slices.Sorted(maps.Keys(c.people))
	c.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
	for _, name := range people {
		if entries := testkit.List[entry](c.as(name), list, values).Data; len(entries) > 0 {
			path := list + "/" + entries[c.IntN(len(entries))]["id"].(string) + action
			return c.as(name).Do(method, path, body, "If-Match", "*")
		}
	}
	return nil
}

func (c *company) ratings() entry {
	return entry{"recommendation": "yes", "ratings": []entry{
		{"criterion_key": "problem_solving", "rating": 1 + c.IntN(5)}, {"criterion_key": "communication", "rating": 1 + c.IntN(5)},
	}}
}

// peopleActs are acts on users and keys, and on versions of kits.
func (c *company) peopleActs() []act {
	user := func() string { return "/api/v1/users/" + c.people[c.person()].ID.String() }
	return []act{
		{"rename a user", func() *testkit.Answer {
			return c.as("hr").Do(http.MethodPatch, user(), entry{"last_name": c.name()}, "If-Match", "*")
		}},
		{"create a user", func() *testkit.Answer {
			return c.as("hr").Post("/api/v1/users", entry{
				"email": fmt.Sprintf("user%d@acme.example", c.IntN(1_000_000)), "password": testkit.Password,
				"first_name": "New", "last_name": c.name(),
			})
		}},
		{"create an admin", func() *testkit.Answer {
			return c.as("admin").Post("/api/v1/users", entry{
				"email": fmt.Sprintf("admin%d@acme.example", c.IntN(1_000_000)), "password": testkit.Password,
				"first_name": "New", "last_name": c.name(), "role": "admin",
			})
		}},
		{"deactivate a user", func() *testkit.Answer {
			return c.as("admin").Post("/api/v1/users/"+c.any("/api/v1/users", "q", "New")+"/deactivate", nil)
		}},
		{"reactivate a user", func() *testkit.Answer {
			return c.as("admin").Post("/api/v1/users/"+c.any("/api/v1/users", "is_active", "false")+"/reactivate", nil)
		}},
		{"change a role", func() *testkit.Answer {
			if c.IntN(4) > 0 {
				return nil
			}
			name := []string{"team_lead", "employee", "team_lead2"}[c.IntN(3)]
			role := []api.Role{api.RoleEmployee, api.RoleTeamLead}[c.IntN(2)]
			delete(c.clients, name)
			return c.as("admin").Post("/api/v1/users/"+c.people[name].ID.String()+"/change-role", entry{"role": role})
		}},
		{"change the jobs of a key", func() *testkit.Answer {
			jobs := map[string]bool{}
			for range 1 + c.IntN(4) {
				jobs[c.any("/api/v1/jobs")] = true
			}
			return c.as("admin").Do(http.MethodPatch, "/api/v1/api-keys/"+c.jobKey.ID.String(),
				entry{"job_ids": slices.Collect(maps.Keys(jobs))}, "If-Match", "*")
		}},
		{"rotate a key", func() *testkit.Answer {
			if c.IntN(4) > 0 {
				return nil
			}
			answer := c.as("admin").Post("/api/v1/api-keys/"+c.jobKey.ID.String()+"/rotate", entry{})
			if answer.Status == http.StatusOK {
				c.jobSecret = testkit.Decode[api.APIKeyWithSecret](answer).Secret
			}
			return answer
		}},
		{"edit a version of a kit", func() *testkit.Answer {
			return c.version("draft", func(path string) *testkit.Answer {
				return c.as("hr").Do(http.MethodPatch, path, entry{"questions": []entry{{"key": "q", "text": c.name()}}}, "If-Match", "*")
			})
		}},
		{"publish a version of a kit", func() *testkit.Answer {
			return c.version("draft", func(path string) *testkit.Answer { return post(c.as("hr"), path+"/publish", nil) })
		}},
		{"archive a version of a kit", func() *testkit.Answer {
			if c.IntN(4) > 0 {
				return nil
			}
			return c.version("published", func(path string) *testkit.Answer { return post(c.as("hr"), path+"/archive", nil) })
		}},
	}
}

// version acts on a random version of a kit with a status.
func (c *company) version(status string, do func(path string) *testkit.Answer) *testkit.Answer {
	var paths []string
	for _, kit := range c.list("/api/v1/kits") {
		if id, ok := kit[status+"_version_id"].(string); ok {
			paths = append(paths, "/api/v1/kits/"+kit["id"].(string)+"/versions/"+id)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	return do(paths[c.IntN(len(paths))])
}
