package bulk

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// texts are made of what cells trip over.
func texts() *rapid.Generator[string] {
	return rapid.StringOf(rapid.OneOf(
		rapid.SampledFrom([]rune("=+-@\t\r\n'\"|\\,;a ü😀")), rapid.Rune().Filter(func(r rune) bool { return r != 0 }),
	))
}

func TestDefuse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"": {"", ""}, "Nora": {"Nora", "Nora"}, "a=1": {"a=1", "a=1"}, "'": {"'", "'"}, "'Nora": {"'Nora", "'Nora"},
		"=1": {"'=1", "'=1"}, "+1": {"'+1", "'+1"}, "-": {"'-", "'-"}, "@a": {"'@a", "'@a"}, "\t": {"'\t", "'\t"},
		"\r": {"'\r", "'\r"}, " =1": {" =1", " =1"}, "'=1": {"'=1", "''=1"}, "''@": {"''@", "'''@"}, "''": {"''", "''"},
	} {
		if got := [2]string{defuse(text), defuseForReading(text)}; got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// TestNoCellIsAFormula, and the reader takes off exactly what the writer has set.
func TestNoCellIsAFormula(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := texts().Draw(t, "text")
		for _, cell := range []string{defuse(text), defuseForReading(text)} {
			if cell != "" && strings.IndexByte(formula, cell[0]) >= 0 {
				t.Fatalf("a spreadsheet would compute %q", cell)
			}
		}
		if back := arm(defuseForReading(text)); back != text {
			t.Fatalf("comes back as %q", back)
		}
	})
}

func TestListsComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOfN(texts(), 1, 5).Draw(t, "items")
		if back := split(join(items)); !slices.Equal(back, items) {
			t.Fatalf("%q comes back as %q", join(items), back)
		}
	})
}
