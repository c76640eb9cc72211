package server

import (
	"cmp"
	"runtime"

	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/identity/password"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// sizes are how much of each resource a replica has.
type sizes struct {
	// connections is the maximum number of connections to PostgreSQL.
	connections int
	// hashWorkers is the number of passwords that are hashed at the same time, hashQueue how many requests wait for it,
	// and hashShare how many of these are of one group.
	hashWorkers, hashQueue, hashShare int
	// requests is what bounds the requests that run. It has no clock.
	requests gate.Capacity
}

// sizesOf returns the configured sizes, and those for a number of processors where nothing is configured.
func sizesOf(c *config.Config, processors int) sizes {
	s := sizes{
		connections: cmp.Or(c.DatabaseMaxConnections, postgres.DefaultMaxConns(processors)),
		hashWorkers: cmp.Or(c.HashWorkers, processors),
	}
	s.hashQueue = cmp.Or(c.HashQueue, password.QueuedPerWorker*s.hashWorkers)
	// A company has two groups: sign-ins, and what its signed-in users do.
	s.hashShare = max(1, s.hashQueue*cmp.Or(c.CompanyShare, 100)/200) //nolint:mnd // percent of two groups
	s.requests = gate.Capacity{
		Connections: s.connections, Processors: processors, Hashes: s.hashWorkers + s.hashQueue,
		Share: cmp.Or(c.CompanyShare, 100), //nolint:mnd // percent
	}
	return s
}

// processors returns how many processors the process may use: those of the machine, or those of the CPU limit of its
// container. A Hasher raises GOMAXPROCS above them.
func processors() int { return min(runtime.GOMAXPROCS(0), runtime.NumCPU()) }
