package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// health returns the command for health checks in images without shell and curl.
func (p program) health() *cobra.Command {
	return &cobra.Command{
		Use: "health", Short: "Check whether the service on this machine is ready", Args: cobra.NoArgs,
		Long: `Requests /health/ready from the service on this machine, at PORT and HOST of the environment, and prints
the response. It fails if the service is not ready. Container images use it as health check.`,
		Example: "  interviewer health\n  PORT=9000 interviewer health",
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := p.load()
			if err != nil {
				return err
			}
			target := "http://" + net.JoinHostPort(localAddress(settings.Host), strconv.Itoa(settings.Port)) + "/health/ready"
			request, err := http.NewRequestWithContext(c.Context(), http.MethodGet, target, http.NoBody)
			if err != nil {
				return fmt.Errorf("create request for %s: %w", target, err)
			}
			response, err := (&http.Client{Timeout: 5 * time.Second}).Do(request)
			if err != nil {
				return fmt.Errorf("the service does not respond: %w", err)
			}
			defer func() { _ = response.Body.Close() }()
			body, err := io.ReadAll(io.LimitReader(response.Body, 4096))
			if err != nil {
				return fmt.Errorf("read response: %w", err)
			}
			if response.StatusCode != http.StatusOK {
				return fmt.Errorf("the service is not ready: %s", body)
			}
			return p.print("%s\n", body)
		},
	}
}

// localAddress returns an address of this machine at which a service that listens on host can be reached.
func localAddress(host string) string {
	address, err := netip.ParseAddr(host)
	if err != nil || !address.IsUnspecified() {
		return host
	}
	return "localhost"
}
