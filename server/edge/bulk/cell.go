package bulk

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	// signs start a formula in a spreadsheet; Excel also accepts the full-width ones.
	signs = "=+-@＝＋－＠"
	// leading characters at the start of a cell are dropped by some spreadsheets (OWASP, CSV injection).
	leading = "\t\r"
	// breaks are where a spreadsheet with other settings starts a new cell, within a cell of ours. A comma is none where
	// it is the delimiter: our cells that contain one are quoted then, and quotation marks are respected. See breaksOf.
	breaks = ";|\t\r\n"
	// skipped may precede a formula in a cell.
	skipped = ` "'`
	// formulaMark is written before such a character, which makes the cell a text.
	formulaMark = '\''
	// separator separates the items of a list in a cell that we write; escape makes it part of an item.
	separator, escape = '|', '\\'
)

// damagedNumber matches a number with more digits than a spreadsheet shows, such as 4.9305E+11, or 4.9305E11 as other
// programs write it.
var damagedNumber = regexp.MustCompile(`^[+-]?` + scientific + `$`)

// scientific matches the digits of such a number.
const scientific = `[0-9](([.,][0-9]+)?[eE]\+|[.,][0-9]+[eE])[0-9]{1,3}`

// decimalPlace matches digits that a program has read as a number and written with a decimal place, such as
// 493055500123.0.
var decimalPlace = regexp.MustCompile(`^[0-9]{5,}[.,]0$`)

// textForm matches a formula by which programs prevent that a spreadsheet takes a text for a number: ="00123".
var textForm = regexp.MustCompile(`^="((?:[^"]|"")*)"$`)

// textFormula returns the text of such a formula.
func textFormula(cell string) (text string, found bool) {
	match := textForm.FindStringSubmatch(trim(cell))
	if match == nil {
		return "", false
	}
	return strings.ReplaceAll(match[1], `""`, `"`), true
}

// failedFormula matches what spreadsheets in English, German, French and Spanish show and save for a formula without a
// result.
var failedFormula = regexp.MustCompile(`^(?i:#(` +
	`REF|VALUE|DIV/0|NAME|NUM|NULL|SPILL|CALC|FIELD|CONNECT|BLOCKED|BUSY|UNKNOWN|ERROR|PYTHON|EXTERNAL|DATA|` +
	`BEZUG|WERT|ZAHL|ÜBERLAUF|KALK|VALEUR|NOM|NOMBRE|NUL|PROPAGATION|` +
	`¡REF|¡VALOR|¡DIV/0|¿NOMBRE|¡NUM|¡NULO|¡DESBORDAMIENTO|¡CALC)[!?]|#N/?A|#NV|#N/?D|#GETTING_DATA|Err:[0-9]{3}|#{3,})$`)

// shortened matches a number that is damaged or has a decimal place, without a sign, behind any marks.
var shortened = regexp.MustCompile(`^'*(` + scientific + `|[0-9]{5,}[.,]0)$`)

// breaksOf returns the breaks in a file with a delimiter.
func breaksOf(delimiter rune) string {
	if delimiter == ',' {
		return breaks
	}
	return breaks + ","
}

// marking decides whether a formula is to be marked, given whether a mark precedes it already.
type marking func(marked bool) bool

// readable marks every formula, so that unescapeFormula restores the text.
func readable(bool) bool { return true }

// typed is for cells with a type, where a text is never a formula. It marks only what unescapeFormula would change.
func typed(marked bool) bool { return marked }

// escapeFormula marks what a spreadsheet would interpret as a formula: at the start of a cell, and after every
// character at which a spreadsheet may split it.
func escapeFormula(cell, breaks string, mark marking) string {
	if !strings.ContainsAny(cell, signs+leading) {
		return cell
	}
	var escaped strings.Builder
	formulas(cell, breaks, func(char string, formula, marked bool) {
		if formula && mark(marked) {
			escaped.WriteByte(formulaMark)
		}
		escaped.WriteString(char)
	})
	return escaped.String()
}

// escapeValue marks a text that looks like a damaged number or a failed formula, so that it is read as it is.
func escapeValue(cell string) string {
	if marksValue(cell) {
		return string(formulaMark) + cell
	}
	return cell
}

// marksValue reports whether a text looks like a damaged number or a failed formula, behind any marks.
func marksValue(cell string) bool {
	return shortened.MatchString(cell) || failedFormula.MatchString(strings.TrimLeft(cell, string(formulaMark)))
}

// unescape removes the marks that escapeFormula and escapeValue added.
func unescape(cell, breaks string) string {
	if strings.IndexByte(cell, formulaMark) < 0 {
		return cell
	}
	if cell[0] == formulaMark && marksValue(cell) {
		return cell[1:]
	}
	var text []byte
	formulas(cell, breaks, func(char string, formula, marked bool) {
		if formula && marked {
			text = text[:len(text)-1]
		}
		text = append(text, char...)
	})
	return string(text)
}

// formulas calls a function with every character of a text. formula says that it starts a formula, and marked that a
// mark precedes it immediately.
func formulas(text, breaks string, each func(char string, formula, marked bool)) {
	begin, open := true, true // whether only skipped characters precede in the cell, or since the last break
	marked := false
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		each(text[at:at+size], open && strings.ContainsRune(signs, r) || begin && strings.ContainsRune(leading, r), marked)
		skip := strings.ContainsRune(skipped, r)
		open = strings.ContainsRune(breaks, r) || open && skip
		begin = begin && skip
		marked = r == formulaMark
		at += size
	}
}

// escaper makes the separators of all lists part of an item.
var escaper = strings.NewReplacer(`\`, `\\`, `|`, `\|`, `;`, `\;`, `,`, `\,`) //nolint:gochecknoglobals // a constant

// join returns the items of a list as one cell.
func join(items []string) string {
	marked := make([]string, len(items))
	for i, item := range items {
		marked[i] = escaper.Replace(item)
	}
	return strings.Join(marked, string(separator))
}

// split returns the items of a cell that join or a person wrote. A backslash before a character that is neither a
// separator nor a backslash is a backslash.
func split(cell, separators string) []string {
	var items []string
	var item strings.Builder
	for at := 0; at < len(cell); at++ { // Separators are ASCII, so bytes of other characters are none.
		c := cell[at]
		switch {
		case c == escape && at+1 < len(cell) && strings.IndexByte(`\|;,`, cell[at+1]) >= 0:
			at++
			item.WriteByte(cell[at])
		case strings.IndexByte(separators, c) >= 0:
			items = append(items, item.String())
			item.Reset()
		default:
			item.WriteByte(c)
		}
	}
	return append(items, item.String())
}
