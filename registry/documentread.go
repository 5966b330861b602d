package registry

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// Documents lists the documents of a person or a group, oldest first. Registrants
// are told of those that they uploaded and of those that a decision on their
// record is based on; nobody is told of one by a field that they may not see. It
// returns NotFound, Forbidden, or Gone "record_erased".
func (r *Registry) Documents(ctx context.Context, a Actor, id uuid.UUID) ([]Document, error) {
	var out []Document
	err := r.readDocuments(ctx, a, id, func(_ *gorm.DB, _ record, shown []Document) error {
		out = shown
		return nil
	})
	return out, err
}

// DocumentFile is a document with its bytes: they are read from the database as
// they are asked for, for as long as the context of OpenDocument lasts.
type DocumentFile struct {
	Document
	io.Reader
}

// OpenDocument opens one document. It returns what Documents does, and NotFound
// "no_such_document".
func (r *Registry) OpenDocument(ctx context.Context, a Actor, id, document uuid.UUID) (DocumentFile, error) {
	var out DocumentFile
	var rec record
	err := r.readDocuments(ctx, a, id, func(_ *gorm.DB, found record, shown []Document) (err error) {
		rec = found
		out.Document, err = pickDocument(shown, document)
		return err
	})
	if err != nil {
		return DocumentFile{}, err
	}
	file, err := r.openBlobUnder(ctx, rec.key, out.blob)
	out.Reader = file
	return out, err
}

// RemoveDocument deletes a document that nothing refers to: no decision, and no
// value of this or an earlier version. Registrants remove what they uploaded
// themselves. It returns NotFound, also "no_such_document", Forbidden, Conflict
// "document_in_use", Gone "record_erased", or Invalid "invalid_values" for the reason.
func (r *Registry) RemoveDocument(ctx context.Context, a Actor, id, document uuid.UUID, reason string) error {
	if err := a.checkOn(toRemoveDocument, id); err != nil {
		return err
	}
	reason, err := cleanReason(reason)
	if err != nil {
		return err
	}
	return r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		recs, err := r.lockRecords(tx, a.to(toRemoveDocument), id)
		if err != nil {
			return err
		}
		rec := recs[id]
		refs, shown, err := r.shownDocuments(tx, a, *rec)
		if err != nil {
			return err
		}
		d, err := pickDocument(shown, document)
		switch {
		case err != nil:
			return err
		case !a.may(toRemoveDocument) && d.UploadedBy != a.name():
			return errNoDocument()
		case len(refs.fields[d.ID]) > 0:
			return fault.New(fault.Conflict, "document_in_use", "A decision or a value refers to this document, so it stays.")
		}
		return r.deleteDocument(tx, a, rec, d, reason, now)
	})
}

func (r *Registry) deleteDocument(tx *gorm.DB, a Actor, rec *record, d Document, reason string, now db.Time) error {
	if err := tx.Exec(`DELETE FROM document WHERE registrant_id = ? AND id = ?`, rec.row.ID, d.ID).Error; err != nil {
		return fmt.Errorf("delete a document: %w", err)
	}
	if err := dropBlob(tx, d.blob); err != nil {
		return err
	}
	return r.noteDocument(tx, a, rec, d.ID.String(), "", reason, now)
}

// readDocuments reads a record and those of its documents that are for the actor.
func (r *Registry) readDocuments(ctx context.Context, a Actor, id uuid.UUID, use func(tx *gorm.DB, rec record, shown []Document) error) error {
	if err := a.checkOn(toReadDocuments, id); err != nil {
		return err
	}
	return r.reading(ctx, a, id, func(tx *gorm.DB) error {
		rec, err := r.loadRecord(tx, a.to(toReadDocuments), id, "")
		if err != nil {
			return err
		}
		_, shown, err := r.shownDocuments(tx, a, rec)
		if err != nil {
			return err
		}
		return use(tx, rec, shown)
	})
}

