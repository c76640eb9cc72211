package bulk

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// texts generates strings from characters that are special in cells.
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
		t.Run(strconv.Quote(text), func(t *testing.T) {
			t.Parallel()
			if got := [2]string{escapeFormula(text), escapeFormulaForReading(text)}; got != want {
				t.Errorf("%q: got %q, want %q", text, got, want)
			}
		})
	}
}

// TestCellsAreNeverFormulas checks that spreadsheets do not compute a cell, and that the reader removes exactly the prefix
// that the writer has added.
func TestCellsAreNeverFormulas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := texts().Draw(t, "text")
		for _, cell := range []string{escapeFormula(text), escapeFormulaForReading(text)} {
			if cell != "" && strings.IndexByte(formula, cell[0]) >= 0 {
				t.Fatalf("cell: got %q, which a spreadsheet would compute", cell)
			}
		}
		if back := unescapeFormula(escapeFormulaForReading(text)); back != text {
			t.Fatalf("round trip: got %q", back)
		}
	})
}

// TestListRoundTrip joins and splits the elements of a cell.
func TestListRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOfN(texts(), 1, 5).Draw(t, "items")
		if back := split(join(items)); !slices.Equal(back, items) {
			t.Fatalf("round trip of %q: got %q", join(items), back)
		}
	})
}
