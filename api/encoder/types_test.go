package encoder_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/ai-interviewer-platform/interviewer/api/encoder"
)

// TestMethodsWriteWhatEncodingJSONWrites fills every type of a response with random values, of which every member has
// every state, and compares its method with package encoding/json, as it was used before there were methods.
func TestMethodsWriteWhatEncodingJSONWrites(t *testing.T) {
	t.Parallel()
	for _, of := range types() {
		t.Run(reflect.TypeOf(of).Elem().Name(), func(t *testing.T) {
			t.Parallel()
			random := source{rand.New(rand.NewPCG(1, 2)), addresses()}
			value := reflect.ValueOf(of).Elem()
			for n := range 500 {
				if n > 0 { // the first one is the zero value
					fill(t, random, value, 0)
				}
				var want bytes.Buffer
				wantErr := json.NewEncoder(&want).Encode(value.Interface())
				got, err := encoder.Append([]byte("before"), of)
				if (err != nil) != (wantErr != nil) {
					t.Fatalf("error: got %v, encoding/json has %v", err, wantErr)
				}
				if err == nil && string(got) != "before"+strings.TrimSuffix(want.String(), "\n") {
					t.Fatalf("got\n%s\nencoding/json has\n%s", got, want.String())
				}
			}
		})
	}
}

// TestAppendingAllocatesNothing is about all types but those with a free-form object, whose members are sorted.
//
//nolint:paralleltest // AllocsPerRun counts what other tests allocate
func TestAppendingAllocatesNothing(t *testing.T) {
	random := source{rand.New(rand.NewPCG(3, 4)), addresses()[:2]}
	buffer := make([]byte, 0, 1<<20)
	for _, of := range types() {
		value := reflect.ValueOf(of).Elem()
		if holds(value.Type(), reflect.Map) {
			continue
		}
		fill(t, random, value, 0)
		if _, err := encoder.Append(buffer, of); err != nil {
			t.Fatalf("%T: %v", of, err)
		}
		if allocated := testing.AllocsPerRun(10, func() { _, _ = encoder.Append(buffer, of) }); allocated != 0 {
			t.Errorf("%T: %v allocations, want 0", of, allocated)
		}
	}
}

// holds reports whether a type contains a kind.
func holds(of reflect.Type, kind reflect.Kind) bool {
	if of.Kind() == kind {
		return true
	}
	switch of.Kind() { //nolint:exhaustive // the others contain nothing
	case reflect.Pointer, reflect.Slice:
		return holds(of.Elem(), kind)
	case reflect.Struct:
		for field := range of.Fields() {
			if of != reflect.TypeFor[time.Time]() && holds(field.Type, kind) {
				return true
			}
		}
	}
	return false
}

// texts are what strings consist of.
func texts() []string {
	return []string{
		"", "a", "Zoë", "<b>&amp;</b>", `"quoted" \ /`, "\x00\x01\x1f\x7f", "\b\f\n\r\t", "\u2028\u2029\u2027", "😀", "\xff", "\xe2\x80",
		"\xed\xa0\x80", "�", "\xc0\xaf", strings.Repeat("long ", 40), "日本",
	}
}

// addresses are email addresses. The first two are plain; package net/mail changes or refuses some of the others.
func addresses() []openapi_types.Email {
	return []openapi_types.Email{
		"mira@mail.example", "a.b+c-d_e@x-y.example", `"a b"@mail.example`, "Mira <mira@mail.example>", "müller@mail.example",
		"o'hara@mail.example", "x@localhost",
	}
}

func numbers() []float64 {
	return []float64{
		0, math.Copysign(0, -1), 1, -1.5, 0.1, 1e-6, 9.99e-7, 1e-9, 1e20, 1e21, -1e21, 1.5e-12, 1e100, 1e-100, math.MaxFloat64,
		math.SmallestNonzeroFloat64, 1.0 / 3, 4.35, 100, 123456789.125,
	}
}

// source is where random values come from.
type source struct {
	*rand.Rand

	addresses []openapi_types.Email
}