// shownDocuments gives the documents of a record that are for the actor, and what
// refers to them.
func (r *Registry) shownDocuments(tx *gorm.DB, a Actor, rec record) (documentRefs, []Document, error) {
	fields, err := r.fieldSetOf(tx, rec.row.Kind)
	if err != nil {
		return documentRefs{}, nil, err
	}
	all, err := loadDocuments(tx, rec)
	if err != nil {
		return documentRefs{}, nil, err
	}
	refs, err := r.documentRefs(tx, fields, rec, all)
	if err != nil {
		return documentRefs{}, nil, err
	}
	hidden := fields.hiddenFrom(a)
	for i, d := range all {
		all[i].Used = slices.Compact(slices.Sorted(slices.Values(refs.fields[d.ID])))
	}
	return refs, slices.DeleteFunc(all, func(d Document) bool { return !refs.shows(a, hidden, d) }), nil
}

// documentRefs says what refers to the documents of a record.
type documentRefs struct {
	fields  map[uuid.UUID][]string // keys of the fields whose values or decisions name a document
	decided map[uuid.UUID]bool     // it is evidence of a decision about a field that may be seen or not
}

// shows tells whether a document is for the actor. Who uploaded it may see it,
// whatever it was used for since.
func (refs documentRefs) shows(a Actor, hidden map[string]bool, d Document) bool {
	switch {
	case d.UploadedBy == a.name():
		return true
	case slices.ContainsFunc(slices.Concat(refs.fields[d.ID], d.Fields), func(key string) bool { return hidden[key] }):
		return !a.may(toReadDocuments) && d.bySelf
	}
	return a.may(toReadDocuments) || d.bySelf || refs.decided[d.ID]
}

// documentRefs finds the values and decisions that name documents of a record, in
// all its versions.
func (r *Registry) documentRefs(tx *gorm.DB, fields *fieldSet, rec record, all []Document) (documentRefs, error) {
	out := documentRefs{map[uuid.UUID][]string{}, map[uuid.UUID]bool{}}
	if len(all) == 0 {
		return out, nil
	}
	evidence, err := loadEvidence(tx, rec.row.ID)
	if err != nil {
		return out, err
	}
	for _, e := range evidence {
		out.fields[e.DocumentID] = append(out.fields[e.DocumentID], fields.byNo[e.Field].Key)
		out.decided[e.DocumentID] = true
	}
	byHash := map[string]uuid.UUID{}
	for _, d := range all {
		byHash[d.SHA256] = d.ID
	}
	return out, fields.eachDocumentValue(tx, rec, func(key, sha256 string) {
		if id, ok := byHash[sha256]; ok {
			out.fields[id] = append(out.fields[id], key)
		}
	})
}

// eachDocumentValue tells of every value of a field of type document, in every
// version of a record. Without such a field nothing is read.
func (s *fieldSet) eachDocumentValue(tx *gorm.DB, rec record, tell func(key, sha256 string)) error {
	var keys []string
	for _, def := range s.list {
		if def.Type == TypeDocument {
			keys = append(keys, def.Key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	var versions []versionRow
	if err := tx.Where("registrant_id = ?", rec.row.ID).Find(&versions).Error; err != nil {
		return fmt.Errorf("load versions: %w", err)
	}
	for i := range versions {
		text, err := versions[i].Values.open(rec.key)
		if err != nil {
			return fmt.Errorf("open version %d: %w", versions[i].VersionNo, err)
		}
		for _, key := range keys {
			if text[key] != "" {
				tell(key, text[key])
			}
		}
	}
	return nil
}

func pickDocument(list []Document, id uuid.UUID) (Document, error) {
	for _, d := range list {
		if d.ID == id {
			return d, nil
		}
	}
	return Document{}, errNoDocument()
}

func errNoDocument() error {
	return fault.New(fault.NotFound, "no_such_document", "This record has no such document.")
}
