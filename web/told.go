package web

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// toldPrefix begins the name of a note in which a person told of a change in the
// household: see tellHousehold.
const toldPrefix = "household-"

// toldNote is what a person told the office: a document of the record.
type toldNote struct {
	When string
	Link documentLink
}

// toldNotes are the notes about the household in a record, the newest first: to the
// person, and to staff who may read documents. base is of the person's pages.
func (p *Pages) toldNotes(ctx context.Context, l *locale, actor registry.Actor, id uuid.UUID, base string) (out []toldNote, err error) {
	list, err := p.registry.Documents(ctx, actor, id)
	if fault.KindOf(err) == fault.Forbidden {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, d := range slices.Backward(list) {
		if strings.HasPrefix(d.Name, toldPrefix) && strings.HasSuffix(d.Name, ".txt") {
			out = append(out, toldNote{l.dateTime(d.UploadedAt), p.documentLink(l, base, d)})
		}
	}
	return out, nil
}
