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

func draw(t fataler, title string, stages []chart.Stage) []byte {
	t.Helper()
	file, err := chart.Funnel(title, stages)
	if err != nil {
		t.Fatalf("%q %v: %v", title, stages, err)
	}
	return file
}

func pipeline() []chart.Stage {
	return []chart.Stage{{"Applied", 128}, {"Screening", 64}, {"Interview", 32}, {"Evaluation", 12}, {"Offer", 4}, {"Hired", 2}}
}

func TestFunnel(t *testing.T) {
	t.Parallel()
	got := look(t, draw(t, "Backend Engineer (m/f/d)", pipeline()))
	if got.title != "Backend Engineer (m/f/d)" || got.texts[0].is != got.title ||
		got.description != "Applied: 128, Screening: 64, Interview: 32, Evaluation: 12, Offer: 4, Hired: 2" {
		t.Errorf("%+v", got)
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
		t.Fatalf("%d bars and %d texts", len(got.bars), len(got.texts))
	}
	whole := got.bars[0].right - got.bars[0].left
	for i, stage := range pipeline() {
		if row := got.row(got.bars[i]); !slices.Equal(row, []string{stage.Label, fmt.Sprint(stage.Count)}) {
			t.Errorf("beside bar %d stands %q", i, row)
		}
		length, want := got.bars[i].right-got.bars[i].left, float64(whole)*float64(stage.Count)/128
		if math.Abs(float64(length)-want) > 2 {
			t.Errorf("%s is %d pixels long, want %.0f", stage.Label, length, want)
		}
	}
	if whole < 400 {
		t.Errorf("the largest bar is %d pixels long", whole)
	}
}

func TestFunnelOfNobody(t *testing.T) {
	t.Parallel()
	got := look(t, draw(t, "Engineer", []chart.Stage{{"Applied", 0}, {"Hired", 0}}))
	if got.description != "Applied: 0, Hired: 0" || len(got.texts) != 5 {
		t.Errorf("%+v", got)
	}
	for _, bar := range got.bars {
		if bar.right-bar.left > 2 {
			t.Errorf("nobody has a bar of %d pixels", bar.right-bar.left)
		}
	}
	for _, stages := range [][]chart.Stage{nil, {}} {
		got = look(t, draw(t, "Engineer", stages))
		if got.title != "Engineer" || got.description != "There are no stages." || got.paths != 1 || len(got.texts) != 2 ||
			got.texts[0].is != "Engineer" || got.texts[1].is != "There are no stages." || got.texts[1].y <= got.texts[0].y {
			t.Errorf("without stages: %+v", got)
		}
	}
	if got = look(t, draw(t, "", nil)); got.title != "" || len(got.texts) != 1 {
		t.Errorf("without a title: %+v", got)
	}
}

func TestFunnelThatGrows(t *testing.T) {
	t.Parallel()
	got := look(t, draw(t, "Engineer", []chart.Stage{{"Applied", 1}, {"Screening", 4}, {"Interview", 2}}))
	lengths := []int{}
	for _, bar := range got.bars {
		lengths = append(lengths, bar.right-bar.left)
	}
	if len(lengths) != 3 || lengths[0] >= lengths[2] || lengths[2] >= lengths[1] {
		t.Errorf("bars of %v pixels", lengths)
	}
}

func TestHostileTitles(t *testing.T) {
	t.Parallel()
	for title, shown := range map[string]string{
		`<script>alert(1)</script>`:               `<script>alert(1)</script>`,
		`"><image href="https://x.example/"/>`:    `"><image href="https://x.example/"/>`,
		`</title></text></svg><svg onload="x">`:   `</title></text></svg><svg onload="x">`,
		`x" style="fill:url(#a)" y="`:             `x" style="fill:url(#a)" y="`,
		`<!-- --> <![CDATA[ ]]> &amp; &lt; <?a?>`: `<!-- --> <![CDATA[ ]]> &amp; &lt; <?a?>`,
		"R&D 'Lead' \"x\"":                        `R&D 'Lead' "x"`,
		" two\r\n  lines\tand\u2028more ":         "two lines and more",
		"one \x00 two":                            "one two",
		"\x00a\x1bb\x7fc\u009bd":                  "abcd",
		"bytes \xff\xfe":                          "bytes \uFFFD\uFFFD",
	} {
		got := look(t, draw(t, title, []chart.Stage{{title, 1}}))
		if got.title != shown || got.texts[0].is != shown || got.description != shown+": 1" {
			t.Errorf("%q: %+v", title, got)
		}
	}
}

