-- Files in the database: see registry/blob.go.
--
-- blob        one row per file: evidence documents, uploads that wait, downloads that are ready
-- blob_piece  its bytes, sealed, piece by piece
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

ALTER TABLE import_batch ADD COLUMN blob_id uuid REFERENCES blob (id); -- the file that waits for the import

-- +goose Down
ALTER TABLE import_batch DROP COLUMN blob_id;
DROP TABLE blob_piece;
DROP TABLE blob;
