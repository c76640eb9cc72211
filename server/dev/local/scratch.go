package local

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"os"

	"github.com/jackc/pgx/v5"
)

// maxScratchServers is the maximum number of concurrent scratch servers with the same name.
const maxScratchServers = 20

// StartScratchPostgres starts a PostgreSQL server for tests. It disables durability and keeps the data in memory if
// possible (see ScratchDir). Up to 20 processes can use the same name at the same time, each with its own server. A
// later process reuses the directory of an earlier one: it keeps the templates (see Server.Template) and removes all
// other databases, which killed tests have left. The variable TEST_POSTGRES_BIN chooses the programs. log is used as in
// Options.
func StartScratchPostgres(ctx context.Context, name string, log func(format string, args ...any)) (*Postgres, error) {
	bin := os.Getenv(BinVariable)
	if bin != "" { // the data of another version cannot be used
		name += fmt.Sprintf("-%08x", crc32.ChecksumIEEE([]byte(bin)))
	}
	for attempt := range maxScratchServers {
		dir, err := ScratchDir(fmt.Sprintf("%s-%d", name, attempt))
		if err != nil {
			return nil, err
		}
		server, err := StartPostgres(ctx, Options{Dir: dir, Bin: bin, Fast: true, Log: log})
		if errors.Is(err, ErrInUse) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := server.removeLeftovers(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("remove databases of an earlier run: %w", err), server.Stop())
		}
		return server, nil
	}
	return nil, fmt.Errorf("%d servers named %s are %w", maxScratchServers, name, ErrInUse)
}

// removeLeftovers removes all databases except templates and "postgres".
func (s Server) removeLeftovers(ctx context.Context) error {
	return s.administer(ctx, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'`)
		if err != nil {
			return err
		}
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, name := range names {
			if _, err := conn.Exec(ctx, "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
				return err
			}
		}
		return nil
	})
}
