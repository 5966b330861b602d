package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// verifierFiles are the scripts of the verifier page, and the module that verifies.
//
//go:embed verifier/page verifier/js
var verifierFiles embed.FS

// The files of the verifier's folder that are made, by their names in it. Their
// addresses never change: the worker that keeps them knows each by its hash.
const (
	verifierWorker = "sw.js"
	verifierReader = "reader.js" // a worker too, which alone may compile WebAssembly
	verifierBundle = "trust-bundle.json"
	verifierCodes  = "vendor/lean-qr.js" // what draws a code

	verifierModule = "js/verifier.js"
	verifierSmall  = "js/vendor/verifier.min.js" // the same in one file, where npm was
)

// verifierFolder is the verifier page as a folder of files, which any server can give
// out. All its addresses are relative.
type verifierFolder struct {
	key   string // what it was made of
	files map[string]asset
}

// verifierMaker makes folders. It is safe for concurrent use.
type verifierMaker struct {
	parts func() (map[string]asset, error) // what is the same in each; read once

	mu   sync.Mutex
	last *verifierFolder
}

// verifierWay is where a folder stands: on this server, or alone.
type verifierWay struct {
	alone bool
	index string // language of index.html, where it is alone
}

func newVerifierMaker(static map[string]asset) *verifierMaker {
	return &verifierMaker{parts: sync.OnceValues(func() (map[string]asset, error) { return verifierParts(static) })}
}

// verifierParts are scripts, without what only their readers need, and what reads
// codes in pictures, if it is installed.
func verifierParts(static map[string]asset) (map[string]asset, error) {
	out := map[string]asset{}
	err := fs.WalkDir(verifierFiles, "verifier", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".js" && !strings.HasSuffix(name, ".LICENSE.txt") {
			return err
		}
		body, err := fs.ReadFile(verifierFiles, name)
		if err != nil {
			return err
		}
		short := strings.TrimPrefix(strings.TrimPrefix(name, "verifier/"), "page/")
		if path.Ext(name) == ".js" && !strings.Contains(name, "/vendor/") {
			body = withoutComments(body)
		}
		out[short] = newAsset(short, body)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the verifier page: %w", err)
	}
	for name, a := range static {
		if short, ok := forVerifier(name); ok {
			out["vendor/"+short] = newAsset(short, a.body)
		}
	}
	return out, nil
}

// forVerifier tells the static files that the verifier's folder has, and no other page:
// what reads and draws codes.
func forVerifier(name string) (short string, ok bool) {
	dir, short := path.Split(name)
	return short, dir == "vendor/zxing/" || dir == "vendor/qr/"
}

// withoutComments takes out of a script the lines that are comments as a whole, and
// the space in front of lines: a third of what a telephone would fetch. Nothing else
// of it is read, so a text of several lines must not have a line that begins so.
func withoutComments(script []byte) []byte {
	var out bytes.Buffer
	inside := false
	for line := range bytes.Lines(script) {
		text := bytes.TrimSpace(line)
		begins := bytes.HasPrefix(text, []byte("/*"))
		switch {
		case inside || begins:
			inside = !bytes.Contains(text, []byte("*/"))
		case len(text) == 0 || bytes.HasPrefix(text, []byte("//")):
		default:
			out.Write(text)
			out.WriteByte('\n')
		}
	}
	return out.Bytes()
}

// verifierFolder is the folder as it is now.
func (p *Pages) verifierFolder(way verifierWay) (*verifierFolder, error) {
	roots := p.issuer.RootKeys()
	key := fmt.Sprint(way, p.worn.Load().version, roots)
	m := p.verifier
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last != nil && m.last.key == key {
		return m.last, nil
	}
	parts, err := m.parts()
	if err != nil {
		return nil, err
	}
	f := &verifierFolder{key, maps.Clone(parts)}
	for _, name := range []string{styleSheet, "theme.css", "favicon.svg", "logo.svg"} {
		if a, ok := p.asset(name); ok {
			f.files[name] = a
		}
	}
	for _, i := range homeIcons() {
		picture, err := i.draw(p.worn.Load().colours.Brand)
		if err != nil {
			return nil, err
		}
		f.files[i.name] = newAsset(i.name, picture)
	}
	for _, code := range p.codes {
		if err := p.addLanguage(f, p.locales[code], way, roots); err != nil {
			return nil, err
		}
	}
	f.files[verifierWorker] = newAsset(verifierWorker, f.worker())
	m.last = f
	return f, nil
}

// addLanguage adds the two pages in a language, its words and its manifest.
func (p *Pages) addLanguage(f *verifierFolder, l *locale, way verifierWay, roots []string) error {
	texts := map[string]any{}
	for key, m := range l.messages {
		if group, _, _ := strings.Cut(key, "."); slices.Contains([]string{"verify", "date", "list"}, group) {
			if texts[key] = m.text; m.forms != nil {
				texts[key] = m.forms
			}
		}
	}
	words, err := json.Marshal(texts)
	if err != nil {
		return fmt.Errorf("write the words of %s: %w", l.code, err)
	}
	manifest, err := json.Marshal(p.verifierManifest(l))
	if err != nil {
		return fmt.Errorf("write the manifest of %s: %w", l.code, err)
	}
	made := map[string][]byte{"locales/" + l.code + ".json": words, l.code + ".webmanifest": manifest}
	for _, x := range []struct{ page, file, first string }{{"verify", l.code + ".html", "index.html"}, {"verify_trust", "trust." + l.code + ".html", "trust.html"}} {
		body, err := p.verifierPage(l, x.page, way, roots, f.module())
		if err != nil {
			return err
		}
		made[x.file] = body
		if way.alone && l.code == way.index {
			made[x.first] = body
		}
	}
	for name, body := range made {
		f.files[name] = newAsset(name, body)
	}
	return nil
}

