package main

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"socialregistry/internal/jose"
	"socialregistry/internal/vciclient"
)

type presentCmd struct {
	folder
	Ask      string   `help:"The text of the code on the verifier's screen: SRA1:..." placeholder:"TEXT"`
	Nonce    string   `help:"Without --ask: the nonce on the verifier's screen." placeholder:"NONCE"`
	Audience string   `help:"Without --ask: the name of the verifier, on its screen beside the nonce." placeholder:"NAME"`
	Disclose []string `help:"Detail to show; others stay hidden. May be given several times." placeholder:"NAME" xor:"what" required:""`
	All      bool     `help:"Show every detail." xor:"what" required:""`
	Codes    string   `help:"Write the codes as PNG files into this folder, instead of on the terminal." placeholder:"DIR"`
	Text     bool     `help:"Write the text that the codes hold, instead of codes."`
	ID       int      `arg:"" help:"Number of the credential, as list gives it."`
}

// Validate wants to know who asks: the text of a code, or what is in it by itself.
func (c presentCmd) Validate() error {
	switch typed := c.Nonce != "" || c.Audience != ""; {
	case c.Ask != "" && typed:
		return errors.New("--ask has the nonce and the name of the verifier in it: give it alone")
	case c.Ask != "":
		_, _, err := parseAsk(c.Ask)
		return err
	case c.Nonce == "" || c.Audience == "":
		return errors.New("give --ask, or both --nonce and --audience")
	}
	return nil
}

// askPrefix begins the text of the code by which a verifier asks who holds a credential.
const askPrefix = "SRA1:"

// parseAsk reads SRA1:<nonce>:<name of the verifier>; a name may have colons.
func parseAsk(text string) (nonce, audience string, err error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), askPrefix)
	nonce, audience, _ = strings.Cut(rest, ":")
	if !ok || nonce == "" || audience == "" {
		return "", "", fmt.Errorf("%.40q is not the code of a verifier, which begins with %s", text, askPrefix)
	}
	return nonce, audience, nil
}

// Run shows a credential to somebody in person, with a proof of its key for this one
// check.
func (c presentCmd) Run(t *terminal) error {
	if c.Ask != "" {
		c.Nonce, c.Audience, _ = parseAsk(c.Ask) // Validate has read it
	}
	store, err := existingStore(c.Dir)
	if err != nil {
		return err
	}
	k, err := store.load(c.ID)
	if err != nil {
		return err
	}
	if k.Format != vciclient.FormatSDJWT {
		return fmt.Errorf("credential %d is a %s: only an SD-JWT VC (%s) is shown with a proof of its key", k.ID, k.Format, vciclient.FormatSDJWT)
	}
	raw, err := os.ReadFile(k.Path)
	if err != nil {
		return fmt.Errorf("read credential %d: %w", k.ID, err)
	}
	key, err := store.key(k.ID)
	if err != nil {
		return err
	}
	shown, err := choose(strings.TrimSpace(string(raw)), c.Disclose, c.All)
	if err != nil {
		return err
	}
	shown, err = c.prove(t, shown, key)
	if err != nil {
		return err
	}
	if c.Text {
		_, err = fmt.Fprintln(t.out, shown)
		return err
	}
	return c.writeCodes(t, series(shown))
}

// prove adds the key binding JWT (RFC 9901 §4.3).
func (c presentCmd) prove(t *terminal, shown string, key crypto.Signer) (string, error) {
	alg, err := jose.AlgOf(key.Public())
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(shown))
	claims := fmt.Sprintf(`{"iat":%d,"aud":%s,"nonce":%s,"sd_hash":"%s"}`, t.now().Unix(), quoted(c.Audience), quoted(c.Nonce), base64.RawURLEncoding.EncodeToString(sum[:]))
	proof, err := jose.Sign(key, alg, map[string]any{"typ": "kb+jwt"}, []byte(claims))
	return shown + proof, err
}

// key reads the private key of a credential.
func (s *store) key(id int) (crypto.Signer, error) {
	raw, err := os.ReadFile(filepath.Join(s.folder(id), "key.pem"))
	if err != nil {
		return nil, fmt.Errorf("read the key of credential %d: %w", id, err)
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fmt.Errorf("the key of credential %d is malformed", id)
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := private.(crypto.Signer)
	if err != nil || !ok {
		return nil, fmt.Errorf("the key of credential %d is malformed", id)
	}
	return key, nil
}

// choose leaves out the disclosures of details that are not to be shown. What a detail
// consists of, and what it is part of, goes with it.
func choose(compact string, names []string, all bool) (string, error) {
	parts := strings.Split(compact, "~")
	if len(parts) < 2 || parts[len(parts)-1] != "" {
		return "", errors.New("an SD-JWT must end with ~")
	}
	if all {
		return compact, nil
	}
	list, err := closedDetails(parts[1 : len(parts)-1])
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if !slices.ContainsFunc(list, func(d closedDetail) bool { return d.name == name }) {
			return "", fmt.Errorf("it has no detail %q that can be shown or hidden; it has: %s", safe(name), strings.Join(namesOf(list), ", "))
		}
	}
	out := parts[0] + "~"
	for n, d := range list {
		if d.goesWith(list, n, names) {
			out += d.text + "~"
		}
	}
	return out, nil
}

// closedDetail is a disclosure with its place among the others.
type closedDetail struct {
	disclosure
	text   string
	parent int // index of the one that holds its digest; -1: the credential itself
}

func closedDetails(texts []string) ([]closedDetail, error) {
	out := make([]closedDetail, len(texts))
	at := map[string]int{}
	for n, text := range texts {
		d, err := parseDisclosure(text)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256([]byte(text))
		at[base64.RawURLEncoding.EncodeToString(sum[:])] = n
		out[n] = closedDetail{d, text, -1}
	}
	for n := range out {
		for _, digest := range digestsIn(out[n].value) {
			if child, there := at[digest]; there && child != n {
				out[child].parent = n
			}
		}
	}
	return out, nil
}

// digestsIn finds the digests that a value holds (RFC 9901 §4.2.4).
func digestsIn(v any) (out []string) {
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			out = append(out, digestsIn(e)...)
		}
	case map[string]any:
		for name, e := range x {
			if digest, ok := e.(string); ok && name == "..." {
				out = append(out, digest)
			}
			if list, ok := e.([]any); ok && name == "_sd" {
				for _, digest := range list {
					if s, ok := digest.(string); ok {
						out = append(out, s)
					}
				}
			}
			out = append(out, digestsIn(e)...)
		}
	}
	return out
}

// goesWith says whether the n-th of a list is shown: it is named, in one that is, or one
// that is named is in it.
func (d closedDetail) goesWith(list []closedDetail, n int, names []string) bool {
	for up, steps := n, 0; up >= 0 && steps <= len(list); up, steps = list[up].parent, steps+1 {
		if slices.Contains(names, list[up].name) {
			return true
		}
	}
	for m := range list {
		if m == n || !slices.Contains(names, list[m].name) {
			continue
		}
		for up, steps := m, 0; up >= 0 && steps <= len(list); up, steps = list[up].parent, steps+1 {
			if up == n {
				return true
			}
		}
	}
	return false
}

func namesOf(list []closedDetail) (out []string) {
	for _, d := range list {
		if d.name != "" {
			out = append(out, safe(d.name))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
