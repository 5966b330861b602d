package web

import (
	"context"
	"net/url"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/registry"
)

// downloadsParam pages through the downloads of a record beside another list.
const downloadsParam = "downloads"

// downloadsShown is how many downloads a page about a record has.
const downloadsShown = 10

// downloadsView is the files that held a record, newest first.
type downloadsView struct {
	Rows        []downloadRow
	Next, First string
}

// downloadRow is one file, and what it was for.
type downloadRow struct {
	Purpose string
	When    string
	Who     string // "": the reader is not told names of staff
	Href    string // its page; "": not for the reader
	Fields  string
}

// downloadsOf lists the files that held a record: to staff with names.
func (p *Pages) downloadsOf(c *gin.Context, l *locale, id uuid.UUID, fields []registry.Field) (v downloadsView, err error) {
	ctx := c.Request.Context()
	actor := auth.Actor(ctx)
	page, err := p.registry.DownloadsOf(ctx, actor, id, c.Query(downloadsParam), downloadsShown)
	if err != nil {
		return v, err
	}
	for _, d := range page.Downloads {
		row := downloadRow{Purpose: d.Purpose, When: l.dateTime(d.CreatedAt), Fields: p.fieldNames(l, fields, d.Fields)}
		if actor.RegistrantID != id {
			row.Who, row.Href = d.CreatedBy, exportPath(d.ID)
		}
		v.Rows = append(v.Rows, row)
	}
	v.Next, v.First = turnIn(c.Request.URL, downloadsParam, page.Next)
	return v, nil
}

// turnIn leads through one of several lists of a page, and leaves the others where they
// are.
func turnIn(here *url.URL, param, next string) (nextHref, firstHref string) {
	query := here.Query()
	query.Del(localeParam)
	query.Del("done")
	if query.Get(param) != "" {
		first := here.Query()
		first.Del(param)
		firstHref = addressOf(here.Path, first)
	}
	if next != "" {
		query.Set(param, next)
		nextHref = addressOf(here.Path, query)
	}
	return nextHref, firstHref
}

// tellDownloads is the same for the data that a person takes along.
func (p *Pages) tellDownloads(ctx context.Context, l *locale, a registry.Actor, tell func(dataRow) error) error {
	fields, err := p.registry.Fields(ctx)
	if err != nil {
		return err
	}
	return eachPage(func(after string) (string, error) {
		page, err := p.registry.DownloadsOf(ctx, a, a.RegistrantID, after, dataPage)
		for _, d := range page.Downloads {
			if err := tell(dataRow{ID: d.ID.String(), What: string(d.Format), Value: p.fieldNames(l, fields, d.Fields), At: d.CreatedAt, Note: d.Purpose}); err != nil {
				return "", err
			}
		}
		return page.Next, err
	})
}
