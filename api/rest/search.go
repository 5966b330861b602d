package rest

import (
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/registry"
)

// searchBody is one page of what a search found.
type searchBody[T any] struct {
	Items []T        `json:"items"`
	Total *totalBody `json:"total,omitempty"` // on the first page
}

// totalBody is how many are found in all: count, or more than that.
type totalBody struct {
	Count int  `json:"count"`
	Exact bool `json:"exact"`
}

// queryOf reads a search from the address; more are the parameters that only this
// one has. All are counted with the first page, once. It returns Invalid
// "bad_query" with the wrong parameter.
func queryOf(c *gin.Context, more ...string) (registry.Query, error) {
	page, err := pageOf(c)
	if err != nil {
		return registry.Query{}, err
	}
	equals := c.QueryMap("value")
	names := append(parameters("value", equals), "q", "as_written", "field", "state", "area", "version", "default_version", "programme", "enrolment", "changed_since", "after", "limit")
	if err := onlyQuery(c, append(names, more...)...); err != nil {
		return registry.Query{}, err
	}
	q := registry.Query{Kind: c.Query("kind"), Text: c.Query("q"), Field: c.Query("field"), State: registry.State(c.Query("state")), Equals: equals,
		Area: c.Query("area"), Version: c.Query("version"), Default: c.Query("default_version"), Programme: c.Query("programme"),
		Enrolment: registry.EnrolmentStatus(c.Query("enrolment")), After: page.After, Limit: page.Limit, Total: page.After == ""}
	if q.AsWritten, err = truth(c, "as_written"); err != nil {
		return q, err
	}
	q.ChangedSince, err = moment(c, "changed_since")
	return q, err
}

// truth reads true or false; absent it is false.
func truth(c *gin.Context, name string) (bool, error) {
	switch c.Query(name) {
	case "true":
		return true, nil
	case "false", "":
		return false, nil
	}
	return false, badQuery(name, "bad_"+name, "true or false.")
}

// moment reads a time as RFC 3339 writes it; absent it is the zero time.
func moment(c *gin.Context, name string) (time.Time, error) {
	text := c.Query(name)
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Year() < 1 {
		return at, badQuery(name, "bad_"+name, "A time as RFC 3339 writes it, such as 2026-11-22T12:00:00Z.")
	}
	return at, nil
}

// okSearch answers 200 with one page of a search.
func okSearch[T, B any](c *gin.Context, items []T, body func(T) B, next string, total registry.Total) error {
	linkNext(c, next)
	out := searchBody[B]{Items: listOf(items, body).Items}
	if total != (registry.Total{}) || c.Query("after") == "" {
		t := totalBody(total)
		out.Total = &t
	}
	return ok(c, out)
}
