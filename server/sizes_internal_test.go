package server

import (
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
)

func TestSizes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		config     config.Config
		processors int
		want       sizes
		// companies and public are the places for requests.
		companies, public int
	}{
		{"one core", config.Config{CompanyShare: 50}, 1, sizes{
			connections: 16, hashWorkers: 1, hashQueue: 64, hashShare: 16,
			requests: gate.Capacity{Connections: 16, Processors: 1, Hashes: 65, Share: 50},
		}, 72, 138},
		{"two cores", config.Config{CompanyShare: 50}, 2, sizes{
			connections: 16, hashWorkers: 2, hashQueue: 128, hashShare: 32,
			requests: gate.Capacity{Connections: 16, Processors: 2, Hashes: 130, Share: 50},
		}, 80, 276},
		{"a CPU limit of four on a machine of 64", config.Config{CompanyShare: 50}, 4, sizes{
			connections: 16, hashWorkers: 4, hashQueue: 256, hashShare: 64,
			requests: gate.Capacity{Connections: 16, Processors: 4, Hashes: 260, Share: 50},
		}, 96, 552},
		{"64 cores", config.Config{CompanyShare: 50}, 64, sizes{
			connections: 40, hashWorkers: 64, hashQueue: 4096, hashShare: 1024,
			requests: gate.Capacity{Connections: 40, Processors: 64, Hashes: 4160, Share: 50},
		}, 672, 8832},
		{
			"configured",
			config.Config{DatabaseMaxConnections: 4, HashWorkers: 3, HashQueue: 5, CompanyShare: 20},
			64,
			sizes{
				connections: 4, hashWorkers: 3, hashQueue: 5, hashShare: 1,
				requests: gate.Capacity{Connections: 4, Processors: 64, Hashes: 8, Share: 20},
			},
			528, 528,
		},
		{"no shares", config.Config{}, 2, sizes{
			connections: 16, hashWorkers: 2, hashQueue: 128, hashShare: 64,
			requests: gate.Capacity{Connections: 16, Processors: 2, Hashes: 130, Share: 100},
		}, 80, 276},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := sizesOf(&tt.config, tt.processors)
			companies, public := got.requests.Places()
			if companies != tt.companies || public != tt.public {
				t.Errorf("got %d and %d places for requests, want %d and %d", companies, public, tt.companies, tt.public)
			}
			// A Capacity has a clock and cannot be compared.
			if r, want := got.requests, tt.want.requests; r.Connections != want.Connections ||
				r.Processors != want.Processors || r.Hashes != want.Hashes || r.Share != want.Share {
				t.Errorf("got %+v, want %+v", r, want)
			}
			if got.connections != tt.want.connections || got.hashWorkers != tt.want.hashWorkers ||
				got.hashQueue != tt.want.hashQueue || got.hashShare != tt.want.hashShare {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