// verifierManifest lets a browser install the page (W3C Web Application Manifest).
func (p *Pages) verifierManifest(l *locale) map[string]any {
	brand, pictures := p.worn.Load().colours.Brand, []any{map[string]string{"src": "./favicon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any"}}
	for _, i := range homeIcons()[1:] {
		purpose := "any"
		if strings.Contains(i.name, "maskable") {
			purpose = "maskable"
		}
		pictures = append(pictures, map[string]string{"src": "./" + i.name, "sizes": fmt.Sprintf("%dx%[1]d", i.side), "type": "image/png", "purpose": purpose})
	}
	return map[string]any{"name": l.t("verify.title") + " – " + l.t(serviceName), "short_name": l.t("verify.short"), "lang": l.code, "dir": l.dir,
		"id": "./", "start_url": "./", "scope": "./", "display": "standalone", "theme_color": brand, "background_color": brand, "icons": pictures}
}

// verifierShell is what the frame of the verifier's pages needs.
type verifierShell struct {
	Page, Lang, Dir, Title, Language string
	Brand                            string // colour of the frame that a browser or a telephone draws
	Languages                        []languageLink
	Alone                            bool
	Bundle, Registry, Roots, Module  string
	Themed, Logo                     bool
	Icons                            []string
}

// verifierPage writes one of the pages: the same for everybody.
func (p *Pages) verifierPage(l *locale, page string, way verifierWay, roots []string, module string) ([]byte, error) {
	s := verifierShell{Page: page, Brand: p.worn.Load().colours.Brand, Module: "./" + module, Lang: l.code, Dir: l.dir, Title: l.t("verify.title"), Language: l.name, Alone: way.alone, Bundle: "../.well-known/sr-trust-bundle.json",
		Registry: p.publicURL, Roots: strings.Join(roots, " "), Themed: p.hasAsset("theme.css"), Logo: p.hasAsset("logo.svg"), Icons: []string{"check", "cross", "clock", "minus", "alert"}}
	prefix := ""
	if way.alone {
		s.Bundle = verifierBundle
	}
	if page == "verify_trust" {
		s.Title, prefix = l.t("verify.trust_title"), "trust."
	}
	for _, code := range p.codes {
		if code != l.code {
			s.Languages = append(s.Languages, languageLink{code, p.locales[code].name, p.locales[code].dir, prefix + code + ".html"})
		}
	}
	t, err := p.template(l, page)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	if err := t.ExecuteTemplate(&body, "verifier", s); err != nil {
		return nil, fmt.Errorf("show page %s: %w", page, err)
	}
	return straight(body.Bytes()), nil
}

// module is what verifies.
func (f *verifierFolder) module() string {
	if _, ok := f.files[verifierSmall]; ok {
		return verifierSmall
	}
	return verifierModule
}

// worker is the service worker: ours, with the list of the files that it keeps and the
// hash of all of them, so that it is another one whenever one of them is.
func (f *verifierFolder) worker() []byte {
	kept, later, sum := map[string]string{}, map[string]string{}, sha256.New()
	small := f.module() == verifierSmall
	for _, name := range slices.Sorted(maps.Keys(f.files)) {
		a := f.files[name]
		switch {
		case strings.HasSuffix(name, ".txt") || name == verifierWorker || name == "index.html" || name == "trust.html":
			continue // no page needs the first, and the worker answers for the others
		case small && path.Dir(name) == "js":
			continue
		case name == verifierCodes:
			kept[name] = a.hash // 4 KB
		case strings.HasPrefix(name, "vendor/") || name == verifierReader || path.Ext(name) == ".png":
			later[name] = a.hash
		default:
			kept[name] = a.hash
		}
		fmt.Fprintln(sum, name, a.hash)
	}
	list := func(files map[string]string) []byte {
		text, _ := json.Marshal(files) // of texts: it can always be written
		return text
	}
	head := fmt.Sprintf("const build = %q, kept = %s, later = %s;\n", hex.EncodeToString(sum.Sum(nil)[:6]), list(kept), list(later))
	return append([]byte(head), f.files[verifierWorker].body...)
}

// VerifierFolder gives the verifier page with a trust bundle as files by their names:
// for any server that gives out files. lang is the language of its first page. It
// returns an error for a language that there is not.
func (p *Pages) VerifierFolder(ctx context.Context, bundle []byte, lang string) (map[string][]byte, error) {
	p.freshen(ctx)
	if p.locales[lang] == nil {
		return nil, fmt.Errorf("no language %q: there are %s", lang, strings.Join(p.codes, ", "))
	}
	f, err := p.verifierFolder(verifierWay{alone: true, index: lang})
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{verifierBundle: bundle}
	for name, a := range f.files {
		out[name] = a.body
	}
	return out, nil
}
