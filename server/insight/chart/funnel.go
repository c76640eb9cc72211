// Package chart draws figures as pictures. Each is an SVG file that stands alone: it refers to nothing outside itself
// and runs nothing, so a page can show it as an image, and a program that reads pages aloud has its figures as text.
package chart

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-analyze/charts"
)

// The layout, in pixels of a picture that is shown at its own size. The viewer's letters may be an eighth wider than
// the ones that are measured here, which is why texts do not get all the room there is.
const (
	width       = 640
	head        = 72 // height of the title and of the margins
	row         = 40 // height of a stage
	edge        = 20 // above and below
	margin      = 28 // to the left
	titleWidth  = 520
	labelWidth  = 140
	labelMargin = 14 // between a label and its bar
	countWidth  = 76 // to the right of the longest bar
)

// longest is how many characters of a title or label are looked at; no more of them have room.
const longest = 120

// Stage is one row of a funnel.
type Stage struct {
	Label string
	Count int // 0 or more
}

// Funnel draws how many are in each stage, as an SVG file of 640 pixels' width: one bar for each, in their order, as
// long as the count is to the largest. Title and labels may be any text; what is too long to be shown is cut in the
// picture, and whole in its description. Stages without anybody have their 0, and without stages the picture says so.
func Funnel(title string, stages []Stage) ([]byte, error) {
	title = plain(title)
	height := head + row*max(len(stages), 1)
	painter := charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputSVG, Width: width, Height: height})
	if err := painter.BarChart(bars(painter, title, stages)); err != nil {
		return nil, fmt.Errorf("funnel: %w", err)
	}
	if len(stages) == 0 {
		painter.Text(summary(stages), margin, head, 0, letters())
	}
	svg, err := painter.Bytes()
	if err != nil {
		return nil, fmt.Errorf("funnel: %w", err)
	}
	return finish(svg, height, title, summary(stages))
}

// bars lays the chart out. A bar is read from its left end, and the chart counts its rows from below.
func bars(painter *charts.Painter, title string, stages []Stage) charts.BarChartOption {
	labels, counts := make([]string, len(stages)), make([]float64, len(stages))
	for i, stage := range stages {
		labels[i], counts[i] = fit(painter, plain(stage.Label), labelWidth), float64(stage.Count)
	}
	slices.Reverse(labels)
	slices.Reverse(counts)
	largest := slices.Max(append([]float64{1}, counts...))
	option := charts.NewBarChartOptionWithData([][]float64{counts})
	option.Horizontal = true
	option.Padding = charts.NewBox(margin, edge, countWidth, edge)
	option.Title.Text = fit(painter, title, titleWidth)
	option.CategoryAxis = charts.CategoryAxisOption{
		Show: charts.Ptr(len(stages) > 0), Labels: labels, LabelOffset: charts.OffsetInt{Left: -labelMargin},
	}
	option.ValueAxis[0] = charts.ValueAxisOption{Show: charts.Ptr(false), Min: charts.Ptr(0.), Max: &largest}
	option.SeriesList[0].Label = charts.SeriesLabel{
		Show: charts.Ptr(true), ValueFormatter: func(count float64) string { return strconv.Itoa(int(count)) },
	}
	return option
}

// plain makes one line of a text, with single spaces and without control characters.
func plain(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)), " ")
}

// fit cuts a text that is wider than some pixels, and marks the cut.
func fit(painter *charts.Painter, text string, pixels int) string {
	characters := []rune(text)
	if len(characters) <= longest && measure(painter, text) <= pixels {
		return text
	}
	for n := min(len(characters), longest) - 1; n > 0; n-- {
		if cut := strings.TrimRight(string(characters[:n]), " ") + "…"; measure(painter, cut) <= pixels {
			return cut
		}
	}
	return "…"
}

// measure is how many pixels wide a text is. The measuring font has no letters of East Asia; they are about as wide as
// its widest.
func measure(painter *charts.Painter, text string) int {
	return painter.MeasureText(strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) {
			return 'W'
		}
		return r
	}, text), 0, letters()).Width()
}

// letters are those of titles and labels, which are the library's own choice for them.
func letters() charts.FontStyle {
	return charts.FontStyle{
		FontSize: 12, FontColor: charts.GetDefaultTheme().GetTitleTextColor(), Font: charts.GetDefaultFont(),
	}
}

// summary says in words what the picture shows.
func summary(stages []Stage) string {
	if len(stages) == 0 {
		return "There are no stages."
	}
	parts := make([]string, len(stages))
	for i, stage := range stages {
		parts[i] = plain(stage.Label) + ": " + strconv.Itoa(stage.Count)
	}
	return strings.Join(parts, ", ")
}
