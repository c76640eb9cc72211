package chart_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/server/insight/chart"
)

func draw(t failer, title string, stages []chart.Stage) []byte {
	t.Helper()
	file, err := chart.Funnel(title, stages)
	if err != nil {
		t.Fatalf("draw %q %v: %v", title, stages, err)
	}
	return file
}

func pipeline() []chart.Stage {
	return []chart.Stage{{"Applied", 128}, {"Screening", 64}, {"Interview", 32}, {"Evaluation", 12}, {"Offer", 4}, {"Hired", 2}}
}

func TestFunnel(t *testing.T) {
	t.Parallel()
	got := parse(t, draw(t, "Backend Engineer (m/f/d)", pipeline()))
	if got.title != "Backend Engineer (m/f/d)" || got.texts[0].content != got.title ||
		got.description != "Applied: 128, Screening: 64, Interview: 32, Evaluation: 12, Offer: 4, Hired: 2" {
		t.Errorf("got %+v, want the title and all stages", got)
	}
	want := map[string]string{
		"xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 640 312", "width": "640", "height": "312", "role": "img",
	}
	for name, value := range want {
		if got.attributes[name] != value {
			t.Errorf("%s is %q, want %q", name, got.attributes[name], value)
		}
	}
	if len(got.bars) != 6 || len(got.texts) != 13 {
		t.Fatalf("got %d bars and %d texts, want 6 and 13", len(got.bars), len(got.texts))
	}
	longest := got.bars[0].right - got.bars[0].left
	for i, stage := range pipeline() {
		if row := got.row(got.bars[i]); !slices.Equal(row, []string{stage.Label, fmt.Sprint(stage.Count)}) {
			t.Errorf("bar %d: got texts %q, want %s and %d", i, row, stage.Label, stage.Count)
		}
		length, want := got.bars[i].right-got.bars[i].left, float64(longest)*float64(stage.Count)/128
		if math.Abs(float64(length)-want) > 2 {
			t.Errorf("%s is %d pixels long, want %.0f", stage.Label, length, want)
		}
	}
	if longest < 400 {
		t.Errorf("the longest bar has %d pixels, want at least 400", longest)
	}
}

func TestEmptyFunnel(t *testing.T) {
	t.Parallel()
	got := parse(t, draw(t, "Engineer", []chart.Stage{{"Applied", 0}, {"Hired", 0}}))
	if got.description != "Applied: 0, Hired: 0" || len(got.texts) != 5 {
		t.Errorf("got %+v, want two stages with 0", got)
	}
	for _, bar := range got.bars {
		if bar.right-bar.left > 2 {
			t.Errorf("the bar of the count 0 has %d pixels, want at most 2", bar.right-bar.left)
		}
	}

	for _, stages := range [][]chart.Stage{nil, {}} {
		got = parse(t, draw(t, "Engineer", stages))
		if got.title != "Engineer" || got.description != "There are no stages." || got.paths != 1 || len(got.texts) != 2 ||
			got.texts[0].content != "Engineer" || got.texts[1].content != "There are no stages." || got.texts[1].y <= got.texts[0].y {
			t.Errorf("without stages: got %+v, want the title and a message below it", got)
		}
	}
	if got = parse(t, draw(t, "", nil)); got.title != "" || len(got.texts) != 1 {
		t.Errorf("without a title: got %+v, want only the message", got)
	}
}

func TestGrowingFunnel(t *testing.T) {
	t.Parallel()
	got := parse(t, draw(t, "Engineer", []chart.Stage{{"Applied", 1}, {"Screening", 4}, {"Interview", 2}}))
	lengths := []int{}
	for _, bar := range got.bars {
		lengths = append(lengths, bar.right-bar.left)
	}
	if len(lengths) != 3 || lengths[0] >= lengths[2] || lengths[2] >= lengths[1] {
		t.Errorf("got bars of %v pixels, want the first the shortest and the second the longest", lengths)
	}
}

