package meta

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/content"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Documents are what the service publishes about itself. They are the same in every response.
type Documents struct{ yaml, json, machines document }

// Publish builds the documents.
func Publish() (*Documents, error) {
	published, err := spec.Published()
	if err != nil {
		return nil, err
	}
	machines, err := json.Marshal(api.StateMachines{Data: lifecycle.All()})
	if err != nil {
		return nil, fmt.Errorf("encode the state machines: %w", err)
	}
	var documents Documents
	for _, one := range []struct {
		into  *document
		media string
		body  []byte
	}{
		{&documents.yaml, "application/yaml", published.YAML},
		{&documents.json, "application/json", published.JSON},
		{&documents.machines, "application/json", machines},
	} {
		kept, err := content.New(one.body)
		if err != nil {
			return nil, fmt.Errorf("compress a document: %w", err)
		}
		*one.into = document{one.media, kept}
	}
	return &documents, nil
}

// GetSpecificationYAML returns the specification as YAML.
func (m *Meta) GetSpecificationYAML(
	ctx context.Context, _ service.Call, _ api.GetSpecificationYAMLRequestObject,
) (api.GetSpecificationYAMLResponseObject, error) {
	return m.Documents.yaml.answer(ctx), nil
}

// GetSpecificationJSON returns the specification as JSON.
func (m *Meta) GetSpecificationJSON(
	ctx context.Context, _ service.Call, _ api.GetSpecificationJSONRequestObject,
) (api.GetSpecificationJSONResponseObject, error) {
	return m.Documents.json.answer(ctx), nil
}

// GetStateMachines returns the state machines by which the operations decide.
func (m *Meta) GetStateMachines(
	ctx context.Context, _ service.Call, _ api.GetStateMachinesRequestObject,
) (api.GetStateMachinesResponseObject, error) {
	return m.Documents.machines.answer(ctx), nil
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
