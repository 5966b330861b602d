package main

import (
	"context"
	"crypto"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"socialregistry/internal/vciclient"
)

// grant is leave to take a credential again: a refresh token and the keys that it is
// bound to. It is kept beside the credential, as secret as the credential's key.
type grant struct {
	Server   string `json:"authorization_server"`
	ClientID string `json:"client_id"`
	Refresh  string `json:"refresh_token"`
	DPoP     string `json:"dpop_key,omitempty"`     // PKCS #8 in PEM; "" for a token that is bound to no key
	Instance string `json:"instance_key,omitempty"` // the same, of the key that the wallet provider attested; "" for none
}

const grantFile = "grant.json"

// grant is what to keep of a source: nil where the server gave no refresh token.
func (w *wallet) grant(s *source) (*grant, error) {
	if s.token.Refresh == "" {
		return nil, nil
	}
	g := &grant{Server: s.server.ID, ClientID: w.client.ID, Refresh: s.token.Refresh}
	var err error
	if w.client.DPoP != nil {
		if g.DPoP, err = keyText(w.client.DPoP); err != nil {
			return nil, err
		}
	}
	if a, attested := w.client.Auth.(vciclient.Attested); attested {
		if g.Instance, err = keyText(a.Instance); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func keyText(key crypto.Signer) (string, error) {
	private, err := privatePEM(key)
	return string(private), err
}

// readKey is the other way round.
func readKey(text string) (crypto.Signer, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("a key of the refresh token is malformed")
	}
	return parseKey([][]byte{block.Bytes})
}

// save writes the grant whole or not at all: a half-written one is a lost one.
func (g *grant) save(dir string) error {
	b, err := json.Marshal(g)
	if err != nil {
		return err
	}
	name := filepath.Join(dir, grantFile)
	if err := os.WriteFile(name+".new", b, 0o600); err != nil {
		return fmt.Errorf("store the refresh token: %w", err)
	}
	return os.Rename(name+".new", name)
}

func (s *store) grant(id int) (*grant, error) {
	b, err := os.ReadFile(filepath.Join(s.folder(id), grantFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("credential %d came without leave to take it again (a refresh token)", id)
	}
	if err != nil {
		return nil, fmt.Errorf("read the refresh token of credential %d: %w", id, err)
	}
	g := &grant{}
	if err := json.Unmarshal(b, g); err != nil || g.Refresh == "" {
		return nil, fmt.Errorf("read the refresh token of credential %d: %s is malformed", id, grantFile)
	}
	return g, nil
}

// refresh takes a credential again, with its details of today (RFC 6749 §6, OID4VCI
// 1.0 §14.5). What becomes of the old one is the issuer's to say; it stays in the
// folder.
func (w *wallet) refresh(ctx context.Context, id int) ([]kept, error) {
	old, err := w.store.load(id)
	if err != nil {
		return nil, err
	}
	g, err := w.store.grant(id)
	if err != nil {
		return nil, err
	}
	if g.ClientID != w.client.ID {
		return nil, fmt.Errorf("credential %d was taken as the client %q: name it by --client-id", id, g.ClientID)
	}
	named := g.Server
	if named == old.Issuer {
		named = "" // the issuer is its own server
	}
	s, err := w.find(ctx, old.Issuer, []string{old.Configuration}, named)
	if err != nil {
		return nil, err
	}
	if err := w.present(g); err != nil {
		return nil, err
	}
	if s.token, err = w.client.Refresh(ctx, s.server, g.Refresh); err != nil {
		return nil, err
	}
	if err := w.follow(s, g); err != nil {
		return nil, err
	}
	return w.takeAll(ctx, s, []string{old.Configuration})
}

// present makes the wallet show the keys that the refresh token is bound to: of DPoP
// (RFC 9449 §5), and of the attested instance (Attestation-Based Client
// Authentication §11).
func (w *wallet) present(g *grant) error {
	var err error
	w.client.DPoP = nil
	if g.DPoP != "" {
		if w.client.DPoP, err = readKey(g.DPoP); err != nil {
			return err
		}
	}
	if g.Instance == "" {
		return nil
	}
	a, attested := w.client.Auth.(vciclient.Attested)
	if !attested {
		return errors.New("the credential was taken by an attested wallet: name its provider by --provider")
	}
	if a.Instance, err = readKey(g.Instance); err != nil {
		return err
	}
	w.client.Auth = a
	return nil
}

// follow keeps the refresh token that is good from now on: a new one, if the server
// gave one (RFC 6749 §6), in the place of the old one wherever that is kept.
func (w *wallet) follow(s *source, g *grant) error {
	old := g.Refresh
	if s.token.Refresh == "" || s.token.Refresh == old {
		s.token.Refresh = old
		return nil
	}
	all, err := w.store.list()
	if err != nil {
		return err
	}
	for _, k := range all {
		if one, err := w.store.grant(k.ID); err == nil && one.Refresh == old && one.Server == g.Server {
			one.Refresh = s.token.Refresh
			if err := one.save(w.store.folder(k.ID)); err != nil {
				return err
			}
		}
	}
	return nil
}
