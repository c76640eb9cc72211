// Package chart draws charts as SVG files. A file is self-contained: it has no references, scripts and style sheets, so
// a page can show it as an image. Its title and description contain the figures as text, for screen readers.
package chart

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-analyze/charts"
)

// The layout, in pixels at the file's own size. The fonts of a viewer can be an eighth wider than the font that is
// measured here, so the maximum widths of texts leave some space.
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

// maxCharacters bounds the characters of a title or label that are measured. More never fit.
const maxCharacters = 120

// Stage is one row of a funnel.
type Stage struct {
	Label string
	Count int // 0 or more
}

// Funnel returns an SVG file, 640 pixels wide, with one horizontal bar per stage, in the given order. The length of a
// bar is proportional to its count. Title and labels can be any text. Texts that are too long are truncated in the
// chart and complete in its title and description. Without stages, the chart says that there are none.
func Funnel(title string, stages []Stage) ([]byte, error) {
	title = plain(title)
	height := head + row*max(len(stages), 1)
	painter := charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputSVG, Width: width, Height: height})
	if err := painter.BarChart(bars(painter, title, stages)); err != nil {
		return nil, fmt.Errorf("draw bar chart: %w", err)
	}
	if len(stages) == 0 {
		painter.Text(summary(stages), margin, head, 0, font())
	}
	svg, err := painter.Bytes()
	if err != nil {
		return nil, fmt.Errorf("render bar chart: %w", err)
	}
	return finish(svg, height, title, summary(stages))
}

// bars returns the options of the bar chart. The library draws the first row at the bottom, so the stages are reversed.
func bars(painter *charts.Painter, title string, stages []Stage) charts.BarChartOption {
	labels, counts := make([]string, len(stages)), make([]float64, len(stages))
	for i, stage := range stages {
		labels[i], counts[i] = truncate(painter, plain(stage.Label), labelWidth), float64(stage.Count)
	}
	slices.Reverse(labels)
	slices.Reverse(counts)
	largest := slices.Max(append([]float64{1}, counts...))
	option := charts.NewBarChartOptionWithData([][]float64{counts})
	option.Horizontal = true
	option.Padding = charts.NewBox(margin, edge, countWidth, edge)
	option.Title.Text = truncate(painter, title, titleWidth)
	option.CategoryAxis = charts.CategoryAxisOption{
		Show: charts.Ptr(len(stages) > 0), Labels: labels, LabelOffset: charts.OffsetInt{Left: -labelMargin},
	}
	option.ValueAxis[0] = charts.ValueAxisOption{Show: charts.Ptr(false), Min: charts.Ptr(0.), Max: &largest}
	option.SeriesList[0].Label = charts.SeriesLabel{
		Show: charts.Ptr(true), ValueFormatter: func(count float64) string { return strconv.Itoa(int(count)) },
	}
	return option
}

// plain returns a text as one line, with single spaces and without control characters.
func plain(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)), " ")
}

// truncate returns a text that is at most the given number of pixels wide. A shortened text ends with an ellipsis.
func truncate(painter *charts.Painter, text string, pixels int) string {
	characters := []rune(text)
	if len(characters) <= maxCharacters && measure(painter, text) <= pixels {
		return text
	}
	for n := min(len(characters), maxCharacters) - 1; n > 0; n-- {
		if cut := strings.TrimRight(string(characters[:n]), " ") + "…"; measure(painter, cut) <= pixels {
			return cut
		}
	}
	return "…"
}

// measure returns the width of a text in pixels. The font that is measured has no East Asian characters. They are about
// as wide as its W.
func measure(painter *charts.Painter, text string) int {
	return painter.MeasureText(strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) {
			return 'W'
		}
		return r
	}, text), 0, font()).Width()
}

// font returns the font of titles and labels. It is the library's default for them.
func font() charts.FontStyle {
	return charts.FontStyle{
		FontSize: 12, FontColor: charts.GetDefaultTheme().GetTitleTextColor(), Font: charts.GetDefaultFont(),
	}
}

// summary returns the figures of the chart as text.
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
