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
  id         uuid        PRIMARY KEY,                  -- UUIDv7
  kid        text,                                     -- its own key, wrapped as in record_key; NULL: the key of the record that it belongs to
  wrapped    bytea,
  kek        text,
  size       bigint      NOT NULL,                     -- bytes
  sha256     bytea,                                    -- sealed; NULL until the file is whole
  media_type text        NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz                               -- deleted after that; NULL: when its owner says
);
CREATE INDEX blob_expiry ON blob (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE blob_piece (
  blob_id uuid    NOT NULL REFERENCES blob (id) ON DELETE CASCADE,
  seq     integer NOT NULL,                            -- 0, 1, 2, ...
  piece   bytea   NOT NULL,                            -- sealed
  PRIMARY KEY (blob_id, seq)
);

CREATE TABLE document (
  registrant_id uuid        NOT NULL REFERENCES registrant (id),
  id            uuid        NOT NULL,            -- UUIDv7
  content_hash  bytea       NOT NULL,            -- keyed hash of the SHA-256, 16 bytes: the same content is kept once per record
  hash_key_id   text        NOT NULL,
  blob_id       uuid        NOT NULL UNIQUE REFERENCES blob (id), -- sealed by the key of the record: gone with it
  meta          bytea       NOT NULL,            -- file name and SHA-256, sealed by the key of the record
  by_self       boolean     NOT NULL,            -- the registrant has uploaded it, perhaps after somebody else
  uploaded_by   text        NOT NULL,
  uploaded_at   timestamptz NOT NULL,
  PRIMARY KEY (registrant_id, id),
  UNIQUE (registrant_id, content_hash)
);

CREATE TABLE attestation_document (
  registrant_id uuid        NOT NULL,
  field         smallint    NOT NULL,
  seq           integer     NOT NULL,
  document_id   uuid        NOT NULL,
  PRIMARY KEY (registrant_id, field, seq, document_id),
  FOREIGN KEY (registrant_id, field, seq) REFERENCES attestation (registrant_id, field, seq),
  FOREIGN KEY (registrant_id, document_id) REFERENCES document (registrant_id, id)
);
CREATE INDEX attestation_document_named ON attestation_document (registrant_id, document_id);

ALTER TABLE import_batch ADD COLUMN blob_id uuid REFERENCES blob (id); -- the file that waits for the import

-- +goose Down
ALTER TABLE import_batch DROP COLUMN blob_id;
DROP TABLE attestation_document;
DROP TABLE document;
DROP TABLE blob_piece;
DROP TABLE blob;
