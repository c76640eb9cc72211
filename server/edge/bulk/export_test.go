package bulk_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
)

// number is a row of a table of numbers.
type number struct {
	N int `json:"n"`
}

// counting returns a query of the numbers up to a last one, in batches that start after a row.
func counting(last int, asked *[]int) func(after *int) ([]int, error) {
	return func(after *int) ([]int, error) {
		first := 0
		if after != nil {
			first = *after + 1
		}
		*asked = append(*asked, first)
		var batch []int
		for n := first; n <= last && len(batch) < bulk.Batch; n++ {
			batch = append(batch, n)
		}
		return batch, nil
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	convert := func(n int) (number, error) { return number{n}, nil }
	for rows, asked := range map[int]string{
		0: "[0]", 1: "[0]", bulk.Batch - 1: "[0]", bulk.Batch: "[0 500]", bulk.Batch + 1: "[0 500]", 3*bulk.Batch - 1: "[0 500 1000]",
	} {
		t.Run(fmt.Sprintf("%d rows", rows), func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			var began []int
			writer := bulk.NewWriter(bulk.CSV, bulk.Sink{Writer: &out}, bulk.Table{Columns: []string{"n"}})
			if err := bulk.Export(writer, convert, counting(rows-1, &began)); err != nil {
				t.Fatal(err)
			}
			var want strings.Builder
			want.WriteString("n\r\n")
			for n := range rows {
				fmt.Fprintf(&want, "%d\r\n", n)
			}
			if out.String() != want.String() || fmt.Sprint(began) != asked {
				t.Errorf("%d rows: got queries from %v and output %.100q, want queries from %s", rows, began, &out, asked)
			}
		})
	}
}

// TestExportReturnsErrors checks that errors of the query and of the writer are returned.
func TestExportReturnsErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	fine := func(n int) (number, error) { return number{n}, nil }
	var asked []int
	for name, err := range map[string]error{
		"the rows": bulk.Export(bulk.NewWriter(bulk.NDJSON, bulk.Sink{Writer: io.Discard}, bulk.Table{}), fine, func(*int) ([]int, error) { return nil, broken }),
		"a sink that is not ready": bulk.Export(bulk.NewWriter(bulk.NDJSON, bulk.Sink{Writer: io.Discard, Ready: func() error { return broken }}, bulk.Table{}),
			fine, func(*int) ([]int, error) { panic("a batch is read although the sink is not ready") }),
		"a conversion": bulk.Export(bulk.NewWriter(bulk.NDJSON, bulk.Sink{Writer: io.Discard}, bulk.Table{}), func(n int) (number, error) {
			if n == 700 {
				return number{}, broken
			}
			return number{n}, nil
		}, counting(1000, &asked)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !errors.Is(err, broken) {
				t.Errorf("got error %v", err)
			}
		})
	}
	if err := bulk.Export(bulk.NewWriter(bulk.NDJSON, bulk.Sink{Writer: full{}}, bulk.Table{}), fine, counting(10, &asked)); !errors.Is(err, errFull) {
		t.Errorf("failing writer: got error %v", err)
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		end  func() error
		want string
	}{
		"to the end": {func() error { return nil }, ""},
		"broken off": {func() error { return broken }, "broken"},
		"a panic":    {func() error { panic("out of range") }, "panic: out of range"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stream := bulk.Stream(func(to io.Writer) error {
				if _, err := io.WriteString(to, "abc"); err != nil {
					return err
				}
				return test.end()
			})
			content, err := io.ReadAll(stream)
			if string(content) != "abc" || (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q and error %v, want abc and error %q", content, err, test.want)
			}
		})
	}
}

// TestStreamEndsWhenReaderCloses checks that the writing ends when the reader is closed.
func TestStreamEndsWhenReaderCloses(t *testing.T) {
	t.Parallel()
	ended := make(chan error)
	stream := bulk.Stream(func(to io.Writer) error {
		var err error
		for err == nil {
			_, err = io.WriteString(to, "abc")
		}
		ended <- err
		return err
	})
	if _, err := io.ReadFull(stream, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := stream.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("writer: got error %v", err)
	}
}
