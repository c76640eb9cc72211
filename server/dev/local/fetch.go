package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

const (
	// fetching bounds an installation or a download.
	fetching = 10 * time.Minute

	// downloadVersion is what users who may not install packages get. It has the extensions pg_trgm and btree_gin.
	downloadVersion = embeddedpostgres.V17
)

// fetch gets PostgreSQL's programs onto this machine.
func fetch(ctx context.Context, o Options) error {
	ctx, cancel := context.WithTimeoutCause(ctx, fetching, fmt.Errorf("not fetched within %v", fetching))
	defer cancel()
	if os.Geteuid() != 0 {
		return download(ctx, o)
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("install it: %w", err)
	}
	return install(ctx, o)
}

// install installs Debian's or Ubuntu's package, without the server that the package would set up and start.
func install(ctx context.Context, o Options) error {
	restore, err := preventMainCluster("/etc/postgresql-common/createcluster.d")
	if err != nil {
		return err
	}
	o.say("installing PostgreSQL with apt-get, once on this machine; it may take a few minutes")
	// An update that fails does not matter when the package can be had all the same.
	updateErr := apt(ctx, "update")
	installErr := apt(ctx, "install", "--yes", "--no-install-recommends", "postgresql")
	if installErr != nil {
		installErr = errors.Join(updateErr, installErr)
	}
	return errors.Join(installErr, restore())
}

func apt(ctx context.Context, arguments ...string) error {
	arguments = append([]string{"--option=DPkg::Lock::Timeout=120"}, arguments...)
	command := exec.CommandContext(ctx, "apt-get", arguments...) //nolint:gosec // The arguments are ours.
	command.Env = append(environment(os.Environ()), "DEBIAN_FRONTEND=noninteractive")
	// A package half installed is worse than a late end.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = time.Minute
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w; the end of its output:\n%s", command, err, output[max(0, len(output)-tailSize):])
	}
	return nil
}

// preventMainCluster puts a setting in place by which the package does not set up a server of its own, and gives a
// function that takes it away again. A file that is there already is left alone.
func preventMainCluster(folder string) (restore func() error, err error) {
	//nolint:gosec // The folder and the file are the package's, whose scripts run as several users.
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("make %s: %w", folder, err)
	}
	path := filepath.Join(folder, "no-main-cluster.conf")
	//nolint:gosec // See above.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return func() error { return nil }, nil
	}
	if err != nil {
		return nil, fmt.Errorf("keep the package from setting up a server: %w", err)
	}
	restore = func() error { return os.Remove(path) }
	_, err = file.WriteString("create_main_cluster = false\n")
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", path, err), restore())
	}
	return restore, nil
}

// downloadFolder is where downloaded programs are kept for all servers of a user.
func downloadFolder() (string, error) {
	return DefaultDir("interviewer-postgresql-" + string(downloadVersion))
}

// download gets the programs through a library that can do so only by running a server. It does that once, for a
// moment, with a password nobody knows, and keeps the programs.
func download(ctx context.Context, o Options) (err error) {
	target, err := downloadFolder()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return fmt.Errorf("make the cache folder: %w", err)
	}
	trial, err := os.MkdirTemp(filepath.Dir(target), "interviewer-download-")
	if err != nil {
		return fmt.Errorf("make a folder for the download: %w", err)
	}
	// When the context ends first, this also ends the server: PostgreSQL stops when its data folder disappears.
	defer func() { err = errors.Join(err, os.RemoveAll(trial)) }()
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	o.say("downloading PostgreSQL %s (15 MB) to %s, once for this user", downloadVersion, target)
	programs := filepath.Join(trial, "programs")
	server := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
		Version(downloadVersion).
		Port(port).
		Password(rand.Text()).
		Locale("C").
		Logger(io.Discard).
		CachePath(filepath.Join(trial, "archive")).
		BinariesPath(programs).
		RuntimePath(filepath.Join(trial, "run")).
		DataPath(filepath.Join(trial, "data")).
		StartParameters(map[string]string{"unix_socket_directories": ""}))
	ran := make(chan error, 1)
	go func() {
		err := server.Start()
		if err == nil {
			err = server.Stop()
		}
		ran <- err
	}()
	select {
	case err := <-ran:
		if err != nil {
			return fmt.Errorf("download it: %w", err)
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	// Another process may have been faster; its programs are the same.
	if err := os.Rename(programs, target); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("keep the programs: %w", err)
	}
	return nil
}

// freePort gives a loopback port that is free at this moment.
func freePort(ctx context.Context) (uint32, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	address, err := netip.ParseAddrPort(listener.Addr().String())
	if err = errors.Join(err, listener.Close()); err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	return uint32(address.Port()), nil
}
