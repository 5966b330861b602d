package rest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// maxLimit is the most things on one page, defaultLimit how many are there unless
// the client says.
const (
	maxLimit     = 200
	defaultLimit = 50
)

// actorOf is who calls; the route group has refused the zero Actor.
func actorOf(c *gin.Context) registry.Actor { return auth.Actor(c.Request.Context()) }

// pathID reads an id in the path. What is no UUID is nowhere: 404 not_found.
func pathID(c *gin.Context, name string) (uuid.UUID, error) {
	text := c.Param(name)
	id, err := uuid.Parse(text)
	if err != nil || !strings.EqualFold(id.String(), text) { // Parse also takes braces and URNs
		return uuid.Nil, respond.NoRoute()
	}
	return id, nil
}

// pathNumber reads a number from 1 on in the path; anything else is 404 not_found.
func pathNumber(c *gin.Context, name string) (int, error) {
	text := c.Param(name)
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || n < 1 || strconv.FormatUint(n, 10) != text {
		return 0, respond.NoRoute()
	}
	return int(n), nil
}

// ifMatch gives the version that a write was made from: If-Match: "7" (RFC 9110
// §13.1.1). Errors: 428 precondition_required without one or for a star, 412
// version_conflict for a tag that no version of ours has.
func ifMatch(c *gin.Context) (int, error) {
	tag, err := respond.IfMatch(c)
	if err != nil {
		return 0, err
	}
	version, err := strconv.ParseUint(tag, 10, 31)
	if err != nil {
		return 0, fault.New(fault.Conflict, "version_conflict", "If-Match names no version of this record.")
	}
	return int(version), nil
}

// setETag names the version that the answer shows; send it back as If-Match.
func setETag(c *gin.Context, version int) { c.Header("ETag", `"`+strconv.Itoa(version)+`"`) }

// pageQuery says which page of a list is wanted.
type pageQuery struct {
	After string // the cursor in the Link of the page before; "": the first page
	Limit int    // 0: as many as the registry finds right
}

// size is how many items are asked for.
func (p pageQuery) size() int {
	if p.Limit == 0 {
		return defaultLimit
	}
	return p.Limit
}

// pageOf reads ?after=&limit=. Error: Invalid "bad_query" with field limit.
func pageOf(c *gin.Context) (pageQuery, error) {
	page := pageQuery{After: c.Query("after")}
	text, ok := c.GetQuery("limit")
	if !ok {
		return page, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxLimit {
		return page, badQuery("limit", "bad_limit", "From 1 to "+strconv.Itoa(maxLimit)+".")
	}
	page.Limit = n
	return page, nil
}

// onlyQuery refuses a query with other parameters than names, or one of them
// twice: a filter that is misspelt must not find everybody. Error: Invalid
// "bad_query" with the wrong parameter.
func onlyQuery(c *gin.Context, names ...string) error {
	for name, values := range c.Request.URL.Query() {
		if !slices.Contains(names, name) {
			return badQuery(name, "unknown_parameter", "There is no such parameter here.")
		}
		if len(values) > 1 {
			return badQuery(name, "doubled", "This parameter stands there twice.")
		}
	}
	return nil
}

// parameters names the parameters that give the members of a map, as
// value[ward] does.
func parameters(name string, members map[string]string) []string {
	var names []string
	for key := range members {
		names = append(names, name+"["+key+"]")
	}
	return names
}

func badQuery(name, code, detail string) error {
	name = strings.ToValidUTF8(name[:min(len(name), 40)], "")
	return fault.InvalidFields("bad_query", "The query cannot be understood.", []fault.Field{{Name: name, Code: code, Detail: detail}})
}

// linkNext tells where the next page is: the same address with another cursor.
// "" is the cursor after the last page: no header.
func linkNext(c *gin.Context, next string) {
	if next == "" {
		return
	}
	query := c.Request.URL.Query()
	query.Set("after", next)
	c.Header("Link", "<"+c.Request.URL.EscapedPath()+"?"+query.Encode()+`>; rel="next"`)
}

// decode reads a JSON body: see respond.BindJSON.
func decode(c *gin.Context, v any) error { return respond.BindJSON(c, v) }

// decodePatch reads a JSON Merge Patch: see respond.BindMergePatch.
func decodePatch(c *gin.Context, v any) error { return respond.BindMergePatch(c, v) }

// list is the body of an answer with several things.
type list[T any] struct {
	Items []T `json:"items"`
}

// ok answers 200 with v.
func ok(c *gin.Context, v any) error { return respond.JSON(c, http.StatusOK, v) }

// okList answers 200 with one page: each item in the shape that body gives it.
// next is the cursor of the page after, "" for none.
func okList[T, B any](c *gin.Context, items []T, body func(T) B, next string) error {
	linkNext(c, next)
	return ok(c, listOf(items, body))
}

func listOf[T, B any](items []T, body func(T) B) list[B] {
	out := list[B]{Items: make([]B, len(items))}
	for i, item := range items {
		out.Items[i] = body(item)
	}
	return out
}

// created answers 201 with v, which is found at location from now on.
func created(c *gin.Context, location string, v any) error {
	c.Header("Location", location)
	return respond.JSON(c, http.StatusCreated, v)
}

// accepted answers 202: the work goes on as a job, which is followed at the
// location (RFC 9110 §15.3.3).
func accepted(c *gin.Context, j registry.Job) error {
	c.Header("Location", jobsPath+"/"+j.ID.String())
	return respond.JSON(c, http.StatusAccepted, jobBodyOf(j))
}

// wantsAsync tells whether the client would rather not wait (RFC 7240 §4.1), and
// if so says that it need not.
func wantsAsync(c *gin.Context) bool {
	for _, line := range c.Request.Header.Values("Prefer") {
		for preference := range strings.SplitSeq(line, ",") {
			name, _, _ := strings.Cut(preference, ";")
			if strings.EqualFold(strings.TrimSpace(name), "respond-async") {
				c.Header("Preference-Applied", "respond-async")
				return true
			}
		}
	}
	return false
}

// noContent answers 204.
func noContent(c *gin.Context) error {
	c.Status(http.StatusNoContent)
	return nil
}
