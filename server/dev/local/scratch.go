package local

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// scratchFolders is how many runs of one name can have a server at the same time.
const scratchFolders = 20

// StartScratchPostgres starts a PostgreSQL server for tests. It gives up the safety of data, and keeps it in memory
// where it can (see ScratchDir). Several processes may use one name at the same time: each gets a server of its own. A
// later process takes the folder of an earlier one over: it keeps the templates that it finds there (see
// Server.Template) and removes all other databases, which the tests of a process that was killed have left.
func StartScratchPostgres(ctx context.Context, name string, say func(format string, args ...any)) (*Postgres, error) {
	for attempt := range scratchFolders {
		dir, err := ScratchDir(fmt.Sprintf("%s-%d", name, attempt))
		if err != nil {
			return nil, err
		}
		server, err := StartPostgres(ctx, Options{Dir: dir, Fast: true, Say: say})
		if errors.Is(err, ErrInUse) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := server.removeLeftovers(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("remove the databases of an earlier run: %w", err), server.Stop())
		}
		return server, nil
	}
	return nil, fmt.Errorf("%d servers named %s are %w", scratchFolders, name, ErrInUse)
}

// removeLeftovers removes all databases but templates and the one that administrators connect to.
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
