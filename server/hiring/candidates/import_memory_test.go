package candidates_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/metrics"
	"slices"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// generateCSV streams a CSV file with a number of candidates. It generates lines while they are read.
func generateCSV(rows int) io.Reader {
	reader, writer := io.Pipe()
	go func() {
		to := bufio.NewWriter(writer)
		_, err := to.WriteString("external_id,first_name,last_name,email,tags,location,source\r\n")
		for i := 0; i < rows && err == nil; i++ {
			_, err = fmt.Fprintf(to, "ats-%d,First%d,Last%d,person%d@mail.example,skill%d|common,Oslo,referral\r\n",
				i, i%977, i%5003, i, i%300)
		}
		if err == nil {
			err = to.Flush()
		}
		_ = writer.CloseWithError(err) // always returns nil
	}()
	return reader
}

// live runs a garbage collection and returns the bytes that are still in use. Allocations after the collection do not
// count.
func live() uint64 {
	runtime.GC()
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// TestImportMemoryIsBounded imports a streamed file that would need more memory than the limit if it were held in
// memory. It compares the median, because a collection counts what is allocated while it runs: several MiB on a busy
// machine. Rows that are held raise half of the samples to more than half of their size.
func TestImportMemoryIsBounded(t *testing.T) { //nolint:paralleltest // it measures the heap of the whole process
	const rows, limit = 50_000, 16 << 20
	f := newFixture(t)
	target := f.replica.URL + collection + "/import.csv"
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, generateCSV(rows))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "text/csv")
	request.Header.Set("Authorization", "Bearer "+f.as[api.RoleHr].Token)

	// Measure the heap every 200 ms while the import runs.
	before := live()
	var samples []uint64
	imported, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-imported:
				return
			case <-time.After(200 * time.Millisecond):
				samples = append(samples, live())
			}
		}
	}()
	start := time.Now()
	response, err := http.DefaultClient.Do(request)
	took := time.Since(start)
	close(imported)
	<-stopped
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()

	var report api.ImportReport
	if err := json.NewDecoder(response.Body).Decode(&report); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("got status %d, %v; want 200 and a report", response.StatusCode, err)
	}
	if report.Total != rows || report.Created != rows || report.Failed != 0 {
		t.Errorf("got report %+v, want %d created", report, rows)
	}
	if len(samples) < 10 {
		t.Fatalf("got %d samples of the heap in %v, want at least 10", len(samples), took)
	}
	slices.Sort(samples)
	growth := int64(samples[len(samples)/2]) - int64(before)
	if growth > limit {
		t.Errorf("the heap grew by %d bytes, want at most %d", growth, limit)
	}
	t.Logf("imported %d rows in %v, the heap grew by %d KiB", rows, took.Round(time.Millisecond), growth>>10)
}
