package base

import (
	"net/http"
	"net/url"
	"strings"
)

// Mount makes a handler reachable below a base path as well as without it: a proxy may strip the base path from its
// requests or pass it on. The paths of the service do not begin with the base path; the configuration ensures that.
func Mount(path string, next http.Handler) http.Handler {
	if path == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, found := strings.CutPrefix(r.URL.Path, path)
		if !found || rest != "" && rest[0] != '/' {
			next.ServeHTTP(w, r)
			return
		}
		if rest == "" {
			rest = "/"
		}
		inner, target := new(http.Request), new(url.URL)
		*inner, *target = *r, *r.URL
		target.Path, target.RawPath = rest, strings.TrimPrefix(target.RawPath, path)
		inner.URL = target
		next.ServeHTTP(w, inner)
	})
}

// publish makes the paths in the headers of a response those that clients see: handlers write them without the base
// path.
func publish(header http.Header, path string) {
	if location := header.Get("Location"); strings.HasPrefix(location, "/") {
		header.Set("Location", path+location)
	}
	for i, link := range header["Link"] {
		header["Link"][i] = strings.ReplaceAll(link, "</", "<"+path+"/")
	}
	for i, line := range header["Set-Cookie"] {
		if cookie, err := http.ParseSetCookie(line); err == nil {
			cookie.Path = path + cookie.Path
			header["Set-Cookie"][i] = cookie.String()
		}
	}
}
