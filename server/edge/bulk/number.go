package bulk

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// numberFormat is how a cell shows a number (ECMA-376, part 1, 18.8.30).
type numberFormat struct {
	// date and clock say that the number is shown as a date or a time of day.
	date, clock bool
	// digits is the pattern of the digits, such as 00000 or 0##/###, without quotation marks; empty for a number without
	// a pattern.
	digits string
}

// general shows a number with all its digits.
var general = numberFormat{} //nolint:gochecknoglobals // a constant

// days1904 is the difference between the two systems of dates: Excel for Macintosh counted from 1904.
const days1904 = 1462

// conditional matches a format whose sections depend on the number, such as that of telephone numbers in the USA.
var conditional = regexp.MustCompile(`\[[<>=]`)

// builtIn are the formats that a workbook does not declare and that differ from General.
func builtIn(id string) string {
	switch n, _ := strconv.Atoi(id); {
	case n >= 14 && n <= 17:
		return "yyyy-mm-dd"
	case n >= 18 && n <= 21 || n >= 45 && n <= 47:
		return "hh:mm:ss"
	case n == 22:
		return "yyyy-mm-dd hh:mm"
	}
	return ""
}

// formatOf returns a format by its id and its code, which is empty for those that a workbook does not declare.
func formatOf(id, code string) numberFormat {
	if code == "" {
		code = builtIn(id)
	}
	positive, _, _ := strings.Cut(plain(code), ";")
	lower := strings.ToLower(positive)
	if strings.Contains(lower, "general") || strings.ContainsAny(lower, "@e%") || conditional.MatchString(code) {
		return general
	}
	f := numberFormat{
		date: strings.ContainsAny(lower, "yd") || strings.Contains(lower, "mmm"), clock: strings.ContainsAny(lower, "hs"),
	}
	if !f.date && !f.clock && strings.ContainsAny(positive, "0#") && !strings.ContainsAny(positive, ".,?") {
		f.digits = positive
	}
	return f
}

// plain returns a format code without colors, conditions and languages in brackets, spaces and fillings, and without
// words, which would look like the parts of a date.
func plain(code string) string {
	var text strings.Builder
	literal := func(quoted string) {
		if !strings.ContainsFunc(quoted, unicode.IsLetter) {
			text.WriteString(quoted)
		}
	}
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '[':
			i += max(strings.IndexByte(code[i:], ']'), 0)
		case '"':
			quoted, _, _ := strings.Cut(code[i+1:], `"`)
			literal(quoted)
			i += len(quoted) + 1
		case '_', '*':
			i++
		case '\\':
			if i++; i < len(code) {
				literal(code[i : i+1])
			}
		default:
			text.WriteByte(c)
		}
	}
	return text.String()
}

// show returns the text for a number. Numbers are not rounded or shortened as in the spreadsheet, except that those
// with more digits than a spreadsheet keeps are written such that they count as damaged.
func (f numberFormat) show(value string, epoch int) string {
	number, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || math.IsInf(number, 0) || math.IsNaN(number) {
		return value
	}
	const exact = 1e15 // Spreadsheets keep 15 digits.
	switch {
	case f.date || f.clock:
		return f.showTime(number, epoch)
	case math.Abs(number) >= exact:
		return strconv.FormatFloat(number, 'E', 4, 64)
	case f.digits != "" && number >= 0 && number == math.Trunc(number):
		return f.showDigits(strconv.FormatFloat(number, 'f', 0, 64))
	}
	// Fifteen digits, so that 0.1+0.2 is 0.3.
	short := strconv.FormatFloat(number, 'g', 15, 64)
	rounded, _ := strconv.ParseFloat(short, 64) // It was just written.
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// showTime returns a serial number of days as a date, a time of day or both.
func (f numberFormat) showTime(number float64, epoch int) string {
	const last = 2_958_465 // 9999-12-31
	days := number + float64(epoch)
	if days < 0 || days > last {
		return strconv.FormatFloat(number, 'f', -1, 64)
	}
	if days < 60 && epoch == 0 {
		days++ // The 1900 system has a February 29, 1900.
	}
	seconds := int64(math.Round(days * 24 * 60 * 60))
	at := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).Add(time.Duration(seconds) * time.Second)
	switch {
	case f.date && f.clock:
		return at.Format("2006-01-02 15:04:05")
	case f.date:
		return at.Format(time.DateOnly)
	}
	return at.Format(time.TimeOnly)
}

// showDigits fills the digits of a whole number into the pattern from its end. The first place takes all that remain.
func (f numberFormat) showDigits(digits string) string {
	first := strings.IndexAny(f.digits, "0#")
	pattern := []rune(f.digits[first:])
	shown := ""
	for i := len(pattern) - 1; i >= 0; i-- {
		last := max(len(digits)-1, 0)
		switch {
		case pattern[i] != '0' && pattern[i] != '#':
			shown = string(pattern[i]) + shown
		case i == 0 && digits != "":
			shown = digits + shown
		case digits != "":
			shown, digits = digits[last:]+shown, digits[:last]
		case pattern[i] == '0':
			shown = "0" + shown
		}
	}
	return f.digits[:first] + shown
}
