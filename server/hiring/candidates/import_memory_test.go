package candidates_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// generated streams a CSV file with so many candidates, each line made when it is read.
func generated(rows int) io.Reader {
	reader, writer := io.Pipe()
	go func() {
		to := bufio.NewWriter(writer)
		_, err := to.WriteString("external_id,first_name,last_name,email,tags,location,source\r\n")
		for i := 0; i < rows && err == nil; i++ {
			_, err = fmt.Fprintf(to, "ats-%d,First%d,Last%d,person%d@mail.example,skill%d|common,Oslo,referral\r\n", i, i%977, i%5003, i, i%300)
		}
		if err == nil {
			err = to.Flush()
		}
		_ = writer.CloseWithError(err) // never fails
	}()
	return reader
}

// TestImportHoldsLittleInMemory imports from a stream what would take more memory than it may use, beside the client that
// makes it. It measures, so nothing runs beside it.
func TestImportHoldsLittleInMemory(t *testing.T) { //nolint:paralleltest // it measures memory
	const rows, most = 100_000, 32 << 20
	h := build(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.replica.URL+collection+"/import.csv", generated(rows))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "text/csv")
	request.Header.Set("Authorization", "Bearer "+h.as[api.RoleHr].Token)
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var peak atomic.Uint64
	ended, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		for {
			select {
			case <-ended:
				return
			case <-time.After(50 * time.Millisecond):
				runtime.GC()
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				peak.Store(max(peak.Load(), now.HeapAlloc))
			}
		}
	}()
	began := time.Now()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	close(ended)
	<-watched
	defer func() { _ = response.Body.Close() }()
	var report api.ImportReport
	if err := json.NewDecoder(response.Body).Decode(&report); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v", response.StatusCode, err)
	}
	if report.Total != rows || report.Created != rows || report.Failed != 0 {
		t.Errorf("the report is %+v", report)
	}
	grown := int64(peak.Load()) - int64(before.HeapAlloc)
	if peak.Load() == 0 || grown > most {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	t.Logf("%d rows in %v, the heap grew by %d KiB", rows, took.Round(time.Millisecond), grown>>10)
}
