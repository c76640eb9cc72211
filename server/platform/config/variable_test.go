package config_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/joho/godotenv"

	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
)

const example = "../../../.env.example"

func variableNames() []string {
	var names []string
	for _, v := range config.Variables() {
		names = append(names, v.Name)
	}
	return names
}

func TestVariablesAreTheFieldsOfConfig(t *testing.T) {
	t.Parallel()
	var tags []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[config.Config]()) {
		tags = append(tags, field.Tag.Get("env"))
	}
	if names := variableNames(); !slices.Equal(names, tags) {
		t.Errorf("Variables = %v, want %v as the fields of Config", names, tags)
	}
	for _, v := range config.Variables() {
		if !strings.HasSuffix(v.Meaning, ".") {
			t.Errorf("the meaning of %s is not a sentence: %q", v.Name, v.Meaning)
		}
		if v.Default == "" && v.Example == "" {
			t.Errorf("%s has neither a default nor an example", v.Name)
		}
	}
}

// TestExampleFile compares .env.example with the variables: the same names in the same order, each with its default and
// after a comment.
func TestExampleFile(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	values, err := godotenv.UnmarshalBytes(content)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, match := range regexp.MustCompile(`(?m)^([A-Z_]+)=`).FindAllSubmatch(content, -1) {
		names = append(names, string(match[1]))
	}
	if want := variableNames(); !slices.Equal(names, want) {
		t.Fatalf(".env.example names\n%v\nwant\n%v", names, want)
	}
	for _, v := range config.Variables() {
		want := v.Default
		if v.Name == "SECRET_KEY" {
			want = config.ExampleSecretKey
		}
		if values[v.Name] != want {
			t.Errorf("%s is %q in .env.example, want %q", v.Name, values[v.Name], want)
		}
		if !regexp.MustCompile(`(?m)^# .+\.\n` + v.Name + "=").Match(content) {
			t.Errorf("%s has no comment in .env.example", v.Name)
		}
	}
}

func TestExampleFileLoadsInDevelopment(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, []string{"APP_ENV=development"}, example)
	if c.SecretKey != config.ExampleSecretKey || c.AppName != "AI Interviewer Platform" {
		t.Errorf("config of the example = %v, want its key and name", c)
	}
}

func TestExampleFileIsRefusedInProduction(t *testing.T) {
	t.Parallel()
	environ := []string{"DATABASE_URL=postgres://db/interviewer", "REDIS_URL=redis://cache"}
	found := problems(t, environ, example)
	if len(found) != 1 || found[0].Variable != "SECRET_KEY" || !strings.Contains(found[0].Wrong, ".env.example") {
		t.Errorf("the problems are %v; want one, of SECRET_KEY", found)
	}
}
