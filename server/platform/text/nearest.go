package text

import "strings"

// Nearest returns the known word that differs least from a misspelled one, or an empty string if none is similar. It
// ignores case. Two words are similar if at most a third of the characters, and at most three, must be inserted,
// removed or replaced.
func Nearest(word string, known []string) string {
	lower := []rune(strings.ToLower(word))
	const longest = 50 // nobody misspells a longer name, and the comparison takes quadratic time
	if len(lower) > longest {
		return ""
	}
	nearest, least := "", min((len(lower)+2)/3, 3)+1
	for _, candidate := range known {
		if edits := distance(lower, []rune(strings.ToLower(candidate))); edits < least {
			nearest, least = candidate, edits
		}
	}
	return nearest
}

// distance returns the Levenshtein distance of two words.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for i := range row {
		row[i] = i
	}
	for i, from := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, to := range b {
			replaced := diagonal
			if from != to {
				replaced++
			}
			diagonal, row[j+1] = row[j+1], min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
