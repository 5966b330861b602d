-- Files in the database: see registry/blob.go and registry/document.go.
--
-- blob                  one row per file: evidence documents, uploads that wait, downloads that are ready
-- blob_piece            its bytes, sealed, piece by piece
-- document              an evidence document of one person or group
-- attestation_document  which documents a decision is based on
--
-- What a file was sent as is nowhere: media_type is what its bytes say. The hash is sealed, since who knows the
-- hash can tell whether a file that he has a copy of is here.

-- +goose Up
CREATE TABLE blob (
  id         TEXT    NOT NULL PRIMARY KEY,               -- UUIDv7
  kid        TEXT,                                       -- its own key, wrapped as in record_key; NULL: the key of the record that it belongs to
  wrapped    BLOB,
  kek        TEXT,
  size       INTEGER NOT NULL,                           -- bytes
  sha256     BLOB,                                       -- sealed; NULL until the file is whole
  media_type TEXT    NOT NULL,
  created_at TEXT    NOT NULL,
  expires_at TEXT                                        -- deleted after that; NULL: when its owner says
) STRICT;
CREATE INDEX blob_expiry ON blob (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE blob_piece (
  blob_id TEXT    NOT NULL REFERENCES blob (id) ON DELETE CASCADE,
  seq     INTEGER NOT NULL,                              -- 0, 1, 2, ...
  piece   BLOB    NOT NULL,                              -- sealed
  PRIMARY KEY (blob_id, seq)
) STRICT;

CREATE TABLE document (
  registrant_id TEXT    NOT NULL REFERENCES registrant (id),
  id            TEXT    NOT NULL,            -- UUIDv7
  content_hash  BLOB    NOT NULL,            -- keyed hash of the SHA-256, 16 bytes: the same content is kept once per record
  hash_key_id   TEXT    NOT NULL,
  blob_id       TEXT    NOT NULL UNIQUE REFERENCES blob (id), -- sealed by the key of the record: gone with it
  meta          BLOB    NOT NULL,            -- file name and SHA-256, sealed by the key of the record
  by_self       INTEGER NOT NULL CHECK (by_self IN (0, 1)), -- the registrant has uploaded it, perhaps after somebody else
  uploaded_by   TEXT    NOT NULL,
  uploaded_at   TEXT    NOT NULL,
  PRIMARY KEY (registrant_id, id),
  UNIQUE (registrant_id, content_hash)
) STRICT;

CREATE TABLE attestation_document (
  registrant_id TEXT    NOT NULL,
  field         INTEGER NOT NULL,
  seq           INTEGER NOT NULL,
  document_id   TEXT    NOT NULL,
  PRIMARY KEY (registrant_id, field, seq, document_id),
  FOREIGN KEY (registrant_id, field, seq) REFERENCES attestation (registrant_id, field, seq),
  FOREIGN KEY (registrant_id, document_id) REFERENCES document (registrant_id, id)
) STRICT;
CREATE INDEX attestation_document_named ON attestation_document (registrant_id, document_id);

ALTER TABLE import_batch ADD COLUMN blob_id TEXT REFERENCES blob (id); -- the file that waits for the import

-- +goose Down
ALTER TABLE import_batch DROP COLUMN blob_id;
DROP TABLE attestation_document;
DROP TABLE document;
DROP TABLE blob_piece;
DROP TABLE blob;
