package web

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// toldPrefix begins the name of a note in which a person told of a change in the
// household before that was a change request.
const toldPrefix = "household-"

// toldNote is what a person told the office: a document of the record.
type toldNote struct {
	When string
	Link documentLink
}

// toldNotes are the notes of that kind in a record, the newest first: to the person, and to staff who may read documents. base is of the person's pages.
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

// maxTold is how many notes of one field a page shows; all of them are requests.
const maxTold = 10

// told tells whether the form is for notes to the office alone.
func (e *editing) told() bool {
	return !e.staff && len(e.fields) > 0 && !slices.ContainsFunc(e.fields, func(f registry.Field) bool { return !f.Approval.Note })
}

// untold says what is missing in a form for notes that says nothing.
func (e *editing) untold() []fault.Field {
	if !e.told() || slices.ContainsFunc(e.fields, func(f registry.Field) bool { return strings.TrimSpace(e.values[f.Key]) != "" }) {
		return nil
	}
	return []fault.Field{{Name: e.fields[0].Key, Code: registry.CodeRequired, Detail: "This is needed."}}
}

// notesOf are the fields of notes to the office.
func notesOf(fields []registry.Field) []registry.Field {
	return slices.DeleteFunc(slices.Clone(fields), func(f registry.Field) bool { return !f.Approval.Note })
}

// tellLink leads to the form for a note.
type tellLink struct {
	Path  string
	Label words
}

// tell finds where the reader tells the office of something, what was told so far, the
// newest first, and how much of it waits for an answer.
func (p *Pages) tell(ctx context.Context, l *locale, actor registry.Actor) (forms []tellLink, asked []ownRequestLine, open int, err error) {
	fields, err := p.registry.Fields(ctx)
	if err != nil {
		return nil, nil, 0, err
	}
	for _, f := range notesOf(fields) {
		if !actor.MaySee(f) {
			continue
		}
		if mayEdit(actor, f) {
			forms = append(forms, tellLink{"/me/edit/" + url.PathEscape(f.Section), p.label(l, f)})
		}
		page, err := p.registry.RequestsOf(ctx, actor, actor.RegistrantID, registry.RequestQuery{Field: f.Key, Newest: true, Limit: maxTold})
		if err != nil {
			return nil, nil, 0, err
		}
		for _, q := range page.Requests {
			asked = append(asked, p.ownRequestLine(l, f, q))
			if q.State == registry.RequestSent {
				open++
			}
		}
	}
	return forms, asked, open, nil
}

// areNotes tells whether what these keys name is notes to the office.
func areNotes(fields []registry.Field, keys []string) bool {
	notes := fieldsByKey(notesOf(fields))
	return len(keys) > 0 && !slices.ContainsFunc(keys, func(key string) bool { return notes[key].Key == "" })
}
