-- Files in the database: see registry/blob.go.
--
-- blob        one row per file: evidence documents, uploads that wait, downloads that are ready
-- blob_piece  its bytes, sealed, piece by piece
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

ALTER TABLE import_batch ADD COLUMN blob_id TEXT REFERENCES blob (id); -- the file that waits for the import

-- +goose Down
ALTER TABLE import_batch DROP COLUMN blob_id;
DROP TABLE blob_piece;
DROP TABLE blob;
