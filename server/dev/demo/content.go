package demo

import (
	"bytes"
	"embed"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// content holds what is written by people: jobs, kits, names and phrases.
//
//go:embed content/*.yaml
var content embed.FS

// family says which work a job is about, and with it which kit opens its interviews and which tags its candidates have.
type family string

// leadership is the family whose kit also serves for the second interview of every other.
const leadership family = "leadership"

// position is a job as content/jobs-*.yaml describes it. Opened, held and closed are days before the demo is loaded; a
// job that was never opened is a draft.
type position struct {
	Title        string   `yaml:"title"`
	Department   string   `yaml:"department"`
	Family       family   `yaml:"family"`
	Location     string   `yaml:"location"`
	Zone         string   `yaml:"zone"`
	Opened       int      `yaml:"opened"`
	Held         int      `yaml:"held"`
	Closed       int      `yaml:"closed"`
	Manager      string   `yaml:"manager"`
	Interviewers []string `yaml:"interviewers"`
	Popularity   int      `yaml:"popularity"`
	Description  string   `yaml:"description"`
}

// status is the one that the position's days come to.
func (p position) status() api.JobStatus {
	switch {
	case p.Closed > 0:
		return api.JobStatusClosed
	case p.Held > 0:
		return api.JobStatusOnHold
	case p.Opened > 0:
		return api.JobStatusOpen
	}
	return api.JobStatusDraft
}

// kitText is a kit as content/kit-*.yaml writes it.
type kitText struct {
	Name        string                   `yaml:"name"`
	Description string                   `yaml:"description"`
	Family      family                   `yaml:"family"`
	Versions    []versionText            `yaml:"versions"`
	Criteria    map[string]criterionText `yaml:"criteria"`
	Questions   map[string]questionText  `yaml:"questions"`
	// Notes are what raters write, by criterion.
	Notes map[string]noteText `yaml:"notes"`
}

// versionText names what a version is made of. Criteria are in the order of the file.
type versionText struct {
	Draft     bool     `yaml:"draft"`
	Criteria  weights  `yaml:"criteria"`
	Questions []string `yaml:"questions"`
}

type weights []struct {
	key    string
	weight int32
}

// UnmarshalYAML keeps the order, which a map would lose.
func (w *weights) UnmarshalYAML(node *yaml.Node) error {
	for i := 0; i+1 < len(node.Content); i += 2 {
		var weight int32
		if err := node.Content[i+1].Decode(&weight); err != nil {
			return err
		}
		*w = append(*w, struct {
			key    string
			weight int32
		}{node.Content[i].Value, weight})
	}
	return nil
}

type criterionText struct {
	Title       string   `yaml:"title"`
	Description string   `yaml:"description"`
	Required    bool     `yaml:"required"`
	Anchors     []string `yaml:"anchors"`
}

type questionText struct {
	Text     string   `yaml:"text"`
	Criteria []string `yaml:"criteria"`
	Guidance string   `yaml:"guidance"`
	Minutes  int32    `yaml:"minutes"`
}

type noteText struct{ Low, Mid, High []string }

// of gives what fits to a rating from 1 to 5.
func (n noteText) of(rating int) []string {
	switch {
	case rating <= 2:
		return n.Low
	case rating == 3:
		return n.Mid
	}
	return n.High
}

// criteria are those of a version, as the API has them.
func (k kitText) criteria(v versionText) []api.KitCriterion {
	criteria := make([]api.KitCriterion, len(v.Criteria))
	for i, named := range v.Criteria {
		text := k.Criteria[named.key]
		criteria[i] = api.KitCriterion{
			Key: named.key, Title: text.Title, Description: optional.Of(&text.Description), Weight: named.weight,
			Required: text.Required, Anchors: text.Anchors,
		}
	}
	return criteria
}

// questions are those of a version, as the API has them, with the criteria that the version knows.
func (k kitText) questions(v versionText) []api.KitQuestion {
	known := map[string]bool{}
	for _, named := range v.Criteria {
		known[named.key] = true
	}
	questions := make([]api.KitQuestion, len(v.Questions))
	for i, key := range v.Questions {
		text := k.Questions[key]
		questions[i] = api.KitQuestion{
			Key: key, Text: text.Text, Guidance: optional.Of(&text.Guidance), Minutes: optional.Of(&text.Minutes),
		}
		for _, criterion := range text.Criteria {
			if known[criterion] {
				questions[i].Criteria = append(questions[i].Criteria, criterion)
			}
		}
	}
	return questions
}

// origin is names that go together, with places and the beginning of telephone numbers.
type origin struct {
	First  []string `yaml:"first"`
	Last   []string `yaml:"last"`
	Places []string `yaml:"places"`
	Phone  string   `yaml:"phone"`
}

// phrases are what people write in passing.
type phrases struct {
	Tags    map[family][]string `yaml:"tags"`
	Sources []string            `yaml:"sources"`
	Moves   struct {
		Hold, Resume, Withdraw, Return, Reactivate, Skip []string
		Reject                                           map[api.RejectionReason][]string
	} `yaml:"moves"`
	Interviews struct {
		Instructions, Reschedule, Cancel, Reopen, Rooms []string

		NoShow  []string                       `yaml:"no_show"`
		Respond map[api.PanelResponse][]string `yaml:"respond"`
	} `yaml:"interviews"`
	Comments map[api.Recommendation][]string `yaml:"comments"`
	Further  further                         `yaml:"further"`
}

// further is what more jobs are made of.
type further struct {
	Engineering, Customers struct{ Roles, Teams []string }
	Places                 []struct{ Location, Zone string }
}

// library is everything that was written, read once for a load.
type library struct {
	kits    []kitText
	origins []origin
	phrases phrases
}

// openLibrary reads the embedded files. An error is a defect of these files.
func openLibrary() (*library, error) {
	l := &library{kits: make([]kitText, 3)}
	for name, into := range map[string]any{
		"kit-engineering": &l.kits[0], "kit-leading": &l.kits[1], "kit-customers": &l.kits[2],
		"people": &l.origins, "phrases": &l.phrases,
	} {
		if err := read(name, into); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// positions reads the jobs of a company.
func positions(slug string) ([]position, error) {
	var found []position
	return found, read("jobs-"+slug, &found)
}

func read(name string, into any) error {
	file, err := content.ReadFile("content/" + name + ".yaml")
	if err != nil {
		return fmt.Errorf("demo content: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(file))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("demo content %s: %w", name, err)
	}
	return nil
}
