package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// DocumentLinks says of which fields a document is evidence.
type DocumentLinks struct {
	Fields []string // keys
	// Seen are the fields that it was linked to when whoever asks looked at it; nil:
	// nobody looked. With Also, all that it is linked to already stay.
	Seen   []string
	Also   bool
	Reason string
}

// LinkDocument says of which fields a document of a record is evidence: of these,
// and of no others that the actor is told of. Whoever decides about one of them
// sees the document beside the value. It returns NotFound, also
// "no_such_document", Forbidden, Conflict "version_conflict" when it is linked to
// other fields than were seen, Gone "record_erased", or Invalid "invalid_links" with
// the wrong fields or "invalid_values" for the reason.
func (r *Registry) LinkDocument(ctx context.Context, a Actor, id, document uuid.UUID, to DocumentLinks) (d Document, err error) {
	if err := a.checkOn(toAddDocument, id); err != nil {
		return Document{}, err
	}
	if to.Reason, err = cleanReason(to.Reason); err != nil {
		return Document{}, err
	}
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		recs, err := r.lockRecords(tx, a.to(toAddDocument), id)
		if err != nil {
			return err
		}
		rec := recs[id]
		_, shown, err := r.shownDocuments(tx, a, *rec)
		if err != nil {
			return err
		}
		if d, err = pickDocument(shown, document); err != nil {
			return err
		}
		if !a.may(toAddDocument) && d.UploadedBy != a.name() {
			return errNoDocument()
		}
		if err := r.linksSeen(tx, a, d, to.Seen); err != nil {
			return err
		}
		links, err := r.linksOf(tx, a, rec, to.Fields)
		if err != nil {
			return err
		}
		if to.Also {
			links = append(links, d.Fields...)
			slices.Sort(links)
			links = slices.Compact(links)
		}
		return r.storeLinks(tx, a, rec, &d, links, to.Reason, now)
	})
	return d, err
}

// linksSeen returns Conflict "version_conflict" when a document is linked to other
// fields that the actor is told of than were seen.
func (r *Registry) linksSeen(tx *gorm.DB, a Actor, d Document, seen []string) error {
	if seen == nil {
		return nil
	}
	hidden, err := r.hiddenFrom(tx, a)
	if err != nil {
		return err
	}
	told := func(keys []string) []string {
		keys = slices.Sorted(slices.Values(keys))
		return slices.Compact(slices.DeleteFunc(keys, func(key string) bool { return hidden[key] }))
	}
	if !slices.Equal(told(d.Fields), told(seen)) {
		return fault.New(fault.Conflict, "version_conflict", "Somebody else has linked this document to other fields since you opened it.")
	}
	return nil
}

// linksOf checks the fields that a document is to be evidence of, and gives each
// once. It returns Invalid "invalid_links".
func (r *Registry) linksOf(tx *gorm.DB, a Actor, rec *record, fields []string) ([]string, error) {
	if len(fields) == 0 {
		return nil, nil
	}
	all, err := r.fieldSetOf(tx, rec.row.Kind)
	if err != nil {
		return nil, err
	}
	hidden := all.hiddenFrom(a)
	var bad []fault.Field
	for _, key := range fields {
		if all.byKey[key] == nil || hidden[key] {
			bad = append(bad, fault.Field{Name: key, Code: CodeUnknownField, Detail: "There is no such field."})
		}
	}
	if len(bad) > 0 {
		return nil, fault.InvalidFields("invalid_links", "The document cannot be linked to these fields.", bad)
	}
	return slices.Compact(slices.Sorted(slices.Values(fields))), nil
}

// storeLinks writes the links of a document, and what differs into the change log:
// those of fields that the actor is not told of stay.
func (r *Registry) storeLinks(tx *gorm.DB, a Actor, rec *record, d *Document, links []string, reason string, now db.Time) error {
	hidden, err := r.hiddenFrom(tx, a)
	if err != nil {
		return err
	}
	var diff []diffEntry
	for _, key := range d.Fields {
		switch {
		case hidden[key]:
			links = append(links, key)
		case !slices.Contains(links, key):
			diff = append(diff, diffEntry{Field: key, Kind: KindDocument, Old: d.ID.String()})
		}
	}
	for _, key := range links {
		if !slices.Contains(d.Fields, key) {
			diff = append(diff, diffEntry{Field: key, Kind: KindDocument, New: d.ID.String()})
		}
	}
	if len(diff) == 0 {
		return nil
	}
	d.Fields = links
	meta, err := d.sealedMeta(rec)
	if err != nil {
		return err
	}
	if err := tx.Exec(`UPDATE document SET meta = ? WHERE registrant_id = ? AND id = ?`, meta, rec.row.ID, d.ID).Error; err != nil {
		return fmt.Errorf("link a document: %w", err)
	}
	return r.note(tx, r.newBuilder(nil, a, reason, now), rec, diff...)
}

// sealedMeta is what is known of a document, as it is stored.
func (d Document) sealedMeta(rec *record) (db.Bytes, error) {
	meta, err := json.Marshal(documentMeta{d.Name, d.SHA256, d.Fields})
	if err != nil {
		return nil, fmt.Errorf("write what is known of a document: %w", err)
	}
	return rec.key.Seal(sealedDocument, d.ID.String(), meta), nil
}
