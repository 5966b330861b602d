package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/internal/vciclient"
)

// client is what the command line says of the wallet towards an issuer.
type client struct {
	ClientID    string        `help:"Name of this wallet at the issuer. Without it, it is anonymous." placeholder:"ID"`
	ClientKey   string        `help:"PEM file of the key that shows the client (private_key_jwt)." type:"existingfile" placeholder:"FILE"`
	ClientKid   string        `help:"Its kid at the issuer; without it, its thumbprint." placeholder:"KID"`
	Provider    string        `help:"PEM file of a trial wallet provider, made by the command provider: attests the client and its keys." type:"existingfile" placeholder:"FILE"`
	RedirectURI string        `help:"Where the browser comes back to, on this machine." default:"http://127.0.0.1:8765/callback" placeholder:"URL"`
	Anchors     string        `help:"PEM file of the CAs that certify issuers: signed metadata and mobile documents must lead to one. Without it, the keys that the issuer publishes count." type:"existingfile" placeholder:"FILE"`
	Scope       bool          `help:"Ask by scope instead of authorization_details."`
	Bearer      bool          `help:"Take bearer tokens even if the server can bind them to a key (DPoP)."`
	Encrypt     bool          `help:"Encrypt requests and answers."`
	Copies      int           `help:"How many copies of each credential, each for a key of its own." default:"1" placeholder:"N"`
	Wait        time.Duration `help:"How long to wait for what is issued later, for example 10m." default:"0s" placeholder:"TIME"`
}

// wallet makes the wallet that the command line describes.
func (c client) wallet(s *store, t *terminal) (*wallet, error) {
	w := &wallet{store: s, ways: ways{byScope: c.Scope, copies: c.Copies, wait: c.Wait, open: throughBrowser(t.words, c.RedirectURI)}}
	config := vciclient.Config{Now: t.now, ID: c.ClientID, RedirectURI: c.RedirectURI, Encrypt: c.Encrypt,
		Say: func(format string, args ...any) { fmt.Fprintln(t.words, safe(fmt.Sprintf(format, args...))) }}
	var err error
	if c.Provider != "" {
		if w.ways.provider, err = readProvider(c.Provider); err != nil {
			return nil, err
		}
	}
	if config.Auth, err = c.authentication(w.ways.provider); err != nil {
		return nil, err
	}
	if !c.Bearer {
		if w.ways.dpop, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, fmt.Errorf("make a key: %w", err)
		}
	}
	if config.Anchors, w.ways.anchors, err = readAnchors(c.Anchors); err != nil {
		return nil, err
	}
	w.client = vciclient.New(config)
	return w, nil
}

// readAnchors reads certificates of CAs; "" gives none.
func readAnchors(file string) (*x509.CertPool, string, error) {
	if file == "" {
		return nil, "", nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, "", fmt.Errorf("read %s: %w", file, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, "", fmt.Errorf("%s holds no certificates in PEM", file)
	}
	return pool, string(b), nil
}

// authentication is how the client shows who it is: nil for not at all.
func (c client) authentication(p *vciclient.Provider) (vciclient.Authentication, error) {
	switch {
	case c.ClientKey != "" && c.ClientID == "":
		return nil, errors.New("--client-key needs --client-id")
	case c.ClientKey != "":
		blocks, err := readPEM(c.ClientKey)
		if err != nil {
			return nil, err
		}
		key, err := parseKey(blocks["PRIVATE KEY"])
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", c.ClientKey, err)
		}
		kid := c.ClientKid
		if kid == "" {
			kid, err = jose.Thumbprint(key.Public())
		}
		return vciclient.PrivateKeyJWT{Key: key, KID: kid}, err
	case p != nil && c.ClientID != "":
		instance, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("make a key: %w", err)
		}
		return vciclient.Attested{Instance: instance, Provider: p}, nil
	}
	return nil, nil
}

// readPEM reads the blocks of a file by their type.
func readPEM(file string) (map[string][][]byte, error) {
	rest, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	blocks := map[string][][]byte{}
	for {
		block, after := pem.Decode(rest)
		if block == nil {
			return blocks, nil
		}
		blocks[block.Type] = append(blocks[block.Type], block.Bytes)
		rest = after
	}
}

func parseKey(blocks [][]byte) (crypto.Signer, error) {
	if len(blocks) != 1 {
		return nil, errors.New("it has not one private key (PKCS #8, PEM)")
	}
	key, err := x509.ParsePKCS8PrivateKey(blocks[0])
	if err != nil {
		return nil, errors.New("its private key is malformed")
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("its private key cannot sign")
	}
	return signer, nil
}

// readProvider reads what the command provider wrote.
func readProvider(file string) (*vciclient.Provider, error) {
	blocks, err := readPEM(file)
	if err != nil {
		return nil, err
	}
	key, err := parseKey(blocks["PRIVATE KEY"])
	if err != nil || len(blocks["CERTIFICATE"]) == 0 {
		return nil, fmt.Errorf("%s has not one key and its certificates: make it by the command provider", file)
	}
	return &vciclient.Provider{Key: key, Chain: blocks["CERTIFICATE"]}, nil
}
