package negotiate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/edge/negotiate"
)

func TestMediaType(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"text/csv;q=garbage": true, ";;;,,,": false, "text/csv; a=b; Q=0": false,
		"": true, "  ": true, "*/*": true, "text/csv": true, "TEXT/*": true, "application/x-ndjson;q=0.1": true,
		"text/csv;q=0, */*": true, "text/csv;q=0, application/*": true, "text/html;q=1, text/csv": true,
		"application/json": false, "text/*;q=0": false, "text/csv;q=0, application/x-ndjson;q=0, */*": false,
		"text/*;q=0, text/csv; q=0.0": false, "text/csv ; Q = 0": false, "*/*;q=0.000": false, ",": false,
		"text": false, "text/": false,
		"*/csv": false, "/*": false, "text/csv;q=x": true, "text/csv;q=": true, "text/csv;q": true, "text/csv;q=-1": false,
		"*": false, "*;q=0.2, text/csv": true, "\ttext/csv\t;\tq=0.5": true, "text/csv;header=present;q=0": false, "text/csv;q=0, text/csv": true,
		"image/png,text/csv": true,
	} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			if got := negotiate.MediaType(header, "application/x-ndjson", "text/csv"); got != want {
				t.Errorf("%t, want %t", got, want)
			}
		})
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"": false, "gzip": true, "GZip": true, "x-gzip": true, "br, gzip;q=0.5": true, "br,deflate , gzip ; q=1.0": true,
		"gzip;q=0": false, "gzip; Q=0.000": false, "gzip;q=none": false, "*": true, "*;q=0": false, "*, gzip;q=0": false,
		"gzip;q=0, *": false, "*;q=0, gzip": true, "identity": false, "gzipped": false, "gzip/gzip": false,
	} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			if got := negotiate.Gzip(header); got != want {
				t.Errorf("%t, want %t", got, want)
			}
		})
	}
}

// asked is a media range with its weight.
type asked struct {
	group, name string
	weight      int // in tenths
}

// ranges returns a valid list of media ranges; each pair of bytes is one range.
func ranges(from []byte) (list []asked) {
	groups, names := []string{"text", "image", "*"}, []string{"csv", "png", "*"}
	for pair := range slices.Chunk(from, 2) {
		if len(pair) < 2 {
			break
		}
		one := asked{groups[pair[0]%3], names[pair[0]/3%3], int(pair[1] % 11)}
		if one.group == "*" {
			one.name = "*"
		}
		list = append(list, one)
	}
	return list
}

// header returns the ranges in one of several equivalent spellings.
func header(list []asked, form byte) string {
	written := make([]string, len(list))
	for i, r := range list {
		written[i] = fmt.Sprintf("%s/%s;q=%d.%d", r.group, r.name, r.weight/10, r.weight%10)
		if r.weight == 10 && form%2 == 0 {
			written[i] = r.group + "/" + r.name
		}
	}
	text := strings.Join(written, []string{",", ", ", " ,\t", ",,"}[form%4])
	if form%3 == 0 {
		text = strings.ToUpper(text)
	}
	return text
}

// expected returns the result according to RFC 9110: it tries the levels of precedence one after the other.
func expected(list []asked, group, name string) bool {
	for _, level := range []asked{{group: group, name: name}, {group: group, name: "*"}, {group: "*", name: "*"}} {
		at := slices.DeleteFunc(slices.Clone(list), func(r asked) bool { return r.group != level.group || r.name != level.name })
		if len(at) > 0 {
			return slices.ContainsFunc(at, func(r asked) bool { return r.weight > 0 })
		}
	}
	return false
}

// FuzzAccepts compares MediaType with expected for generated lists of ranges, in several spellings. Every call is compared,
// accepted or not.
func FuzzAccepts(f *testing.F) {
	f.Add([]byte{}, byte(0))
	f.Add([]byte{0, 0, 8, 10}, byte(0))                    // text/csv;q=0, */*
	f.Add([]byte{6, 0, 0, 10}, byte(1))                    // text/*;q=0, text/csv
	f.Add([]byte{0, 0, 0, 5, 1, 10}, byte(2))              // text/csv;q=0, text/csv;q=0.5, image/csv
	f.Add([]byte{4, 10, 7, 0, 8, 0, 3, 1, 6, 9}, byte(11)) // all of them
	f.Fuzz(func(t *testing.T, from []byte, form byte) {
		list := ranges(from)
		text := header(list, form)
		for _, offer := range []asked{{group: "text", name: "csv"}, {group: "image", name: "png"}} {
			want := len(list) == 0 || expected(list, offer.group, offer.name)
			if got := negotiate.MediaType(text, offer.group+"/"+offer.name); got != want {
				t.Errorf("%q, offer %s/%s: got %t, want %t", text, offer.group, offer.name, got, want)
			}
		}
		if got, want := negotiate.MediaType(text, "text/csv", "image/png"),
			len(list) == 0 || expected(list, "text", "csv") || expected(list, "image", "png"); got != want {
			t.Errorf("%q, both offers: got %t, want %t", text, got, want)
		}
	})
}

// FuzzHeaders checks properties of any header: the case and the order of ranges do not matter, and neither do ranges of other
// types.
func FuzzHeaders(f *testing.F) {
	for _, seed := range []string{
		"*/*", "text/*;q=0", "text/csv;q=0", ";;,,", "q=0;;", "gzip", "br;q=1, *;q=0.1", "gzip;q=", ";;,=,", "gzip;q=1e309",
		"*;q=0,text/*", "coding/gzip", "x-gzip,gzip;q=0",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parts := strings.Split(text, ",")
		slices.Reverse(parts)
		reversed := strings.Join(parts, ",")
		csv, gzip := negotiate.MediaType(text, "text/csv"), negotiate.Gzip(text)
		if strings.ToUpper(strings.ToLower(text)) == text && csv != negotiate.MediaType(strings.ToLower(text), "text/csv") {
			t.Errorf("%q: the result depends on the case", text)
		}
		if csv != negotiate.MediaType(reversed, "text/csv") || gzip != negotiate.Gzip(reversed) {
			t.Errorf("%q: the result depends on the order", text)
		}
		lower := strings.ToLower(text)
		if csv && strings.Trim(text, " \t") != "" && !strings.Contains(lower, "text") && !strings.Contains(lower, "*") {
			t.Errorf("%q: text/csv is accepted", text)
		}
		if gzip && !strings.Contains(lower, "gzip") && !strings.Contains(lower, "*") {
			t.Errorf("%q: gzip is accepted", text)
		}
		if !negotiate.MediaType(text+",text/csv", "text/csv") || !negotiate.Gzip(text+",gzip") {
			t.Errorf("%q: excludes a type that is accepted by name", text)
		}
		if negotiate.MediaType(text+",image/png", "image/png", "text/csv") != true {
			t.Errorf("%q: excludes another type that is accepted by name", text)
		}
	})
}
