package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"socialregistry/internal/secret"
)

// masterKey finds the master key: in the settings, else in its file. The file is
// made at first start, readable by its owner alone, but only for a database that
// is not bound to a key yet, and only beside SQLite: on PostgreSQL several
// processes share one key, so somebody has to hand it to them.
func masterKey(c Config, bound bool, log *slog.Logger) (secret.Master, error) {
	if c.MasterKey != "" {
		return secret.ParseMaster(c.MasterKey)
	}
	master, err := readMasterKey(c.MasterKeyFile)
	if !errors.Is(err, fs.ErrNotExist) {
		return master, err
	}
	if bound {
		return secret.Master{}, errors.New("the master key of this database is missing: put it back into the file of SR_MASTER_KEY_FILE, or set SR_MASTER_KEY; a new key could read nothing")
	}
	if !strings.HasPrefix(c.DatabaseURL, "sqlite:") {
		return secret.Master{}, errors.New("there is no master key: set SR_MASTER_KEY, or SR_MASTER_KEY_FILE to a file that holds it (make one with: openssl rand -base64 32)")
	}
	if err := makeMasterKey(c.MasterKeyFile); err != nil {
		return secret.Master{}, fmt.Errorf("make the master key (SR_MASTER_KEY_FILE): %w", err)
	}
	log.Info("made a master key in the file of SR_MASTER_KEY_FILE; back it up apart from the database")
	return readMasterKey(c.MasterKeyFile)
}

func readMasterKey(name string) (secret.Master, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return secret.Master{}, fmt.Errorf("read the master key (SR_MASTER_KEY_FILE): %w", err)
	}
	master, err := secret.ParseMaster(string(text))
	if err != nil {
		return secret.Master{}, fmt.Errorf("read the master key (SR_MASTER_KEY_FILE): %w", err)
	}
	return master, nil
}

// makeMasterKey writes a whole file under another name and links it into place,
// so that of two first starts one wins and none reads half a key.
func makeMasterKey(name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(name), ".master-key-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	_, err = draft.WriteString(secret.NewMaster().Encode() + "\n")
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), name); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
