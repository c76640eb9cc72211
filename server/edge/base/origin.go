package base

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// CrossOrigin is a middleware that permits pages of the given origins, and no others, to call the service with cookies
// (CORS).
func CrossOrigin(origins []string) echo.MiddlewareFunc {
	const tenMinutes = 600 // seconds
	return middleware.CORSWithConfig(middleware.CORSConfig{
		// An OPTIONS request that is not a preflight request gets a 405 from the gate, as on every path.
		Skipper: func(c echo.Context) bool {
			header := c.Request().Header
			return c.Request().Method == http.MethodOptions &&
				(header.Get("Origin") == "" || header.Get("Access-Control-Request-Method") == "")
		},
		AllowOriginFunc:  func(origin string) (bool, error) { return slices.Contains(origins, origin), nil },
		AllowCredentials: true,
		AllowMethods:     []string{"GET", "POST", "PUT", "PATCH", "DELETE"},
		AllowHeaders: []string{
			"Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", headerRequestID, "traceparent",
		},
		ExposeHeaders: []string{
			"ETag", "Link", "Location", "Retry-After", "RateLimit", "RateLimit-Policy", headerRequestID,
			"Content-Disposition", "Idempotency-Replayed", "Deprecation", "Sunset",
		},
		MaxAge: tenMinutes,
	})
}
