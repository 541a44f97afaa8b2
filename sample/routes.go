package main

import (
	"net/http"
	"path"
	"strings"
)

const apiPrefix = "/api/v1/"

// routes maps exact paths and methods to handlers; a path that ends with /* stands for those with one segment there, of
// which no path and method is listed by itself. http.ServeMux would answer HEAD wherever it answers GET; the original
// refuses every method that is not listed: with 405 and an empty body outside /api/v1/, with 404 inside it.
type routes map[string]map[string]http.HandlerFunc

// find returns the handler, or nil after it has refused the request itself. Refusals are neither logged nor counted.
func (routes routes) find(w http.ResponseWriter, r *http.Request) http.HandlerFunc {
	methods, found := routes[r.URL.Path]
	handler := methods[r.Method]
	if folder, last := path.Split(r.URL.Path); handler == nil && last != "" {
		handler = routes[folder+"*"][r.Method]
	}
	switch {
	case handler != nil:
		return handler
	case found && !strings.HasPrefix(r.URL.Path, apiPrefix):
		w.WriteHeader(http.StatusMethodNotAllowed)
	default:
		http.NotFound(w, r)
	}
	return nil
}
