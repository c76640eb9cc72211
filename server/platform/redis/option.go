package redis

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/redis/rueidis"
)

const (
	// cacheBytes bounds the client-side cache.
	cacheBytes = 32 << 20
	// bufferBytes is the size of the read buffer and of the write buffer. Values in Redis are small.
	bufferBytes = 32 << 10
	// sentinelRefresh is how often the Sentinels are asked for the primary, in case their notification was missed.
	sentinelRefresh = 2 * time.Second
)

// clientOption returns the options of rueidis for a URL.
func clientOption(address string, opts Options) (rueidis.ClientOption, error) {
	option, err := rueidis.ParseURL(address)
	if err != nil {
		// The cause is left out because it may contain the URL, and so a password.
		return option, errors.New("redis: invalid URL: want redis://, rediss:// or unix://")
	}
	sentinel := option.Sentinel.MasterSet != ""
	if len(option.InitAddress) != 1 && !sentinel {
		return option, fmt.Errorf("redis: %d addresses without master_set: Redis Cluster is not supported",
			len(option.InitAddress))
	}
	option.ForceSingleClient = !sentinel
	if parsed, err := url.Parse(address); err == nil {
		option.Sentinel.Username = parsed.Query().Get("sentinel_username")
		option.Sentinel.Password = parsed.Query().Get("sentinel_password")
	}
	if option.TLSConfig != nil && sentinel {
		// The certificate of each node must be for the address that is dialed, not for the Sentinel of the URL.
		option.TLSConfig.ServerName = ""
	}

	// rueidis sends a PING if it has received nothing for KeepAlive, and closes the connection if there is no answer
	// within ConnWriteTimeout. Two periods can pass until the PING is sent.
	option.Dialer = net.Dialer{Timeout: opts.Timeout, KeepAlive: opts.Timeout / 2}
	option.ConnWriteTimeout = opts.Timeout
	option.Sentinel.Dialer = option.Dialer
	option.Sentinel.TLSConfig = option.TLSConfig
	option.Sentinel.TopologyRefreshInterval = sentinelRefresh

	// A retry would only use up the caller's time.
	option.DisableRetry = true
	// One connection, always pipelined: the PING then tests the connection of all commands and of the whole cache. A
	// caller that leaves early does not break the connection, as it would if it read its reply itself.
	option.PipelineMultiplex = -1
	option.AlwaysPipelining = true

	option.CacheSizeEachConn = cacheBytes
	option.ReadBufferEachConn = bufferBytes
	option.WriteBufferEachConn = bufferBytes
	option.AlwaysRESP2 = option.AlwaysRESP2 || opts.InProcess
	option.DisableCache = option.DisableCache || option.AlwaysRESP2 // invalidations need RESP3
	return option, nil
}
