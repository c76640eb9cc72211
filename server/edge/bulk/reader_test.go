package bulk_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// columns are those of a table of people.
func columns() []bulk.Column {
	return []bulk.Column{
		{Name: "name", Required: true},
		{Name: "email", Nullable: true},
		{Name: "tags", Separators: "|;,\n", Headings: []string{"Schlagwörter", "Mots-clés"}},
		{Name: "phone", Nullable: true, Digits: true},
		{Name: "id", Ignored: true},
	}
}

// person is the type that records of that table are decoded into.
type person struct {
	Name  string                                 `json:"name"`
	Email nullable.Nullable[openapi_types.Email] `json:"email,omitzero"`
	Tags  *[]string                              `json:"tags,omitempty"`
	Phone nullable.Nullable[string]              `json:"phone,omitzero"`
}

// errorsOf returns the errors of a record in the form "2 /email: format".
func errorsOf(fields []fault.Field) string {
	said := []string{strconv.Itoa(fields[0].Line)}
	for _, f := range fields {
		if f.Line != fields[0].Line {
			said = append(said, "and on line", strconv.Itoa(f.Line))
		}
		said = append(said, f.Pointer+": "+f.Code)
	}
	return strings.Join(said, " ")
}

// open returns a reader of a table in UTF-8 with at most this many records.
func open(from io.Reader, format bulk.Format, most int) (*bulk.Reader, error) {
	options := bulk.Options{Columns: columns(), Most: most}
	if format == bulk.NDJSON {
		return bulk.NewJSONReader(from, options), nil
	}
	return bulk.NewCSVReader(from, bulk.UTF8, options)
}

// read returns a string for each record: its line and its values, or its errors.
func read(t testing.TB, format bulk.Format, table string) []string {
	t.Helper()
	// One byte at a time, so that nothing depends on what arrives together.
	reader, err := open(iotest.OneByteReader(strings.NewReader(table)), format, 100)
	if err != nil {
		t.Fatalf("%.100q: %v", table, err)
	}
	var records []string
	for {
		record, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return records
		}
		if err != nil {
			t.Fatalf("%.100q: %v", table, err)
		}
		var p person
		if flaws := record.Decode(&p); len(flaws) > 0 {
			records = append(records, errorsOf(flaws))
			continue
		}
		email, tags := "-", "-"
		if value, err := p.Email.Get(); err == nil {
			email = string(value)
		} else if p.Email.IsNull() {
			email = "null"
		}
		if p.Tags != nil {
			tags = strings.Join(*p.Tags, ";")
		}
		line := fmt.Sprintf("%d %q %s %s", record.Line, p.Name, email, tags)
		if value, err := p.Phone.Get(); err == nil {
			line += " " + value
		}
		for _, note := range record.Notes {
			line += fmt.Sprintf(" (%s %s)", note.Pointer, note.Code)
		}
		records = append(records, line)
	}
}

// refusal returns the errors of a header line.
func refusal(table string) string {
	_, err := open(strings.NewReader(table), bulk.CSV, 100)
	var f *fault.Fault
	if !errors.As(err, &f) {
		return fmt.Sprintf("%T %v", err, err)
	}
	said, want := errorsOf(f.Fields()), fault.ImportRefused
	if strings.Contains(said, ": encoding") {
		want = fault.MalformedRequest
	}
	if f.Code() != want {
		return fmt.Sprintf("%s %v", f.Code(), err)
	}
	return said
}

type example struct {
	name, table string
	want        []string
}

func (e example) run(t *testing.T, format bulk.Format) {
	t.Run(e.name, func(t *testing.T) {
		t.Parallel()
		if got := read(t, format, e.table); !slices.Equal(got, e.want) {
			t.Errorf("%.200q: got\n%q, want\n%q", e.table, got, e.want)
		}
	})
}

const limit = 64 << 10

