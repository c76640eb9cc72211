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
	// fetchTimeout bounds an installation or a download.
	fetchTimeout = 10 * time.Minute

	// downloadVersion is the version that users without root privileges get. It includes the extensions pg_trgm and
	// btree_gin.
	downloadVersion = embeddedpostgres.V17
)

// fetch installs PostgreSQL, as root with apt-get, otherwise by a download.
func fetch(ctx context.Context, o Options) error {
	ctx, cancel := context.WithTimeoutCause(ctx, fetchTimeout,
		fmt.Errorf("PostgreSQL was not installed within %v", fetchTimeout))
	defer cancel()
	if os.Geteuid() != 0 {
		return download(ctx, o)
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("install PostgreSQL: %w", err)
	}
	return install(ctx, o)
}

// install installs the package of Debian or Ubuntu, without the server that the package normally creates and starts.
func install(ctx context.Context, o Options) error {
	restore, err := preventMainCluster("/etc/postgresql-common/createcluster.d")
	if err != nil {
		return err
	}
	o.log("Installing PostgreSQL with apt-get, once on this machine; this can take a few minutes")
	// A failed update matters only if the installation fails, too.
	updateErr := apt(ctx, "update")
	installErr := apt(ctx, "install", "--yes", "--no-install-recommends", "postgresql")
	if installErr != nil {
		installErr = errors.Join(updateErr, installErr)
	}
	return errors.Join(installErr, restore())
}

func apt(ctx context.Context, arguments ...string) error {
	arguments = append([]string{"--option=DPkg::Lock::Timeout=120"}, arguments...)
	command := exec.CommandContext(ctx, "apt-get", arguments...) //nolint:gosec // the arguments are not user input
	command.Env = append(environment(os.Environ()), "DEBIAN_FRONTEND=noninteractive")
	// An interrupt lets apt-get finish its current step; killing it would leave packages half-installed.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = time.Minute
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("run %s: %w; end of its output:\n%s", command, err, output[max(0, len(output)-tailSize):])
	}
	return nil
}

// preventMainCluster writes a setting that keeps the package from creating a server, and returns a function that
// removes it. It does not change an existing file.
func preventMainCluster(dir string) (restore func() error, err error) {
	//nolint:gosec // directory and file belong to the package, whose scripts run as several users
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create directory %s: %w", dir, err)
	}
	path := filepath.Join(dir, "no-main-cluster.conf")
	//nolint:gosec // as above
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return func() error { return nil }, nil
	}
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	restore = func() error { return os.Remove(path) }
	_, err = file.WriteString("create_main_cluster = false\n")
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", path, err), restore())
	}
	return restore, nil
}

// downloadDir returns the directory of the downloaded programs, which all servers of a user share.
func downloadDir() (string, error) {
	return DefaultDir("interviewer-postgresql-" + string(downloadVersion))
}

// download downloads the programs through a library that can only do so by running a server. It runs the server once,
// with a random password, and keeps the programs.
func download(ctx context.Context, o Options) (err error) {
	target, err := downloadDir()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return fmt.Errorf("create cache directory: %w", err)
	}
	temporary, err := os.MkdirTemp(filepath.Dir(target), "interviewer-download-")
	if err != nil {
		return fmt.Errorf("create directory for download: %w", err)
	}
	// If the context ends first, this also stops the server: PostgreSQL ends when its data directory is removed.
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	o.log("Downloading PostgreSQL %s (15 MB) to %s, once for this user", downloadVersion, target)
	programs := filepath.Join(temporary, "programs")
	server := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
		Version(downloadVersion).
		Port(port).
		Password(rand.Text()).
		Locale("C").
		Logger(io.Discard).
		CachePath(filepath.Join(temporary, "archive")).
		BinariesPath(programs).
		RuntimePath(filepath.Join(temporary, "run")).
		DataPath(filepath.Join(temporary, "data")).
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
			return fmt.Errorf("download PostgreSQL: %w", err)
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	// A concurrent process may have downloaded the same programs.
	if err := os.Rename(programs, target); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("rename download directory: %w", err)
	}
	return nil
}

// freePort returns a loopback port that is free at this moment.
func freePort(ctx context.Context) (uint32, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find free port: %w", err)
	}
	address, err := netip.ParseAddrPort(listener.Addr().String())
	if err = errors.Join(err, listener.Close()); err != nil {
		return 0, fmt.Errorf("parse free port: %w", err)
	}
	return uint32(address.Port()), nil
}
