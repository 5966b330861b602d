package main

import (
	"cmp"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"socialregistry/internal/vciclient"
)

// store is the folder: one sub-folder per credential, named by its number, with
// key.pem, about.json and the credential. Folders are 0700 and files 0600:
// whoever can read them is the holder.
type store struct{ dir string }

// kept describes one credential in the folder.
type kept struct {
	ID            int       `json:"-"`
	Path          string    `json:"-"` // of the credential itself
	Configuration string    `json:"configuration"`
	Format        string    `json:"format"`
	Issuer        string    `json:"issuer"`
	Received      time.Time `json:"received"`
}

func openStore(dir string) (*store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the wallet's folder: %w", err)
	}
	return &store{dir}, nil
}

// existingStore is openStore for those who only look: it makes no folder.
func existingStore(dir string) (*store, error) {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no folder %s: accept an offer first, or name another by --dir", dir)
	}
	if err == nil && !info.IsDir() {
		err = errors.New("it is no folder")
	}
	if err != nil {
		return nil, fmt.Errorf("open the wallet's folder %s: %w", dir, err)
	}
	return &store{dir}, nil
}

// fileName is the credential's own name: srverify and others tell formats by it.
func fileName(format string) string {
	switch format {
	case vciclient.FormatLDP:
		return "credential.json"
	case vciclient.FormatJWT:
		return "credential.jwt"
	case vciclient.FormatMdoc:
		return "credential.mdoc"
	}
	return "credential.sd-jwt"
}

const draftPrefix = "draft-"

// draft is a key on its way to a credential.
type draft struct {
	store *store
	dir   string
}

func (s *store) begin(key *vciclient.Key) (*draft, error) {
	private, err := privatePEM(key.Signer)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(s.dir, draftPrefix)
	if err != nil {
		return nil, fmt.Errorf("store the key: %w", err)
	}
	d := &draft{s, dir}
	if err := d.write("key.pem", private); err != nil {
		d.discard()
		return nil, err
	}
	return d, nil
}

func (d *draft) write(name string, b []byte) error {
	if err := os.WriteFile(filepath.Join(d.dir, name), b, 0o600); err != nil {
		return fmt.Errorf("store %s: %w", name, err)
	}
	return nil
}

// discard removes a draft to which nothing good is bound.
func (d *draft) discard() { _ = os.RemoveAll(d.dir) } // what stays is a key that nothing is bound to

// receive completes the draft with what came, and with leave to take it again, nil
// for none. It is not kept yet.
func (d *draft) receive(k kept, credential []byte, again *grant) error {
	about, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	if again != nil {
		err = again.save(d.dir)
	}
	return errors.Join(err, d.write(fileName(k.Format), credential), d.write("about.json", about))
}

// left ends a draft that is neither kept nor refused: key and credential stay
// under a name of their own, which the error tells.
func (d *draft) left(err error) error {
	name := filepath.Join(d.store.dir, "unchecked-"+strings.TrimPrefix(filepath.Base(d.dir), draftPrefix))
	if os.Rename(d.dir, name) == nil {
		d.dir = name
	}
	return fmt.Errorf("%w; key and credential stay in %s, which is not listed", err, d.dir)
}

// keep gives a draft the next number. Renaming a folder is atomic, so another
// process never sees half a credential.
func (d *draft) keep(k kept) (kept, error) {
	all, err := d.store.list()
	if err != nil {
		return kept{}, err
	}
	k.ID = 1
	if len(all) > 0 {
		k.ID = all[len(all)-1].ID + 1
	}
	for {
		err := os.Rename(d.dir, d.store.folder(k.ID))
		if err == nil {
			k.Path = filepath.Join(d.store.folder(k.ID), fileName(k.Format))
			return k, nil
		}
		if !errors.Is(err, fs.ErrExist) { // somebody else took the number
			return kept{}, fmt.Errorf("store the credential: %w", err)
		}
		k.ID++
	}
}

func (s *store) folder(id int) string { return filepath.Join(s.dir, strconv.Itoa(id)) }

// list gives what is kept, by number.
func (s *store) list() ([]kept, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("list the wallet's folder: %w", err)
	}
	var all []kept
	for _, e := range entries {
		id, err := strconv.Atoi(e.Name())
		if err != nil || id < 1 {
			continue // a draft, or one that was left
		}
		k, err := s.load(id)
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b kept) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

func (s *store) load(id int) (kept, error) {
	b, err := os.ReadFile(filepath.Join(s.folder(id), "about.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return kept{}, fmt.Errorf("there is no credential number %d", id)
	}
	if err != nil {
		return kept{}, fmt.Errorf("read credential %d: %w", id, err)
	}
	k := kept{ID: id}
	if err := json.Unmarshal(b, &k); err != nil {
		return kept{}, fmt.Errorf("read credential %d: about.json is malformed", id)
	}
	k.Path = filepath.Join(s.folder(id), fileName(k.Format))
	return k, nil
}

// privatePEM is a private key as PKCS #8.
func privatePEM(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("write the key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