func TestCSV(t *testing.T) {
	t.Parallel()
	const head = "name,email,tags\n"
	long := strings.Repeat("x", limit)
	for _, e := range []example{
		{"nothing but the header", "name", nil},
		{"a record", head + "Nora,nora@acme.example,a|b\n", []string{`2 "Nora" nora@acme.example a;b`}},
		{"no line feed at the end", head + "Nora,,", []string{`2 "Nora" - -`}},
		{"other columns in another order", "tags,id,name\na,7,Nora\n", []string{`2 "Nora" - a`}},
		{"carriage returns", "name\r\nNora\r\nEmil\r\n", []string{`2 "Nora" - -`, `3 "Emil" - -`}},
		{"a carriage return at the end of the file", "name\r\nNora\r", []string{`2 "Nora" - -`}},
		{"carriage returns alone", "name,tags\rNora,a\r\r\"Em\ril\",b\r", []string{`2 "Nora" - a`, `4 "Em il" - b (/name line_break)`}},
		{"a byte order mark", "\ufeffname\nNora\n", []string{`2 "Nora" - -`}},
		{"a byte order mark before a quotation mark", "\ufeff\"name\"\nNora\n", []string{`2 "Nora" - -`}},
		{"blank lines", "\n\r\nname\n\n\r\nNora\n\nEmil\n\n", []string{`6 "Nora" - -`, `8 "Emil" - -`}},
		{
			"spaces around values", "name;tags\n \u00a0Nora\u202f; a | b ,c,\n\ufeffEmil\u200b\t;|,\n",
			[]string{`2 "Nora" - a;b;c`, `3 "Emil" - -`},
		},
		{"rows without values", "name,email,tags\n,,\n , \u00a0,\n\"\",\"\",\"\"\nNora,,\n,,,,,,\n", []string{`5 "Nora" - -`}},
		{"columns without headings", "name,,\nNora,,\nEmil,,,,\nEva,x,\n", []string{`2 "Nora" - -`, `3 "Emil" - -`, `4 : cells`}},
		{"semicolons", "name;email;tags\nLind, Nora;nora@acme.example;a,b|c\n", []string{`2 "Lind, Nora" nora@acme.example a;b;c`}},
		{"tabs", "name\temail\nLind; Nora\t\n", []string{`2 "Lind; Nora" - -`}},
		{"bars", "name|tags\nNora|a,b\n", []string{`2 "Nora" - a;b`}},
		{"delimiters in a heading", "\"name\";\"e,m,a,i,l\"\nNora;x@y.example\n", []string{`2 "Nora" x@y.example -`}},
		{"blank cells before the header line", ";;\n;;\nname;tags;\nNora;a;\n", []string{`4 "Nora" - a`}},
		{"a stated delimiter", "sep=;\nname;tags\nNora;a,b\n", []string{`3 "Nora" - a;b`}},
		{"a stated delimiter in quotation marks", "\ufeff\"SEP=|\"\r\nname|tags\r\nNora|a\r\n", []string{`3 "Nora" - a`}},
		{"headings in other spellings", " NAME ,E-Mail,mots clés\nNora,nora@acme.example,a\n", []string{`2 "Nora" nora@acme.example a`}},
		{"a heading with a combining accent", "name;Schlagwo\u0308rter\nNora;a\n", []string{`2 "Nora" - a`}},
		{
			"damaged numbers", "name,phone\nA,4.9305E+11\nB,\"4,9305E+11\"\nC,'4.9305E+11\nD,0123\nE,4.9e+011\nF,4E5\n4.9305E+11,\n",
			[]string{
				`2 /phone: damaged_number`, `3 /phone: damaged_number`, `4 "C" - - 4.9305E+11`, `5 "D" - - 0123`,
				`6 /phone: damaged_number`, `7 "F" - - 4E5`, `8 "4.9305E+11" - -`,
			},
		},
		{
			"failed formulas", "name,phone,tags\n#REF!,#n/a,#VALUE!\n #BEZUG! ,Err:502,#¡VALOR!\nA,####,#¿NOMBRE?\n'#REF!,''#NV,'#DIV/0!\n#great!,#1,#\n",
			[]string{
				`2 /name: formula_error /phone: formula_error /tags: formula_error`, `3 /name: formula_error /phone: formula_error /tags: formula_error`,
				`4 /phone: formula_error /tags: formula_error`, `5 "#REF!" - #DIV/0! '#NV`, `6 "#great!" - # #1`,
			},
		},
		{"quoted cells", head + `"Nora ""N"" Lind, Dr.","nora@acme.example","a"` + "\n", []string{`2 "Nora \"N\" Lind, Dr." nora@acme.example a`}},
		{
			"line feeds in cells", "\"name\",\"email\"\r\n\"No\r\nra\n\",\r\nEmil,\n\"\n\n\",\nEva,\n",
			[]string{`2 "No ra" - - (/name line_break)`, `5 "Emil" - -`, `9 "Eva" - -`},
		},
		{
			"empty cells", head + ",a@b.example,\nNora,\"\",\"\"\n", []string{`2 /name: required`, `3 "Nora" - -`},
		},
		{
			"too few and too many cells", head + "Nora\nNora,\nNora,,,x\nEmil,,\n",
			[]string{`2 "Nora" - - ( cells)`, `3 "Nora" - - ( cells)`, `4 : cells`, `5 "Emil" - -`},
		},
		{
			"quotation marks in the middle", head + "No\"ra,,5\" pipe\nThe \"Crown\" Pub,,\n\"The Crown\" Pub,,\n" +
				"\"Crown, \"\"Inc.\"\" \" Pub,,\n\"A\" and \"B\" Pub,,\n\"\"x,,\n",
			[]string{
				`2 "No\"ra" - 5" pipe`, `3 "The \"Crown\" Pub" - -`, `4 "\"The Crown\" Pub" - -`,
				`5 "\"Crown, \"\"Inc.\"\" \" Pub" - -`, `6 "\"A\" and \"B\" Pub" - -`, `7 "\"\"x" - -`,
			},
		},
		{
			"white space around quotation marks", head + " \"Nora\" ,\t\u00a0\"nora@acme.example\"\u202f,\"a\" \n \"a\"\"b\" \"c\",,\nEmil,, \"\" \n",
			[]string{`2 "Nora" nora@acme.example a`, `3 /name: syntax`, `4 "Emil" - -`},
		},
		{
			"unclear quotation marks", head + "\"He said \"Hello\" twice\",,\nThe \"Crown, Inc.\" Pub,\n\"A\" and \"B\",,\nEmil,,\n",
			[]string{`2 /name: syntax`, `3 /name: syntax`, `4 /name: syntax`, `5 "Emil" - -`},
		},
		{
			"a quotation mark that is closed within a later cell", head + "Nora,\"a\n\"b,\nEmil,,\n",
			[]string{`2 /email: syntax`, `4 "Emil" - -`},
		},
		{"beyond the columns", head + "Nora,,,a \"b\nEmil,,\n", []string{`2 : syntax`, `3 "Emil" - -`}},
		{"no UTF-8", head + "N\xfcra,\xff,a|\xc3|b\n", []string{`2 /name: encoding /email: encoding /tags/1: encoding`}},
		{"U+0000", head + "Nor\x00a,\x00,a|b|\x00\n", []string{`2 /name: nul /email: nul /tags/2: nul`}},
		{"no address", head + "Nora,nora,\n", []string{`2 /email: format`}},
		{"everything that is wrong", head + "\x00,nora,\xff\n", []string{`2 /name: nul /tags/0: encoding /email: format`}},
		{"as long as a record may be", "name\n" + long + "\r\nEmil\n", []string{`2 "` + long + `" - -`, `3 "Emil" - -`}},
		{"too long", "name\n" + long + "x\r\nEmil\n", []string{`2 : too_long`, `3 "Emil" - -`}},
		{"too long, quoted", "name\n\"" + long + "\n\"\nEmil\n", []string{`2 : too_long`, `4 "Emil" - -`}},
		{"too long and broken", "name\n\"" + long + "\"x\nEmil\n", []string{`2 : too_long`, `3 "Emil" - -`}},
		{"very many cells", "name\n" + strings.Repeat(",", 10*limit) + "\nEmil\n", []string{`2 : too_long`, `3 "Emil" - -`}},
		{
			"what an export has marked", "name\n'=1\n'+1\n'-1\n'@1\nx;'＝1\n''=1\n'Nora\n=1\n'\n",
			[]string{`2 "=1" - -`, `3 "+1" - -`, `4 "-1" - -`, `5 "@1" - -`, `6 "x;＝1" - -`, `7 "'=1" - -`, `8 "'Nora" - -`, `9 "=1" - -`, `10 "'" - -`},
		},
		{
			"lists", "name\ttags\nN\ta|b c| d\nN\ta\\|b|c\\\\|d\\e\\\nN\t|\nN\t'-a|-b\nN\ta,b;c\\;\\,d\nN\t\"a\nb\"\n",
			[]string{`2 "N" - a;b c;d`, `3 "N" - a|b;c\;d\e\`, `4 "N" - -`, `5 "N" - -a;-b`, `6 "N" - a;b;c;,d`, `7 "N" - a;b`},
		},
	} {
		e.run(t, bulk.CSV)
	}
}

// TestUnclosedQuotationMarks expects that a quotation mark that is never closed is an error of the file, which names the
// line of the mark: the rows behind it cannot be read.
func TestUnclosedQuotationMarks(t *testing.T) {
	t.Parallel()
	rows := strings.Repeat("Emil,,a\n", limit)
	for name, c := range map[string]struct{ table, want string }{
		"a cell":                 {"name,email,tags\nEmil,,\nNora,,\"a\n\nb,c\n", "3 /tags: syntax"},
		"the last character":     {"name\nNora\n\"", "3 /name: syntax"},
		"after an escaped mark":  {"name\nNora\n\"a\"\"\n", "3 /name: syntax"},
		"a later line of a row":  {"name,tags\n\"No\nra\",\"a\n", "3 /tags: syntax"},
		"a row that is too long": {"name,email,tags\n\"Nora,,\n" + rows, "2 /name: syntax"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader, err := open(strings.NewReader(c.table), bulk.CSV, limit)
			var record, last bulk.Record
			for err == nil {
				if record, err = reader.Next(); err == nil {
					last = record
				}
			}
			if !errors.Is(err, io.EOF) || !last.Unreadable || len(last.Flaws) == 0 || errorsOf(last.Flaws) != c.want {
				t.Errorf("got %+v and error %v, want %q", last, err, c.want)
			}
		})
	}
}

// TestLongQuotedRows expects that the error of a row names all lines that it extends to.
func TestLongQuotedRows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ table, want string }{
		"too long":        {"name\n\"" + strings.Repeat("x\n", limit) + "\"\nEmil\n", "extends to line 65538"},
		"closed too late": {"name,tags\n\"Nora,a\nEva,b\nEmil,\"c\"\n", "opened on line 2, and closed within a cell on line 4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader, err := open(strings.NewReader(c.table), bulk.CSV, limit)
			if err != nil {
				t.Fatal(err)
			}
			record, err := reader.Next()
			if err != nil || len(record.Flaws) != 1 || !strings.Contains(record.Flaws[0].Detail, c.want) {
				t.Errorf("got %+v and error %v, want %q", record.Flaws, err, c.want)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ table, want string }{
		"empty":             {"", "1 : required"},
		"byte order mark":   {"\ufeff", "1 : required"},
		"empty lines":       {"\n\r\n", "1 : required"},
		"missing column":    {"email\n", "1 /name: required"},
		"empty name":        {",email\n", "1 /name: required"},
		"only cells":        {",;\n", "1 /;: unknown /name: required"},
		"other delimiter":   {"sep=:\nname:email\n", "1 : delimiter"},
		"same by a synonym": {"name,tags,Mots-clés\n", "1 /Mots-clés: duplicate_name"},
		"slash and tilde":   {"name,a/b~c\n", "1 /a~1b~0c: unknown"},
		"columns twice":     {"name,name,email,tags,email\n", "1 /name: duplicate_name /email: duplicate_name"},
		"a remark":          {"name (required),NAME (2)\n", "1 /NAME (2): duplicate_name"},
		"NUL":               {"name,\x00\n", "1 /�: nul"},
		"invalid UTF-8":     {"name,n\xff\n", "1 /n�: encoding"},
		"quote not closed":  {"name,\"email\n", "1 : syntax"},
		"long name":         {"name," + strings.Repeat("x", 300) + "\n", "1 /" + strings.Repeat("x", 199) + "…: unknown"},
		"too long":          {"name," + strings.Repeat("x", limit), "1 : too_long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := refusal(c.table); got != c.want {
				t.Errorf("errors: got %q, want %q", got, c.want)
			}
		})
	}
}

func TestNDJSON(t *testing.T) {
	t.Parallel()
	fill := func(size int) string { return strings.Repeat("x", size-len(`{"name":""}`)) }
	for _, e := range []example{
		{"nothing", "", nil},
		{"nothing but a byte order mark", "\ufeff", nil},
		{"blank lines", "\n  \t\r\n\n", nil},
		{
			"records", "{\"name\":\"Nora\",\"email\":\"nora@acme.example\",\"tags\":[\"a\",\"b\"]}\n\r\n {\"tags\":[],\"name\":\"Emil\"} \r\n",
			[]string{`1 "Nora" nora@acme.example a;b`, `3 "Emil" - `},
		},
		{"a byte order mark", "\ufeff{\"name\":\"Nora\"}", []string{`1 "Nora" - -`}},
		{"null", `{"name":"Nora","email":null}`, []string{`1 "Nora" null -`}},
		{"null where there is none", `{"name":null,"tags":null}`, []string{`1 /name: type /tags: type`}},
		{"an empty text", `{"name":""}`, []string{`1 "" - -`}},
		{"nothing of a marked text is taken off", `{"name":"'=1"}`, []string{`1 "'=1" - -`}},
		{"what is required", "{}\n{\"email\":\"x\"}", []string{`1 /name: required`, `2 /name: required /email: format`}},
		{"what is ignored", `{"id":{"a":[1]},"name":"Nora"}`, []string{`1 "Nora" - -`}},
		{"what is ignored and no JSON", `{"id":{"a":[1,]},"name":"Nora"}`, []string{`1 /id/a/0: syntax`}},
		{
			"unknown members", `{"a/b":{"name":1},"name":"Nora","b":[[]],"":1}`,
			[]string{`1 /a~1b: unknown /b: unknown /: unknown`},
		},
		{
			"other types", `{"name":7,"email":true,"tags":"a"}` + "\n" + `{"name":["a"],"email":{},"tags":{}}`,
			[]string{`1 /name: type /email: type /tags: type`, `2 /name: type /email: type /tags: type`},
		},
		{
			"other types in a list", `{"name":"Nora","tags":["a",1,null,["b"],{"c":{}},"d"]}`,
			[]string{`1 /tags/1: type /tags/2: type /tags/3: type /tags/4: type`},
		},
		{"no object", "[]\n\"a\"\nnull\n1", []string{`1 : type`, `2 : type`, `3 : type`, `4 : type`}},
		{
			"a name twice", `{"name":"a","name":"b"}` + "\n" + `{"name":"a","na\u006de":"b"}` + "\n" + `{"id":{"a":1,"a":1}}`,
			[]string{`1 /name: duplicate_name`, `2 /name: duplicate_name`, `3 /id/a: duplicate_name`},
		},
		{"something behind", `{"name":"a"}{}` + "\n" + `{"name":"a"} x`, []string{`1 : trailing_data`, `2 : trailing_data`}},
		{
			"no JSON", "{\"name\":\"a\"\n{\"name\":tru}\n{name:1}\n{\"name\":\"a\",}\n}\n{\"tags\":[\"a\"\n{\"tags\":[\"a\",}\n{\"name\"\nNora\n",
			[]string{
				`1 /name: syntax`, `2 /name: syntax`, `3 : syntax`, `4 /name: syntax`, `5 : syntax`, `6 /tags/0: syntax`,
				`7 /tags/0: syntax`, `8 /name: syntax`, `9 : syntax`,
			},
		},
		{"no UTF-8", "{\"name\":\"\xff\"}\n{\"\xff\":1}\n{\"name\":\"\\ud800\"}", []string{`1 /name: syntax`, `2 : syntax`, `3 /name: syntax`}},
		{
			"U+0000", "{\"name\":\"\\u0000\",\"tags\":[\"a\",\"\\u0000\"],\"\\u0000\":1}\n\x00\n{\"name\":\"\x00\"}",
			[]string{`1 /name: nul /tags/1: nul /�: unknown`, `2 : syntax`, `3 /name: syntax`},
		},
		{"deep", "{\"id\":" + strings.Repeat("[", limit/2) + "\n{\"name\":\"a\"}", []string{`1 /id` + strings.Repeat("/0", 98) + `/…: syntax`, `2 "a" - -`}},
		{"as long as a record may be", `{"name":"` + fill(limit) + "\"}\r\n{\"name\":\"a\"}", []string{`1 "` + fill(limit) + `" - -`, `2 "a" - -`}},
		{"too long", `{"name":"` + fill(limit+1) + "\"}\r\n{\"name\":\"a\"}", []string{`1 : too_long`, `2 "a" - -`}},
		{"too long by the least", `{"name":"` + fill(limit+1) + "\"}\n{\"name\":\"a\"}", []string{`1 : too_long`, `2 "a" - -`}},
		{"too long at the end", `{"name":"` + fill(limit+1) + "\"}", []string{`1 : too_long`}},
		{"far too long", `{"name":"` + fill(9*limit) + "\"}\n{\"name\":\"a\"}\n" + fill(2*limit), []string{`1 : too_long`, `2 "a" - -`, `3 : too_long`}},
	} {
		e.run(t, bulk.NDJSON)
	}
}

// TestErrorsOfOneRecordAreLimited sends a record with more unknown members than errors are reported.
func TestErrorsOfOneRecordAreLimited(t *testing.T) {
	t.Parallel()
	var members []string
	for i := range 5000 {
		members = append(members, fmt.Sprintf(`"x%d":1`, i))
	}
	table := "{" + strings.Join(members, ",") + "}"
	if got := strings.Count(read(t, bulk.NDJSON, table)[0], "unknown"); got != 50 {
		t.Errorf("errors: got %d, want 50", got)
	}
}

func TestTooManyRecords(t *testing.T) {
	t.Parallel()
	for format, table := range map[bulk.Format]string{
		bulk.CSV: "name\na\n\n\"\nb\"\n\"c\"\n", bulk.NDJSON: "{}\n\n{}\n{}\n",
	} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			for most := range 4 {
				reader, err := open(strings.NewReader(table), format, most)
				if err != nil {
					t.Fatal(err)
				}
				for range most {
					if _, err := reader.Next(); err != nil {
						t.Errorf("record within the limit of %d: got error %v", most, err)
					}
				}
				_, err = reader.Next()
				if most == 3 && !errors.Is(err, io.EOF) || most < 3 && !fault.Is(err, fault.PayloadTooLarge) {
					t.Errorf("after %d records: got error %v", most, err)
				}
			}
		})
	}
}

// TestSourceErrorsAreReturned checks that an error of the source is returned unchanged, wherever it occurs, and that no
// partial record precedes it.
func TestSourceErrorsAreReturned(t *testing.T) {
	t.Parallel()
	broken := errors.New("the source is gone")
	for format, table := range map[bulk.Format]string{
		bulk.CSV: "\ufeffname,email\r\n\"No\nra\",\r\nEmil,x\r\n", bulk.NDJSON: "{\"name\":\"a\"}\r\n\n{\"name\":\"b\"}\n",
	} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			for size := range len(table) {
				source := io.MultiReader(strings.NewReader(table[:size]), iotest.ErrReader(broken))
				reader, err := open(source, format, 100)
				whole := 0
				for ; err == nil; whole++ {
					_, err = reader.Next()
				}
				if !errors.Is(err, broken) || whole > strings.Count(table[:size], "\n")+1 {
					t.Errorf("%s, failed after %d bytes: got %d records and error %v", format, size, whole-1, err)
				}
			}
		})
	}
}
