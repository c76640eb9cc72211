package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/redis/rueidis"
)

const (
	// cacheBytes bounds the client-side cache.
	cacheBytes = 32 << 20
	// bufferBytes is the size of the read and of the write buffer. What is kept in Redis is small.
	bufferBytes = 32 << 10
	// sentinelRefresh is how often the Sentinels are asked for the primary, should their announcement be missed.
	sentinelRefresh = 2 * time.Second
)

// dialFunc makes one network connection; without a TLS configuration it is in the clear.
type dialFunc = func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error)

// clientOption gives what rueidis needs for the URL.
func clientOption(url string, opts Options) (rueidis.ClientOption, error) {
	option, err := rueidis.ParseURL(url)
	if err != nil {
		// The cause may quote the URL, which may hold a password, and is therefore left out.
		return option, errors.New("redis: the URL cannot be used: want redis://, rediss:// or unix://")
	}
	sentinel := option.Sentinel.MasterSet != ""
	if len(option.InitAddress) != 1 && !sentinel {
		return option, fmt.Errorf("redis: %d addresses need a master_set: Redis Cluster is not supported",
			len(option.InitAddress))
	}
	if option.DialCtxFn == nil {
		option.DialCtxFn = dialTCP
	}
	option.ForceSingleClient = !sentinel

	// The sign of life that watch asks for is the only one: rueidis' own, and TCP's, would come too late.
	option.Dialer = net.Dialer{Timeout: opts.Timeout, KeepAlive: -1}
	option.ConnWriteTimeout = opts.Timeout
	option.Sentinel.Dialer = option.Dialer
	option.Sentinel.TLSConfig = option.TLSConfig
	option.Sentinel.TopologyRefreshInterval = sentinelRefresh

	// A retry would only spend the caller's time: whoever asks again does so on purpose.
	option.DisableRetry = true
	// One connection, always pipelined: the sign of life then speaks for every command and for the whole cache, and a
	// caller who leaves early does not take the connection along, as it would where replies are read synchronously.
	option.PipelineMultiplex = -1
	option.AlwaysPipelining = true

	option.CacheSizeEachConn = cacheBytes
	option.ReadBufferEachConn = bufferBytes
	option.WriteBufferEachConn = bufferBytes
	option.AlwaysRESP2 = option.AlwaysRESP2 || opts.InProcess
	option.DisableCache = option.DisableCache || option.AlwaysRESP2 // Invalidations arrive by RESP3 only.
	return option, nil
}

func dialTCP(ctx context.Context, address string, d *net.Dialer, config *tls.Config) (net.Conn, error) {
	if config != nil {
		return (&tls.Dialer{NetDialer: d, Config: config}).DialContext(ctx, "tcp", address)
	}
	return d.DialContext(ctx, "tcp", address)
}
