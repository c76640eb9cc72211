package meta

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/content"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Documents are what the service publishes about itself. The specification contains the URL of the server as the client
// sees it; apart from that they are the same in every response. They are built when they are first requested.
type Documents struct {
	sources func() (sources, error)

	mu sync.Mutex
	// kept has the specification for the URLs of the server that clients used last, the latest one at the end.
	kept []specification
}

// sources are what the documents are built from.
type sources struct {
	machines  document
	published spec.Document
}

// specification is the specification with the URL of a server.
type specification struct {
	server     string
	yaml, json document
}

// maxServers bounds the URLs for which the specification is kept. A service has few, but clients choose the Host.
const maxServers = 16

// Publish returns the documents, which are built on the first request. They are built from files embedded in the
// program, so a test that requests each of them shows that they can be built.
func Publish() *Documents { return &Documents{sources: sync.OnceValues(read)} }

func read() (sources, error) {
	published, err := spec.Published()
	if err != nil {
		return sources{}, err
	}
	machines, err := json.Marshal(api.StateMachines{Data: lifecycle.All()})
	if err != nil {
		return sources{}, fmt.Errorf("encode the state machines: %w", err)
	}
	kept, err := content.New(machines)
	if err != nil {
		return sources{}, fmt.Errorf("compress a document: %w", err)
	}
	return sources{document{"application/json", kept}, published}, nil
}

// specification returns the specification with the URL of a server.
func (d *Documents) specification(server string) (specification, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, one := range d.kept {
		if one.server == server {
			return one, nil
		}
	}
	from, err := d.sources()
	if err != nil {
		return specification{}, err
	}
	published, err := from.published.At(server)
	if err != nil {
		return specification{}, err
	}
	inYAML, err := content.New(published.YAML)
	if err != nil {
		return specification{}, fmt.Errorf("compress the specification: %w", err)
	}
	inJSON, err := content.New(published.JSON)
	if err != nil {
		return specification{}, fmt.Errorf("compress the specification: %w", err)
	}
	one := specification{server, document{"application/yaml", inYAML}, document{"application/json", inJSON}}
	d.kept = append(d.kept[max(0, len(d.kept)-maxServers+1):], one)
	return one, nil
}

// GetSpecificationYAML returns the specification as YAML.
func (m *Meta) GetSpecificationYAML(
	ctx context.Context, _ service.Call, _ api.GetSpecificationYAMLRequestObject,
) (api.GetSpecificationYAMLResponseObject, error) {
	one, err := m.specification(ctx)
	return one.yaml.answer(ctx), err
}

// GetSpecificationJSON returns the specification as JSON.
func (m *Meta) GetSpecificationJSON(
	ctx context.Context, _ service.Call, _ api.GetSpecificationJSONRequestObject,
) (api.GetSpecificationJSONResponseObject, error) {
	one, err := m.specification(ctx)
	return one.json.answer(ctx), err
}

func (m *Meta) specification(ctx context.Context) (specification, error) {
	server := access.RequestOf(ctx).ServerURL()
	if server == "" {
		server = "/"
	}
	return m.Documents.specification(server)
}

// GetStateMachines returns the state machines by which the operations decide.
func (m *Meta) GetStateMachines(
	ctx context.Context, _ service.Call, _ api.GetStateMachinesRequestObject,
) (api.GetStateMachinesResponseObject, error) {
	from, err := m.Documents.sources()
	return from.machines.answer(ctx), err
}

// document is a published document.
type document struct {
	media   string
	content content.Content
}

// answer returns the document in the encoding that the client accepts.
func (d document) answer(ctx context.Context) written {
	return written{d.media, d.content.For(access.RequestOf(ctx).Encodings)}
}

// written is a response whose body exists already.
type written struct {
	media string
	form  content.Form
}

// Respond sends the document. Caches may keep it and must revalidate it before each use.
func (d written) Respond(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	d.form.Describe(h)
	h.Set("Content-Type", d.media)
	h.Set("Content-Length", strconv.Itoa(len(d.form.Body)))
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(d.form.Body)
	return err
}

// VisitGetSpecificationYAMLResponse writes the document.
func (d written) VisitGetSpecificationYAMLResponse(w http.ResponseWriter) error { return d.Respond(w) }

// VisitGetSpecificationJSONResponse writes the document.
func (d written) VisitGetSpecificationJSONResponse(w http.ResponseWriter) error { return d.Respond(w) }

// VisitGetStateMachinesResponse writes the document.
func (d written) VisitGetStateMachinesResponse(w http.ResponseWriter) error { return d.Respond(w) }
