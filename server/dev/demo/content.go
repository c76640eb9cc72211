package demo

import (
	"bytes"
	"embed"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
)

// content has the hand-written data: jobs, kits, names and phrases.
//
//go:embed content/*.yaml
var content embed.FS

// jobCategory is the kind of work of a job. It determines the kit of its first interviews and the tags of its
// candidates.
type jobCategory string

// leadership is the category whose kit is also used for the second interviews of all other categories.
const leadership jobCategory = "leadership"

// jobText describes a job in content/jobs-*.yaml. Opened, OnHold and Closed are days before the demo is loaded. A job
// that was never opened is a draft.
type jobText struct {
	Title        string      `yaml:"title"`
	Department   string      `yaml:"department"`
	Category     jobCategory `yaml:"category"`
	Location     string      `yaml:"location"`
	Zone         string      `yaml:"zone"`
	Opened       int         `yaml:"opened"`
	OnHold       int         `yaml:"on_hold"`
	Closed       int         `yaml:"closed"`
	Manager      string      `yaml:"manager"`
	Interviewers []string    `yaml:"interviewers"`
	Popularity   int         `yaml:"popularity"`
	Description  string      `yaml:"description"`
}

// status returns the job's current status.
func (p jobText) status() stored.JobStatus {
	switch {
	case p.Closed > 0:
		return stored.JobStatusClosed
	case p.OnHold > 0:
		return stored.JobStatusOnHold
	case p.Opened > 0:
		return stored.JobStatusOpen
	}
	return stored.JobStatusDraft
}

// kitText describes a kit in content/kit-*.yaml.
type kitText struct {
	Name        string                   `yaml:"name"`
	Description string                   `yaml:"description"`
	Category    jobCategory              `yaml:"category"`
	Versions    []versionText            `yaml:"versions"`
	Criteria    map[string]criterionText `yaml:"criteria"`
	Questions   map[string]questionText  `yaml:"questions"`
	// Notes are raters' notes by criterion.
	Notes map[string]noteText `yaml:"notes"`
}

// versionText lists the keys of a version's criteria, in the order of the file, and questions.
type versionText struct {
	Draft     bool     `yaml:"draft"`
	Criteria  weights  `yaml:"criteria"`
	Questions []string `yaml:"questions"`
}

type weights []struct {
	key    string
	weight int32
}

// UnmarshalYAML keeps the order of the file, which a map would lose.
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

// of returns the notes that fit a rating from 1 to 5.
func (n noteText) of(rating int) []string {
	switch {
	case rating <= 2:
		return n.Low
	case rating == 3:
		return n.Mid
	}
	return n.High
}

// criteria returns the criteria of a version as API objects.
func (k kitText) criteria(v versionText) []stored.KitCriterionV1 {
	criteria := make([]stored.KitCriterionV1, len(v.Criteria))
	for i, named := range v.Criteria {
		text := k.Criteria[named.key]
		criteria[i] = stored.KitCriterionV1{
			Key: named.key, Title: text.Title, Description: optional.Of(&text.Description), Weight: named.weight,
			Required: text.Required, Anchors: text.Anchors,
		}
	}
	return criteria
}

// questions returns the questions of a version as API objects. They refer only to criteria of the version.
func (k kitText) questions(v versionText) []stored.KitQuestionV1 {
	known := map[string]bool{}
	for _, named := range v.Criteria {
		known[named.key] = true
	}
	questions := make([]stored.KitQuestionV1, len(v.Questions))
	for i, key := range v.Questions {
		text := k.Questions[key]
		questions[i] = stored.KitQuestionV1{
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

// region has names that occur together, places, and the prefix of telephone numbers.
type region struct {
	First  []string `yaml:"first"`
	Last   []string `yaml:"last"`
	Places []string `yaml:"places"`
	Phone  string   `yaml:"phone"`
}

// phrases are texts that users write, such as reasons and comments.
type phrases struct {
	Tags    map[jobCategory][]string `yaml:"tags"`
	Sources []string                 `yaml:"sources"`
	Moves   struct {
		Hold, Resume, Withdraw, Return, Reactivate, Skip []string
		Reject                                           map[stored.RejectionReason][]string
	} `yaml:"moves"`
	Interviews struct {
		Instructions, Reschedule, Cancel, Reopen, Rooms []string

		NoShow  []string                          `yaml:"no_show"`
		Respond map[stored.PanelResponse][]string `yaml:"respond"`
	} `yaml:"interviews"`
	Comments  map[stored.Recommendation][]string `yaml:"comments"`
	ExtraJobs extraJobs                          `yaml:"extra_jobs"`
}

// extraJobs has the texts that the jobs of further parts are combined from.
type extraJobs struct {
	Engineering, Customers struct{ Roles, Teams []string }
	Places                 []struct{ Location, Zone string }
}

// library is the parsed content. It is read once for each load.
type library struct {
	kits    []kitText
	regions []region
	phrases phrases
}

// readLibrary parses the embedded files. An error is a defect of these files.
func readLibrary() (*library, error) {
	l := &library{kits: make([]kitText, 3)}
	for name, into := range map[string]any{
		"kit-engineering": &l.kits[0], "kit-leading": &l.kits[1], "kit-customers": &l.kits[2],
		"people": &l.regions, "phrases": &l.phrases,
	} {
		if err := read(name, into); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// readJobTexts parses the jobs of a company.
func readJobTexts(slug string) ([]jobText, error) {
	var found []jobText
	return found, read("jobs-"+slug, &found)
}

func read(name string, into any) error {
	file, err := content.ReadFile("content/" + name + ".yaml")
	if err != nil {
		return fmt.Errorf("read demo content: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(file))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("parse demo content %s: %w", name, err)
	}
	return nil
}
