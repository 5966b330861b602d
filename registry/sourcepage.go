package registry

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"socialregistry/internal/fault"
	"socialregistry/internal/outbound"
	"socialregistry/registry/mapping"
)

// sourcePage is a page that was fetched.
type sourcePage struct {
	rows []mapping.RawRow
	next string // cursor of the next page; "": there is none
}

// fetch asks for the page at the cursor.
func (p *pulling) fetch(ctx context.Context) (sourcePage, error) {
	s := p.src.Spec.V
	u, err := pageURL(s, p.src.Position)
	if err != nil {
		return sourcePage{}, err
	}
	header := http.Header{}
	if len(p.src.Secret) > 0 {
		secret, err := p.r.secrets.Open(p.src.Secret, sourceAAD(p.src.Key))
		if err != nil {
			return sourcePage{}, err
		}
		header.Set(s.AuthHeader, string(secret))
	}
	answer, err := p.r.outbound.Get(ctx, u, header)
	if fault.CodeOf(err) == "source_refused" && p.src.Position != "" {
		err = errCursorRefused(s.Cursor.Keep, err)
	}
	if err != nil {
		return sourcePage{}, err
	}
	page, err := readSourcePage(s, u, answer)
	return page, sourceFault(err)
}

// pageURL is the address of the page at a cursor.
func pageURL(s Source, cursor string) (*url.URL, error) {
	u, err := url.Parse(s.URL)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "invalid_url", "The address of the source is none.", err)
	}
	if cursor != "" && s.Cursor.In == CursorLink {
		u.RawQuery = cursor
		return u, nil
	}
	q := u.Query()
	if s.PageSize > 0 {
		q.Set(s.PageSizeParam, strconv.Itoa(s.PageSize))
	}
	if cursor != "" {
		q.Set(s.Cursor.Param, cursor)
	}
	u.RawQuery = q.Encode()
	return u, nil
}

// readSourcePage reads an answer; one without content is an empty last page.
func readSourcePage(s Source, u *url.URL, answer outbound.Answer) (sourcePage, error) {
	if answer.NoContent {
		return sourcePage{}, nil
	}
	body, err := mapping.ReadPage(answer.Body)
	if err != nil {
		return sourcePage{}, err
	}
	var page sourcePage
	if page.rows, err = body.Rows(s.RowsPath); err != nil {
		return sourcePage{}, err
	}
	switch s.Cursor.In {
	case CursorBody:
		page.next, err = body.Cursor(s.Cursor.Path)
	case CursorLink:
		page.next, err = nextLink(u, answer.Link)
	}
	return page, err
}

// nextLink gives the query of the link to the next page. Another address than the
// source's own is none to follow.
func nextLink(u *url.URL, fields []string) (string, error) {
	target, ok := mapping.NextLink(fields)
	if !ok {
		return "", nil
	}
	next, err := u.Parse(target)
	if err != nil || next.Scheme != u.Scheme || next.Host != u.Host || next.Path != u.Path || next.User != nil || len(next.RawQuery) > mapping.MaxCursor {
		return "", mapping.ErrBadCursor
	}
	return next.RawQuery, nil
}

// sourceFault says what is wrong with a page.
func sourceFault(err error) error {
	for _, f := range []struct {
		err         error
		code, words string
	}{
		{mapping.ErrNotJSON, "answer_not_json", "The answer is not JSON."},
		{mapping.ErrTooDeep, "answer_too_deep", "The answer is nested too deep."},
		{mapping.ErrNoRows, "no_rows", "There is no list where the rows should be."},
		{mapping.ErrTooManyRows, "too_many_rows", "The page has too many rows: ask for smaller ones."},
		{mapping.ErrBadCursor, "bad_cursor", "What stands for the next page is no cursor, or leads elsewhere."},
	} {
		if errors.Is(err, f.err) {
			return fault.Wrap(fault.Invalid, f.code, f.words, err)
		}
	}
	return err
}
