package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
)

// configurationChecks lists the checks of a configuration that is valid.
func configurationChecks() []check {
	return []check{
		{"configuration: variables", variables},
		{"configuration: secrets", secrets},
		{"configuration: proxies", proxies},
		{"configuration: origins", origins},
	}
}

func variables(_ context.Context, x *examination) Result {
	if len(x.Warnings) == 0 {
		return ok("none has nearly the name of one that is read")
	}
	found, remedies := make([]string, len(x.Warnings)), make([]string, len(x.Warnings))
	for i, w := range x.Warnings {
		found[i], remedies[i] = w.Variable+" "+w.Wrong, w.Variable+": "+w.Remedy
	}
	return warning(strings.Join(found, "; "), strings.Join(remedies, " "))
}

func secrets(_ context.Context, x *examination) Result {
	switch production := x.Config.Environment == config.Production; {
	case production && x.Config.MetricsToken == "":
		return warning("METRICS_TOKEN is not set, so /metrics is public", "Set METRICS_TOKEN, or hide /metrics at the proxy.")
	case production && x.Config.AuditCheckpointKey == "":
		return warning("AUDIT_CHECKPOINT_KEY is not set, so nobody can prove that the end of an audit log is complete",
			"Run \"interviewer audit key\" and set AUDIT_CHECKPOINT_KEY and AUDIT_CHECKPOINT_TO.")
	}
	return ok(fmt.Sprintf("%d previous keys", len(x.Config.SecretKeysPrevious)))
}

func proxies(_ context.Context, x *examination) Result {
	if x.Config.Environment == config.Production && len(x.Config.TrustedProxies) == 0 {
		return warning("TRUSTED_PROXIES is empty, so all users behind a proxy share one address and cookies have no Secure",
			"Set TRUSTED_PROXIES to the addresses of the proxies that end TLS.")
	}
	return ok(fmt.Sprintf("%d networks are trusted", len(x.Config.TrustedProxies)))
}

func origins(_ context.Context, x *examination) Result {
	for _, origin := range x.Config.CORSOrigins {
		if x.Config.Environment == config.Production && strings.HasPrefix(origin, "http://") {
			return warning("pages from "+origin+" may call the API without TLS", "Remove it from CORS_ORIGINS.")
		}
	}
	return ok(fmt.Sprintf("%d origins of browsers", len(x.Config.CORSOrigins)))
}