// fill sets a value to a random one.
func fill(t *testing.T, random source, value reflect.Value, depth int) {
	t.Helper()
	if nullable, ok := value.Addr().Interface().(interface {
		SetNull()
		SetUnspecified()
	}); ok {
		nullable.SetUnspecified()
		switch random.IntN(4) {
		case 0:
			if !strings.Contains(value.Type().String(), "types.Email") { // the zero value of an address has no JSON
				return
			}
			nullable.SetNull()
		case 1:
			nullable.SetNull()
		default:
			set := value.Addr().MethodByName("Set")
			inner := reflect.New(set.Type().In(0)).Elem()
			fill(t, random, inner, depth+1)
			set.Call([]reflect.Value{inner})
		}
		return
	}
	switch of := value.Addr().Interface().(type) {
	case *time.Time:
		*of = someTime(random)
		return
	case *openapi_types.Email:
		*of = random.addresses[random.IntN(len(random.addresses))]
		return
	case *openapi_types.UUID:
		for i := range of {
			of[i] = byte(random.Uint32())
		}
		return
	}
	switch value.Kind() {
	case reflect.String:
		value.SetString(text(random))
	case reflect.Bool:
		value.SetBool(random.IntN(2) == 0)
	case reflect.Int, reflect.Int32, reflect.Int64:
		value.SetInt([]int64{0, 1, -1, 42, math.MaxInt32, math.MinInt32, random.Int64N(1 << 31)}[random.IntN(7)])
		if value.Kind() == reflect.Int64 && random.IntN(2) == 0 {
			value.SetInt([]int64{math.MaxInt64, math.MinInt64, random.Int64()}[random.IntN(3)])
		}
	case reflect.Float64:
		value.SetFloat(numbers()[random.IntN(len(numbers()))])
		if random.IntN(2) == 0 {
			value.SetFloat(math.Float64frombits(random.Uint64()&^(1<<62)) * float64(random.IntN(3)))
		}
	case reflect.Pointer:
		value.SetZero()
		if random.IntN(2) == 0 {
			value.Set(reflect.New(value.Type().Elem()))
			fill(t, random, value.Elem(), depth+1)
		}
	case reflect.Slice:
		value.SetZero()
		if n := random.IntN(5) - 1; n >= 0 {
			value.Set(reflect.MakeSlice(value.Type(), n, n))
			for i := range n {
				fill(t, random, value.Index(i), depth+1)
			}
		}
	case reflect.Map:
		value.SetZero()
		if n := random.IntN(5) - 1; n >= 0 {
			value.Set(reflect.MakeMap(value.Type()))
			for range n {
				value.SetMapIndex(reflect.ValueOf(text(random)), reflect.ValueOf(&[]any{anything(random, depth)}[0]).Elem())
			}
		}
	case reflect.Struct:
		for i := range value.NumField() {
			fill(t, random, value.Field(i), depth+1)
		}
	default:
		t.Fatalf("a response contains %s", value.Type())
	}
}

func text(random source) string {
	var b strings.Builder
	for range random.IntN(4) {
		b.WriteString(texts()[random.IntN(len(texts()))])
	}
	return b.String()
}

func someTime(random source) time.Time {
	at := time.Unix(random.Int64N(200_000_000_000)-20_000_000_000, 0)
	switch random.IntN(4) {
	case 0:
		at = at.Add(time.Duration(random.Int64N(1e9)))
	case 1:
		at = at.Add(time.Duration(random.Int64N(1e6)) * time.Microsecond)
	case 2:
		at = at.Add(time.Duration(random.Int64N(1e3)) * time.Millisecond)
	}
	return at.In(time.FixedZone("", (random.IntN(48)-24)*1800*random.IntN(2)))
}

// anything returns what JSON decodes to, and some other values.
func anything(random source, depth int) any {
	choice := random.IntN(12)
	if depth > 4 {
		choice %= 9
	}
	switch choice {
	case 0:
		return nil
	case 1:
		return random.IntN(2) == 0
	case 2:
		return numbers()[random.IntN(len(numbers()))]
	case 3:
		return random.Int64()
	case 4:
		return json.Number("12.50")
	case 5:
		at := someTime(random)
		return []any{at, &at, (*time.Time)(nil), map[string]any(nil), []any(nil)}
	case 6:
		return []string{text(random)}
	case 7:
		return json.RawMessage(` {"a": [1, "<"]} `)
	case 8:
		return text(random)
	case 9:
		return map[string]any{text(random): anything(random, depth+1), text(random): anything(random, depth+1)}
	default:
		return []any{anything(random, depth+1), anything(random, depth+1)}
	}
}

