package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/seal"
)

// KindDocument is the Kind of a FieldChange about an evidence document, which Old
// and New name by its ID: one that was stored or removed (Field is "document"), or
// that a decision about Field is based on.
const KindDocument = "document"

const documentNote = "document" // Field of a KindDocument that is about no field

// DefaultMaxDocument is the greatest size of a document in bytes, unless Config
// says otherwise.
const DefaultMaxDocument = 10 << 20

// maxDocuments is how many one record has.
const maxDocuments = 200

// ErrInfected is what Config.Scan returns for a file that nobody must open.
var ErrInfected = errors.New("registry: the file is infected")

// Scan looks whether a file is fit to be kept. It returns nil, ErrInfected, or
// what kept it from looking.
type Scan func(ctx context.Context, file io.Reader) error

// Document is a file that belongs to a person or a group: evidence for what the
// record says. Its content never changes.
type Document struct {
	ID         uuid.UUID
	Name       string // of the file, without folders; its ending fits MediaType
	MediaType  string // as the bytes say, never the sender: one of those that a document may have
	Size       int64  // bytes
	SHA256     string // sha256: and 64 hexadecimal digits: the value of a field of type document
	UploadedBy string // name of the account
	UploadedAt time.Time
	Fields     []string // keys of the fields that it was linked to as evidence
	Used       []string // keys of the fields whose values or decisions rest on it: it cannot be removed
	bySelf     bool     // the registrant has uploaded it, perhaps after somebody else
	blob       uuid.UUID
}

// NewDocument is what is said about a file that is uploaded.
type NewDocument struct {
	Name   string   // of the file
	Fields []string // keys of the fields that it is evidence of
	Reason string   // for the change log
}

// AddDocument keeps a file for a person or a group, sealed by the key of the
// record. Until it was looked at and scanned it is in quarantine: nobody can read
// or name it, and if it does not pass it is deleted. The same content is kept once
// per record: created tells whether it is new. It returns NotFound; Forbidden;
// Gone "record_erased"; TooLarge "upload_too_large"; Invalid "upload_malformed" for
// a file that was cut off, "document_empty", "document_type" for one that is none
// of the types allowed, "infected", "too_many_documents", "invalid_links" for fields, or "invalid_values" for
// the reason; Unavailable "scanner_unavailable".
func (r *Registry) AddDocument(ctx context.Context, a Actor, id uuid.UUID, src io.Reader, n NewDocument) (d Document, created bool, err error) {
	if err := a.checkOn(toAddDocument, id); err != nil {
		return Document{}, false, err
	}
	if n.Reason, err = cleanReason(n.Reason); err != nil {
		return Document{}, false, err
	}
	key, err := r.recordKey(ctx, a.to(toAddDocument), id)
	if err != nil {
		return Document{}, false, err
	}
	file, err := r.writeBlobUnder(ctx, key, src, r.maxDocument)
	if err != nil {
		return Document{}, false, err
	}
	if err = r.inspect(ctx, key, file); err == nil {
		d, err = r.storeDocument(ctx, a, id, file, n)
	}
	if err != nil || d.blob != file.ID { // it did not pass, or was here already
		clean := context.WithoutCancel(ctx)
		return d, false, errors.Join(err, dropBlob(r.db.WithContext(clean), file.ID))
	}
	return d, true, nil
}

// MaxDocument is the greatest size of a document in bytes.
func (r *Registry) MaxDocument() int64 { return r.maxDocument }

// recordKey gives the key of a record that is for the actor.
func (r *Registry) recordKey(ctx context.Context, who access, id uuid.UUID) (key seal.Record, err error) {
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		if _, err := readRow(tx, who, id, ""); err != nil {
			return err
		}
		key, err = r.loadKey(tx, id)
		return err
	})
	return key, err
}

// inspect decides whether a file in quarantine may come in.
func (r *Registry) inspect(ctx context.Context, key seal.Record, file blob) error {
	switch {
	case file.Size == 0:
		return fault.New(fault.Invalid, "document_empty", "The file is empty.")
	case endings(file.MediaType) == nil:
		return fault.New(fault.Invalid, "document_type", "A document is a PDF, a JPEG, PNG or WebP picture, or plain text in UTF-8. This file is none of them, whatever its name says.")
	case r.scan == nil:
		return nil
	}
	bytes, err := r.openBlobUnder(ctx, key, file.ID)
	if err != nil {
		return err
	}
	err = r.scan(ctx, bytes)
	switch {
	case errors.Is(err, ErrInfected):
		return fault.New(fault.Invalid, "infected", "The scanner found something harmful in the file. It was deleted.")
	case err != nil:
		return fault.Wrap(fault.Unavailable, "scanner_unavailable", "The file could not be scanned, so it was not kept. Try again later.", err)
	}
	return nil
}

// storeDocument makes a file that has passed a document of the record, or gives
// the document that has the same content.
func (r *Registry) storeDocument(ctx context.Context, a Actor, id uuid.UUID, file blob, n NewDocument) (d Document, err error) {
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		recs, err := r.lockRecords(tx, a.to(toAddDocument), id)
		if err != nil {
			return err
		}
		rec := recs[id]
		if n.Fields, err = r.linksOf(tx, a, rec, n.Fields); err != nil {
			return err
		}
		all, err := loadDocuments(tx, *rec)
		if err != nil {
			return err
		}
		d = newDocument(a, file, n, now)
		at := slices.IndexFunc(all, func(old Document) bool { return old.SHA256 == d.SHA256 })
		switch {
		case at >= 0:
			d, err = r.uploadedAgain(tx, a, rec, all[at], d.bySelf, n.Reason, now)
			return err
		case len(all) >= maxDocuments:
			return fault.New(fault.Invalid, "too_many_documents", fmt.Sprintf("A record has at most %d documents.", maxDocuments))
		}
		return r.insertDocument(tx, a, rec, d, n.Reason, now)
	})
	return d, err
}
