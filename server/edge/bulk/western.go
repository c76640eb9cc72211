package bulk

import "strings"

// western tells Windows-1252 from Mac OS Roman: in each of them, the bytes that are letters in the other one are mostly
// symbols, which are not next to letters.
type western struct {
	seen         [256]bool
	before, last byte
	// windows and macintosh are how many letters are plausible in that encoding only, dos in those of DOS, and eastern
	// in those of Central European and Cyrillic texts.
	windows, macintosh, dos, eastern int
	run                              int // how many bytes before the next one are letters beyond ASCII in Windows-1252
}

// The bytes that are lowercase letters in Mac OS Roman and are not found after a letter, or after a lowercase letter,
// in Windows-1252. Others are: Boško, O’Brien, Anne–Marie, Citroën™.
const (
	macAfterLetter = "\x87\x88\x89\x8b\x8d\x8f\x90\x98\x9b\x9d\xa7" // á à â ã ç è ê ò õ ù ß
	macAfterLower  = "\x8a\x8e\x9f"                                 // ä é ü
	// dosLetters are ü, é and ä in the encodings of DOS.
	dosLetters = "\x81\x82\x84"
	// polishLetters are Ł, ą, ł, Ż and ż in Windows-1250, and symbols in Windows-1252 that are not found within a word.
	polishLetters = "\xa3\xa5\xaf\xb3\xb9\xbf"
	// foreignRun is the number of letters beyond ASCII in a row from which a text is not in a Western language.
	foreignRun = 4
	// rare is how many plausible letters of Windows-1252 count as little as one that is not: half of the letters of other
	// languages are letters in it, too.
	rare = 8
	// endOfFile is the mark by which DOS ended files.
	endOfFile = 0x1a
)

// add adds the next bytes.
func (w *western) add(text []byte) {
	for _, next := range text {
		w.seen[next] = true
		w.classify(next)
		w.before, w.last = w.last, next
	}
}

// classify counts the last byte, which is between two others.
func (w *western) classify(next byte) {
	if w.last < 0xc0 {
		w.run = 0
	} else if w.run++; w.run == foreignRun {
		w.eastern += foreignRun
	}
	if strings.IndexByte(polishLetters, w.last) >= 0 && isLetter(w.before) && (isLetter(next) || next >= 0x80) {
		w.eastern++
	}
	if w.last < 0x80 || !isLetter(w.before) {
		return
	}
	afterLower := w.before >= 'a'
	inWord := afterLower || !isLetter(next) || next >= 'a'
	switch {
	case strings.IndexByte(dosLetters, w.last) >= 0 && isLetter(next) && next >= 'a':
		w.dos++
	case strings.IndexByte(macAfterLetter, w.last) >= 0, afterLower && strings.IndexByte(macAfterLower, w.last) >= 0:
		w.macintosh++
	case w.last >= 0xe0 && w.last != 0xf7 && inWord:
		w.windows++
	}
}

// encoding returns the encoding of a text that was added as a whole, or an empty string if it is neither.
func (w *western) encoding() Encoding {
	w.classify(0)
	for b := range byte(' ') {
		if w.seen[b] && (b < '\t' || b > '\r') && b != endOfFile {
			return ""
		}
	}
	// Programs for classic Mac OS, and Excel for "CSV (Macintosh)", end lines with a carriage return alone.
	classic := w.seen['\r'] && !w.seen['\n'] && w.windows == 0
	undefined := w.seen[0x81] || w.seen[0x8d] || w.seen[0x8f] || w.seen[0x90] || w.seen[0x9d]
	switch {
	case w.seen[0x7f]:
		return ""
	case w.dos == 0 && (w.macintosh > w.windows || classic):
		return Macintosh
	case undefined || w.dos > w.windows || w.eastern*rare > w.windows:
		return ""
	}
	return Windows1252
}

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }
