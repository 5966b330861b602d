package web

import (
	"context"
	"slices"

	"socialregistry/registry"
)

// evidenceName is the hidden input that names a document which was sent with an
// edit: a browser does not keep a file from one page to the next.
const evidenceName = "evidence"

// takeEvidence keeps the file that came with an edit of the own record as a document
// of it, and finds those that came before. A file that is refused is a mistake in
// the form; nothing that was typed is lost.
func (p *Pages) takeEvidence(ctx context.Context, e *editing, form sentForm) error {
	if ids := form.Values[evidenceName]; len(ids) > 0 {
		own, err := p.registry.Documents(ctx, e.actor, e.actor.RegistrantID)
		if err != nil {
			return err
		}
		for _, d := range own {
			if slices.Contains(ids, d.ID.String()) {
				e.evidence = append(e.evidence, d)
			}
		}
	}
	if form.file == nil {
		return nil
	}
	d, err := p.keepFile(ctx, e.actor, form, plainText(e.l.t("edit.file_reason", "section", sectionTitle(e.l, e.fields[0].Section))))
	if err == nil && !slices.ContainsFunc(e.evidence, func(old registry.Document) bool { return old.ID == d.ID }) {
		e.evidence = append(e.evidence, d)
	}
	return err
}

// sent names the documents that were sent with an edit.
func (e *editing) sent() []hidden {
	var out []hidden
	for _, d := range e.evidence {
		out = append(out, hidden{d.ID.String(), d.Name})
	}
	return out
}
