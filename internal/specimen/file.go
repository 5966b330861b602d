package specimen

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"socialregistry/issuer/verify"
)

// File is all vectors, with what they are checked against.
type File struct {
	About   string                     `json:"about"`
	Bundles map[string]json.RawMessage `json:"bundles"` // payloads of trust bundles, by name
	Vectors []Vector                   `json:"vectors"`
}

// Vector is one credential and what becomes of it.
type Vector struct {
	Name    string         `json:"name"`   // unique
	Format  string         `json:"format"` // as package verify names it; "": it is none
	Outcome string         `json:"outcome"`
	At      time.Time      `json:"at"`
	Bundle  string         `json:"bundle"`
	Data    string         `json:"data"`
	Claims  map[string]any `json:"claims,omitempty"` // nil: not said
	// Binding is what the verifier asks the holder to sign, nil: nothing; and Holder the
	// result of that check.
	Binding *verify.Binding `json:"binding,omitempty"`
	Holder  string          `json:"holder,omitempty"`
	// Refresh and Messages are the hints of the status.
	Refresh  bool     `json:"refresh,omitempty"`
	Messages []string `json:"messages,omitempty"`
}

// Seed is that of the file which tests read.
const Seed = "social registry vectors 1"

// Make makes all vectors of a seed. It returns the error of what could not be
// made; a vector is never left out.
func Make(seed string) (*File, error) {
	g, err := newGenerator(seed)
	if err != nil {
		return nil, err
	}
	g.common()
	g.sdjwt()
	g.held()
	g.ldp()
	g.jwtVC()
	g.mobile()
	g.codes()
	g.hints()
	g.sources()
	g.foreign()
	g.marked()
	bundles, err := g.bundles()
	if err != nil {
		return nil, err
	}
	slices.SortFunc(g.made, func(a, b Vector) int { return strings.Compare(a.Name, b.Name) })
	return &File{About: "Vectors of offline verification; see internal/specimen.", Bundles: bundles, Vectors: g.made}, g.err
}
