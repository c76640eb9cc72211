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

// health is for health checks in images that have neither a shell nor curl.
func (p program) health() *cobra.Command {
	return &cobra.Command{
		Use: "health", Short: "Ask the service that runs on this machine whether it is ready", Args: cobra.NoArgs,
		Long: `Asks the service that runs on this machine, at the PORT and HOST of its environment, for /health/ready. It
prints the answer, and fails unless the service is ready. Container images use it as their health check.`,
		Example: "  interviewer health\n  PORT=9000 interviewer health",
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := p.load()
			if err != nil {
				return err
			}
			target := "http://" + net.JoinHostPort(reachable(settings.Host), strconv.Itoa(settings.Port)) + "/health/ready"
			request, err := http.NewRequestWithContext(c.Context(), http.MethodGet, target, http.NoBody)
			if err != nil {
				return fmt.Errorf("ask for %s: %w", target, err)
			}
			answer, err := (&http.Client{Timeout: 5 * time.Second}).Do(request)
			if err != nil {
				return fmt.Errorf("no service answers: %w", err)
			}
			defer func() { _ = answer.Body.Close() }()
			body, err := io.ReadAll(io.LimitReader(answer.Body, 4096))
			if err != nil {
				return fmt.Errorf("read the answer: %w", err)
			}
			if answer.StatusCode != http.StatusOK {
				return fmt.Errorf("the service is not ready: %s", body)
			}
			return p.print("%s\n", body)
		},
	}
}

// reachable gives an address of this machine that a service listening on host answers at.
func reachable(host string) string {
	address, err := netip.ParseAddr(host)
	if err != nil || !address.IsUnspecified() {
		return host
	}
	return "localhost"
}
