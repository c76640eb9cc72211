// Package ratelimit says how often somebody may ask: Throttle for attempts to sign in, Limiter for everything else.
// Both count in Redis, by its clock, so that any number of replicas keep one limit, whatever their own clocks say.
//
// They differ in what they do without Redis. Throttle refuses, because a login that nobody counts is a free guess at a
// password; Limiter goes on counting for its own replica, because whoever is signed in has work to do. Neither waits
// longer than package redis allows. Where Redis loses its data, counting starts anew.
//
// The counters of one attempt to sign in cannot share a slot of Redis Cluster, since an account meets many networks and
// a network many accounts: a single Redis, or one behind Sentinel, is what is supported.
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

//go:embed gcra.lua
var gcraScript string

// Network names the network that a client's address counts as: an IPv4 address itself, also where it is mapped into
// IPv6, and the /64 of an IPv6 address, which is what one subscriber has. Clients without an address count as one.
func Network(ip netip.Addr) string {
	ip = ip.Unmap()
	if ip.Is6() {
		if prefix, err := ip.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return ip.String()
}

// microseconds writes a duration as the scripts count time.
func microseconds(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) }
