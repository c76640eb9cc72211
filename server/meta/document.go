package meta

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/etag"
	"github.com/ai-interviewer-platform/interviewer/server/lifecycle"
)

// Documents are what the service publishes about itself. They are the same for everybody, for as long as it runs.
type Documents struct{ yaml, json, machines document }

// Publish makes the documents once, since they never change.
func Publish() (*Documents, error) {
	published, err := spec.Published()
	if err != nil {
		return nil, err
	}
	// The state machines are the table that the rooms decide by.
	machines, err := json.Marshal(api.StateMachines{Data: lifecycle.All()})
	if err != nil {
		return nil, fmt.Errorf("the state machines as JSON: %w", err)
	}
	return &Documents{
		yaml: newDocument("application/yaml", published.YAML),
		json:     newDocument("application/json", published.JSON),
		machines: newDocument("application/json", machines),
	}, nil
}

// GetSpecificationYAML gives the specification as YAML.
func (m *Meta) GetSpecificationYAML(
	_ context.Context, request api.GetSpecificationYAMLRequestObject,
) (api.GetSpecificationYAMLResponseObject, error) {
	return m.Documents.yaml.unless(request.Params.IfNoneMatch), nil
}

// GetSpecificationJSON gives the specification as JSON.
func (m *Meta) GetSpecificationJSON(
	_ context.Context, request api.GetSpecificationJSONRequestObject,
) (api.GetSpecificationJSONResponseObject, error) {
	return m.Documents.json.unless(request.Params.IfNoneMatch), nil
}

// GetStateMachines publishes the state machines.
func (m *Meta) GetStateMachines(
	_ context.Context, request api.GetStateMachinesRequestObject,
) (api.GetStateMachinesResponseObject, error) {
	return m.Documents.machines.unless(request.Params.IfNoneMatch), nil
}

// document is an answer that is written already.
type document struct {
	media, tag string
	content    []byte
	// known says that the client has it.
	known bool
}

func newDocument(media string, content []byte) document {
	return document{media: media, tag: etag.OfContent(content), content: content}
}

// unless is the document for a client that has what an If-None-Match header names.
func (d document) unless(header *string) document {
	d.known = etag.Matches(header, d.tag)
	return d
}

// write lets whoever likes keep the document, and ask before each use whether it is still the present one.
func (d document) write(w http.ResponseWriter) error {
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", d.tag)
	if d.known {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	w.Header().Set("Content-Type", d.media)
	w.Header().Set("Content-Length", strconv.Itoa(len(d.content)))
	_, err := w.Write(d.content)
	return err
}

// VisitGetSpecificationYAMLResponse writes the document as it is.
func (d document) VisitGetSpecificationYAMLResponse(w http.ResponseWriter) error { return d.write(w) }

// VisitGetSpecificationJSONResponse writes the document as it is.
func (d document) VisitGetSpecificationJSONResponse(w http.ResponseWriter) error { return d.write(w) }

// VisitGetStateMachinesResponse writes the document as it is.
func (d document) VisitGetStateMachinesResponse(w http.ResponseWriter) error { return d.write(w) }
