// Package ratelimit limits how often clients may send requests: Throttle limits login attempts, Limiter everything
// else. Leases limit what may run at the same time. All count in Redis, by the clock of the Redis server, so that all
// replicas share one limit and their own clocks do not matter.
//
// Throttle asks Redis about every attempt. Limiter books most requests of busy clients after it has allowed them, so
// that they do not wait for Redis.
//
// Throttle and Limiter differ when Redis is down. Throttle refuses all attempts, because an uncounted login attempt is
// a free guess at a password. Limiter counts in the memory of its replica, so that the service remains available.
// Neither waits longer than package redis allows. Leases fall back as Limiter does. If Redis loses its data, counting
// starts again from zero.
//
// The counters of one login attempt cannot share a slot of Redis Cluster, because an account is used from many
// networks and a network uses many accounts. Only a single Redis, or one behind Sentinel, is supported.
package ratelimit

import (
	_ "embed"
	"net/netip"
	"strconv"
	"time"
)

//go:embed reserve.lua
var reserveScript string

//go:embed release.lua
var releaseScript string

//go:embed lease.lua
var leaseScript string

//go:embed gcra.lua
var gcraScript string

// Network returns the network by which a client's address is counted: an IPv4 address itself, also if mapped into IPv6,
// and the /64 of an IPv6 address, the usual assignment to one subscriber. All clients without an address are counted as
// one.
func Network(ip netip.Addr) string {
	ip = ip.Unmap()
	if ip.Is6() {
		if prefix, err := ip.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return ip.String()
}

// microseconds formats a duration for the scripts.
func microseconds(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) }
