package bulk

import "strings"

const (
	// formula has the characters that start a formula in a spreadsheet (OWASP, CSV injection).
	formula = "=+-@\t\r"
	// formulaMark is written before such a character.
	formulaMark = "'"
	// separator separates the items of a list in a cell; escape makes it part of an item.
	separator, escape = '|', '\\'
)

// escapeFormula marks a cell that a spreadsheet would interpret as a formula.
func escapeFormula(cell string) string {
	if strings.IndexAny(cell, formula) == 0 {
		return formulaMark + cell
	}
	return cell
}

// escapeFormulaForReading is escapeFormula for a cell that unescapeFormula will read. It also marks a
// text that looks like a marked one.
func escapeFormulaForReading(cell string) string {
	if strings.IndexAny(strings.TrimLeft(cell, formulaMark), formula) == 0 {
		return formulaMark + cell
	}
	return cell
}

// unescapeFormula removes the mark that escapeFormula added.
func unescapeFormula(cell string) string {
	unmarked, marked := strings.CutPrefix(cell, formulaMark)
	if marked && strings.IndexAny(strings.TrimLeft(unmarked, formulaMark), formula) == 0 {
		return unmarked
	}
	return cell
}

// join returns the items of a list as one cell. No items and a single empty item are both an empty cell.
func join(items []string) string {
	marked := make([]string, len(items))
	for i, item := range items {
		marked[i] = strings.NewReplacer(`\`, `\\`, `|`, `\|`).Replace(item)
	}
	return strings.Join(marked, string(separator))
}

// split returns the items of a cell that join or a person wrote. A backslash before any other character is a backslash.
func split(cell string) []string {
	var items []string
	var item strings.Builder
	for i := 0; i < len(cell); i++ {
		switch c := cell[i]; {
		case c == escape && i+1 < len(cell) && (cell[i+1] == escape || cell[i+1] == separator):
			i++
			item.WriteByte(cell[i])
		case c == separator:
			items = append(items, item.String())
			item.Reset()
		default:
			item.WriteByte(c)
		}
	}
	return append(items, item.String())
}
