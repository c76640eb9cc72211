package bulk

import "strings"

const (
	// formula are the characters by which a spreadsheet knows a cell that it computes (OWASP, CSV injection).
	formula = "=+-@\t\r"
	// harmless stands before such a character.
	harmless = "'"
	// separator parts the items of a list in a cell, and escape takes it as a part of an item.
	separator, escape = '|', '\\'
)

// defuse keeps a spreadsheet from taking a cell for a formula.
func defuse(cell string) string {
	if strings.IndexAny(cell, formula) == 0 {
		return harmless + cell
	}
	return cell
}

// defuseForReading is defuse for a cell that arm will read. It also marks a text that looks as if it had been marked.
func defuseForReading(cell string) string {
	if strings.IndexAny(strings.TrimLeft(cell, harmless), formula) == 0 {
		return harmless + cell
	}
	return cell
}

// arm takes away the mark that defuse has set.
func arm(cell string) string {
	unmarked, marked := strings.CutPrefix(cell, harmless)
	if marked && strings.IndexAny(strings.TrimLeft(unmarked, harmless), formula) == 0 {
		return unmarked
	}
	return cell
}

// join writes the items of a list into one cell. No items, and a single empty one, are both an empty cell.
func join(items []string) string {
	marked := make([]string, len(items))
	for i, item := range items {
		marked[i] = strings.NewReplacer(`\`, `\\`, `|`, `\|`).Replace(item)
	}
	return strings.Join(marked, string(separator))
}

// split reads the items that join has written, and what people write, who know of no escapes: a backslash before any
// other character is one.
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