// TestHostileTitles draws titles and labels that contain markup, control characters and invalid UTF-8.
func TestHostileTitles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ title, want string }{
		"script":                  {`<script>alert(1)</script>`, `<script>alert(1)</script>`},
		"image after a quote":     {`"><image href="https://x.example/"/>`, `"><image href="https://x.example/"/>`},
		"end of the title":        {`</title></text></svg><svg onload="x">`, `</title></text></svg><svg onload="x">`},
		"attribute after a quote": {`x" style="fill:url(#a)" y="`, `x" style="fill:url(#a)" y="`},
		"comment, CDATA, entities and instruction": {`<!-- --> <![CDATA[ ]]> &amp; &lt; <?a?>`, `<!-- --> <![CDATA[ ]]> &amp; &lt; <?a?>`},
		"ampersand and quotes":                     {"R&D 'Lead' \"x\"", `R&D 'Lead' "x"`},
		"white space":                              {" two\r\n  lines\tand\u2028more ", "two lines and more"},
		"NUL":                                      {"one \x00 two", "one two"},
		"control characters":                       {"\x00a\x1bb\x7fc\u009bd", "abcd"},
		"invalid UTF-8":                            {"bytes \xff\xfe", "bytes \uFFFD\uFFFD"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := parse(t, draw(t, c.title, []chart.Stage{{c.title, 1}}))
			if got.title != c.want || got.texts[0].content != c.want || got.description != c.want+": 1" {
				t.Errorf("got %+v, want the text %q", got, c.want)
			}
		})
	}
}

func TestLongTextsAreTruncated(t *testing.T) {
	t.Parallel()
	titles := []string{
		strings.Repeat("a", 500), strings.Repeat("a", 300_000), strings.Repeat("后端工程师", 9), strings.Repeat("W", 90),
		strings.Repeat("Engineer & ", 30), strings.Repeat("后端工程师", 20), strings.Repeat("i", 121),
		strings.Repeat("😀", 80),
	}
	for n := range 8 {
		titles = append(titles, strings.Repeat("i", n)+strings.Repeat(" m", 80))
	}
	for _, title := range titles {
		got := parse(t, draw(t, title, []chart.Stage{{title, 5}}))
		whole := strings.TrimSpace(title)
		if got.title != whole || got.description != whole+": 5" {
			t.Errorf("got title %.200q for %.200q, want it complete", got.title, title)
		}
		for _, text := range []string{got.texts[0].content, got.row(got.bars[0])[0]} {
			start, cut := strings.CutSuffix(text, "…")
			if !cut || !strings.HasPrefix(whole, start) || start == "" || strings.HasSuffix(start, " ") ||
				utf8.RuneCountInString(start) > 120 {
				t.Errorf("got text %.200q for %.200q, want its beginning with an ellipsis", text, title)
			}
		}
		if length := got.bars[0].right - got.bars[0].left; length < 300 {
			t.Errorf("the bar beside a long label has %d pixels, want at least 300", length)
		}
	}

	// Texts that fit are not truncated.
	for _, title := range []string{"Senior Backend Engineer, Payments and Risk (m/f/d)", "后端工程师（高级）"} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			if got := parse(t, draw(t, title, pipeline())); got.texts[0].content != title {
				t.Errorf("title = %q, want %q", got.texts[0].content, title)
			}
		})
	}
}

// TestAnyFunnel draws arbitrary texts and counts. The file must be harmless and complete, and the same each time.
func TestAnyFunnel(t *testing.T) {
	t.Parallel()
	texts := rapid.OneOf(rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		rapid.StringOfN(rapid.RuneFrom([]rune("<>&\"'=/;:[]!-ab \n😀美")), 0, 60, -1))
	rapid.Check(t, func(t *rapid.T) {
		title := texts.Draw(t, "title")
		stages := make([]chart.Stage, rapid.IntRange(0, 9).Draw(t, "stages"))
		for i := range stages {
			counts := rapid.OneOf(rapid.IntRange(0, 9), rapid.IntRange(0, 1e9))
			stages[i] = chart.Stage{Label: texts.Draw(t, "label"), Count: counts.Draw(t, "count")}
		}
		file := draw(t, title, stages)
		got := parse(t, file)
		for _, stage := range stages {
			found := slices.ContainsFunc(got.texts, func(written text) bool { return written.content == fmt.Sprint(stage.Count) })
			if !found || !strings.Contains(got.description, fmt.Sprintf(": %d", stage.Count)) {
				t.Fatalf("the count of %+v is not in %+v", stage, got)
			}
		}
		for i, b := range got.bars {
			if b.left < 0 || b.right > 640 || b.right < b.left-1 || i > 0 && b.top <= got.bars[i-1].bottom {
				t.Fatalf("got bars %+v, want them within the chart and not overlapping", got.bars)
			}
		}
		if again := draw(t, title, stages); !bytes.Equal(file, again) {
			t.Fatalf("drawn again, got\n%s\nwant\n%s", again, file)
		}
	})
}

func TestConcurrentDrawing(t *testing.T) {
	t.Parallel()
	want := draw(t, "Engineer", pipeline())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if got, err := chart.Funnel("Engineer", pipeline()); err != nil || !bytes.Equal(got, want) {
					t.Errorf("got %s, %v; want the same file as before", got, err)
				}
			}
		})
	}
	all.Wait()
}
