package api

// Route is one method and path template of the router.
type Route struct{ Method, Path string }

// Routes lists what the router of New answers to, without the HEAD and OPTIONS
// that go with them.
func Routes(d Deps) ([]Route, error) {
	s, err := newServer(d)
	if err != nil {
		return nil, err
	}
	var out []Route
	for _, r := range s.engine.Routes() {
		if r.Method != "HEAD" && r.Method != "OPTIONS" {
			out = append(out, Route{r.Method, r.Path})
		}
	}
	return out, nil
}

// OpenAPI is the description as it is embedded.
func OpenAPI() []byte { return openAPI }
