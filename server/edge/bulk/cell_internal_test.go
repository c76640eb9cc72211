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
		rapid.SampledFrom([]rune("=+-@＝＋－＠\t\r\n'\"|\\,;a ü😀49.E")), rapid.Rune().Filter(func(r rune) bool { return r != 0 }),
	))
}

func TestEscapeFormula(t *testing.T) {
	t.Parallel()
	// The cells of CSV and of a sheet.
	for text, want := range map[string][2]string{
		"": {"", ""}, "Nora": {"Nora", "Nora"}, "a=1": {"a=1", "a=1"}, "'": {"'", "'"},
		"'Nora": {"'Nora", "'Nora"}, "=1": {"'=1", "=1"}, "+1": {"'+1", "+1"}, "-": {"'-", "-"},
		"@a": {"'@a", "@a"}, "\t": {"'\t", "\t"}, "\r": {"'\r", "\r"}, " =1": {" '=1", " =1"},
		"'=1": {"''=1", "''=1"}, "''@": {"'''@", "'''@"}, "''": {"''", "''"},
		"＝1": {"'＝1", "＝1"}, "＋1": {"'＋1", "＋1"}, "－1": {"'－1", "－1"}, "＠a": {"'＠a", "＠a"},
		"x;=1+1": {"x;'=1+1", "x;=1+1"}, "x; =1": {"x; '=1", "x; =1"}, "x;\"=1": {"x;\"'=1", "x;\"=1"},
		"x\n=1": {"x\n'=1", "x\n=1"}, "x\t-1": {"x\t'-1", "x\t-1"}, "x|@a": {"x|'@a", "x|@a"},
		"x;'=1": {"x;''=1", "x;''=1"}, "x;y=1": {"x;y=1", "x;y=1"}, "x, -1": {"x, -1", "x, -1"},
		"\t=1": {"'\t'=1", "\t=1"}, "#REF!": {"'#REF!", "'#REF!"}, "'#nv": {"''#nv", "''#nv"}, "4.9305E+11": {"'4.9305E+11", "'4.9305E+11"},
		"'4,93e+11": {"''4,93e+11", "''4,93e+11"}, "+4.93E+11": {"'+4.93E+11", "+4.93E+11"},
		"\xff=\xff": {"\xff=\xff", "\xff=\xff"},
	} {
		t.Run(strconv.Quote(text), func(t *testing.T) {
			t.Parallel()
			got := [2]string{
				escapeValue(escapeFormula(text, breaks, readable)), escapeValue(escapeFormula(text, breaks, typed)),
			}
			if got != want {
				t.Errorf("%q: got %q, want %q", text, got, want)
			}
		})
	}
}

// splitBySpreadsheet returns the cells that a spreadsheet may see in a text, if it splits it at some of the breaks and
// ignores or respects quotation marks.
func splitBySpreadsheet(text, breaks string) []string {
	cells := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(breaks, r) })
	for _, cell := range cells {
		cells = append(cells, strings.TrimLeft(cell, ` "`))
	}
	return append(cells, text)
}

// TestCellsAreNeverFormulas checks that spreadsheets do not compute a cell or a part of it, and that the reader removes
// exactly the marks that the writer has added.
func TestCellsAreNeverFormulas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := texts().Draw(t, "text")
		for _, breaks := range []string{breaksOf(','), breaksOf(';')} {
			cell := escapeFormula(text, breaks, readable)
			for _, part := range splitBySpreadsheet(cell, breaks) {
				if part != "" && strings.IndexAny(part, signs) == 0 {
					t.Fatalf("cell: got %q, of which a spreadsheet would compute %q", cell, part)
				}
			}
			for name, mark := range map[string]marking{"CSV": readable, "XLSX": typed} {
				if back := unescape(escapeValue(escapeFormula(text, breaks, mark)), breaks); back != text {
					t.Fatalf("round trip in %s: got %q", name, back)
				}
			}
		}
	})
}

// TestListRoundTrip joins and splits the elements of a cell, with every set of separators.
func TestListRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOfN(texts(), 1, 5).Draw(t, "items")
		for _, separators := range []string{"|", "|;,", "|\n"} {
			want := items
			if separators == "|\n" { // Line breaks have no escape, because no item contains any.
				want = nil
				for _, item := range items {
					want = append(want, strings.ReplaceAll(item, "\n", ""))
				}
			}
			if back := split(join(want), separators); !slices.Equal(back, want) {
				t.Fatalf("round trip of %q at %q: got %q", join(want), separators, back)
			}
		}
	})
}
