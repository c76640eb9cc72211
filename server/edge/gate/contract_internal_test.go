package gate

import (
	"reflect"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/contract"
)

// TestGeneratedContract compares what the gate reads of the generated document and of the whole specification.
func TestGeneratedContract(t *testing.T) {
	t.Parallel()
	specification, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	want, err := Load(specification)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Load(contract.Document())
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		name      string
		got, want any
	}{
		{"methods", sorted(got), sorted(want)},
		{"grants", got.grants, want.grants},
		{"scopes", got.scopes, want.scopes},
		{"operations", plain(got), plain(want)},
	} {
		if !reflect.DeepEqual(one.got, one.want) {
			t.Errorf("the %s differ:\n got %+v\nwant %+v", one.name, one.got, one.want)
		}
	}
}

// sorted returns the methods of each path, sorted, because Load reads them in any order.
func sorted(c *Contract) map[string]string {
	methods := map[string]string{}
	for path := range c.methods {
		for _, method := range []string{"DELETE", "GET", "PATCH", "POST", "PUT"} {
			if c.operations[endpoint{method, path}] != nil {
				methods[path] += method + " "
			}
		}
	}
	return methods
}

// plain returns the operations without the parts of the document that they refer to. The tests of cmd/contract
// compare these.
func plain(c *Contract) map[string]Operation {
	all := map[string]Operation{}
	for _, op := range c.operations {
		one := *op
		one.route, one.schema = nil, nil
		all[op.ID] = one
	}
	return all
}

// BenchmarkLoad is what a start needs for the specification.
func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(contract.Document()); err != nil {
			b.Fatal(err)
		}
	}
}