func TestLongTextsAreCutInThePicture(t *testing.T) {
	t.Parallel()
	titles := []string{
		strings.Repeat("a", 500), strings.Repeat("a", 300_000), strings.Repeat("后端工程师", 9), strings.Repeat("W", 90), strings.Repeat("Engineer & ", 30), strings.Repeat("后端工程师", 20),
		strings.Repeat("i", 121), strings.Repeat("😀", 80),
	}
	for n := range 8 {
		titles = append(titles, strings.Repeat("i", n)+strings.Repeat(" m", 80))
	}
	for _, title := range titles {
		got := look(t, draw(t, title, []chart.Stage{{title, 5}}))
		whole := strings.TrimSpace(title)
		if got.title != whole || got.description != whole+": 5" {
			t.Errorf("%.200q is described as %.200q", title, got.title)
		}
		for _, text := range []string{got.texts[0].is, got.row(got.bars[0])[0]} {
			start, cut := strings.CutSuffix(text, "…")
			if !cut || !strings.HasPrefix(whole, start) || start == "" || strings.HasSuffix(start, " ") || utf8.RuneCountInString(start) > 120 {
				t.Errorf("%.200q is shown as %.200q", title, text)
			}
		}
		if length := got.bars[0].right - got.bars[0].left; length < 300 {
			t.Errorf("beside a long label a bar of %d pixels is left", length)
		}
	}
	for _, title := range []string{"Senior Backend Engineer, Payments and Risk (m/f/d)", "后端工程师（高级）"} {
		if got := look(t, draw(t, title, pipeline())); got.texts[0].is != title {
			t.Errorf("%q is shown as %q", title, got.texts[0].is)
		}
	}
}

// Whatever the texts and counts are, the picture is harmless, complete, and always the same.
func TestAnyFunnel(t *testing.T) {
	t.Parallel()
	texts := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		rapid.StringOfN(rapid.RuneFrom([]rune("<>&\"'=/;:[]!-ab \n😀美")), 0, 60, -1))
	rapid.Check(t, func(t *rapid.T) {
		title := texts.Draw(t, "title")
		stages := make([]chart.Stage, rapid.IntRange(0, 9).Draw(t, "stages"))
		for i := range stages {
			stages[i] = chart.Stage{Label: texts.Draw(t, "label"), Count: rapid.OneOf(rapid.IntRange(0, 9), rapid.IntRange(0, 1e9)).Draw(t, "count")}
		}
		file := draw(t, title, stages)
		got := look(t, file)
		for _, stage := range stages {
			shown := slices.ContainsFunc(got.texts, func(written text) bool { return written.is == fmt.Sprint(stage.Count) })
			if !shown || !strings.Contains(got.description, fmt.Sprintf(": %d", stage.Count)) {
				t.Fatalf("the count of %+v is not in %+v", stage, got)
			}
		}
		for i, one := range got.bars {
			if one.left < 0 || one.right > 640 || one.right < one.left-1 || i > 0 && one.top <= got.bars[i-1].bottom {
				t.Fatalf("bars %+v", got.bars)
			}
		}
		if again := draw(t, title, stages); !bytes.Equal(file, again) {
			t.Fatalf("the second time it is\n%s\nand was\n%s", again, file)
		}
	})
}

func TestManyDrawAtOnce(t *testing.T) {
	t.Parallel()
	want := draw(t, "Engineer", pipeline())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if got, err := chart.Funnel("Engineer", pipeline()); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%v: %s", err, got)
				}
			}
		})
	}
	all.Wait()
}