func TestBodyIsSentAtOnce(t *testing.T) {
	t.Parallel()
	send := func(text string) (recorder *httptest.ResponseRecorder, err error) {
		recorder = httptest.NewRecorder()
		body := encoder.Begin()
		defer body.End(&err)
		body.JSON = encoder.String(body.JSON, text)
		return recorder, body.Send(recorder, 201)
	}
	for _, text := range []string{"first", strings.Repeat("large", 1<<18), "last"} {
		recorder, err := send(text)
		want := fmt.Sprintf("%q\n", text)
		if err != nil || recorder.Code != 201 || recorder.Body.String() != want ||
			recorder.Header().Get("Content-Length") != fmt.Sprint(len(want)) {
			t.Errorf("got %v, %v with %d bytes", err, recorder.Header(), recorder.Body.Len())
		}
	}
}

func TestValuesWithoutJSON(t *testing.T) {
	t.Parallel()
	for name, appendIt := range map[string]func(dst []byte) []byte{
		"NaN":      func(dst []byte) []byte { return encoder.Float(dst, math.NaN()) },
		"infinity": func(dst []byte) []byte { return encoder.Float(dst, math.Inf(-1)) },
		"time":     func(dst []byte) []byte { return encoder.Time(dst, time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)) },
		"address":  func(dst []byte) []byte { return encoder.Email(dst, "@") },
		"channel":  func(dst []byte) []byte { return encoder.Any(dst, make(chan int)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := encoder.Append(nil, appender(appendIt)); err == nil {
				t.Error("Append: no error")
			}
			recorder := httptest.NewRecorder()
			respond := func() (err error) {
				body := encoder.Begin()
				defer body.End(&err)
				body.JSON = appendIt(body.JSON)
				return body.Send(recorder, 200)
			}
			if err := respond(); err == nil || recorder.Body.Len() != 0 {
				t.Errorf("Body: error %v, sent %d bytes", err, recorder.Body.Len())
			}
		})
	}
}

func TestOtherPanicsAreNotErrors(t *testing.T) {
	t.Parallel()
	defer func() {
		if recovered := recover(); recovered != "defect" {
			t.Errorf("recovered %v, want the panic", recovered)
		}
	}()
	_, _ = encoder.Append(nil, appender(func([]byte) []byte { panic("defect") }))
}

type appender func(dst []byte) []byte

func (a appender) AppendJSON(dst []byte) []byte { return a(dst) }

// FuzzString compares texts, and addresses, with package encoding/json.
func FuzzString(f *testing.F) {
	for _, text := range texts() {
		f.Add(text)
	}
	for _, address := range addresses() {
		f.Add(string(address))
	}
	for _, address := range []string{"", "@", "a@", "@b", ".a@b", "a.@b", "a..b@c", "a@.b", "a@b.", "a@b..c", "a@b@c", "a@-b", "-@b"} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := json.Marshal(text)
		if got := encoder.String(nil, text); err != nil || string(got) != string(want) {
			t.Errorf("text: got %s, want %s (%v)", got, want, err)
		}
		want, err = json.Marshal(openapi_types.Email(text))
		got, gotErr := encoder.Append(nil, appender(func(dst []byte) []byte { return encoder.Email(dst, text) }))
		if (err != nil) != (gotErr != nil) || string(got) != string(want) {
			t.Errorf("address: got %s, %v; want %s, %v", got, gotErr, want, err)
		}
	})
}

// FuzzFloat compares numbers with package encoding/json.
func FuzzFloat(f *testing.F) {
	for _, number := range numbers() {
		f.Add(number)
	}
	f.Fuzz(func(t *testing.T, number float64) {
		want, err := json.Marshal(number)
		got, gotErr := encoder.Append(nil, appender(func(dst []byte) []byte { return encoder.Float(dst, number) }))
		if (err != nil) != (gotErr != nil) || string(got) != string(want) {
			t.Errorf("got %s, %v; want %s, %v", got, gotErr, want, err)
		}
	})
}
