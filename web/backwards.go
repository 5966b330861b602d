package web

import (
	"net/url"
	"strconv"

	"socialregistry/internal/fault"
)

// backPage is how many entries a page has that goes from the newest back.
const backPage = 25

// backwards is one page of entries that are numbered 1, 2, 3, ... and read from the
// newest back: the numbers from+1 to to.
type backwards struct {
	from, to int
	base     string
	later    bool // it is not the page of the newest
}

// backFrom reads the page that an address asks for: ?before= the number that it
// ends below, of entries up to newest. It returns Invalid "bad_cursor".
func backFrom(base string, asked url.Values, newest int) (backwards, error) {
	b := backwards{to: newest, base: base}
	if text := asked.Get("before"); text != "" {
		n, err := wholeNumber(text)
		if err != nil || n < 1 {
			return b, fault.Wrap(fault.Invalid, "bad_cursor", "This page of the list is no longer there.", err)
		}
		b.to, b.later = min(n-1, newest), n <= newest
	}
	b.from = max(0, b.to-backPage)
	return b, nil
}

// after is the cursor of the registry for the entries of the page.
func (b backwards) after() string {
	if b.from == 0 {
		return ""
	}
	return strconv.Itoa(b.from)
}

// links are the addresses of the older entries, and of the newest.
func (b backwards) links() (t turn) {
	if b.from > 0 {
		t.Next = b.base + "?before=" + strconv.Itoa(b.from+1)
	}
	if b.later {
		t.First = b.base
	}
	return t
}
