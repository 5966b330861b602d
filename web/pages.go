package web

import (
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/text/language"

	"socialregistry/issuer"
	"socialregistry/registry"
)

// Pages answers every page. It is safe for concurrent use.
type Pages struct {
	registry  *registry.Registry
	issuer    *issuer.Issuers
	trial     Trial
	provider  Provider
	now       func() time.Time
	publicURL string
	secure    bool // cookies over https only
	local     bool // only browsers on this machine reach us
	wallets   []WebWallet
	theme     Theme                // of the settings
	worn      atomic.Pointer[worn] // never nil
	assets    map[string]asset     // ours
	locales   map[string]*locale
	codes     []string // of the locales, the default first
	matcher   language.Matcher
	templates *templates
	verifier  *verifierMaker
	samples   []sample
	areas     *areaWords
	codeNames map[string]*codeNames // by locale
	kept      Kept
	gallery   bool
	first     *FirstRun
	settled   atomic.Bool // somebody of the staff has an account
}

// Config is what the pages need; from Provider on it may be left out.
type Config struct {
	Registry  *registry.Registry
	Issuer    *issuer.Issuers
	PublicURL string // https://... or http://localhost...
	Now       func() time.Time
	Provider  Provider // by which people sign in; nil: none
	Trial     Trial    // nil where real people are registered
	Wallets   []WebWallet
	Theme     Theme
	Kept      Kept
	Gallery   bool      // shows every component, for those who develop
	FirstRun  *FirstRun // nil: accounts of staff begin elsewhere
}

// New reads templates, languages and static files, which come with the program.
func New(cfg Config) (*Pages, error) {
	p := &Pages{registry: cfg.Registry, issuer: cfg.Issuer, trial: cfg.Trial, provider: cfg.Provider, now: cfg.Now, publicURL: cfg.PublicURL, secure: strings.HasPrefix(cfg.PublicURL, "https:"),
		areas: newAreaWords(cfg.Registry.AreaNames, listAreas(cfg.Registry), cfg.Now), wallets: cfg.Wallets, kept: cfg.Kept, gallery: cfg.Gallery, first: cfg.FirstRun, theme: cfg.Theme}
	if at, err := url.Parse(cfg.PublicURL); err == nil {
		p.local = at.Hostname() == "localhost" || loopback(at.Hostname())
	}
	static, err := fs.Sub(staticFiles, "static")
	if err != nil {
		return nil, fmt.Errorf("static files: %w", err)
	}
	if p.assets, err = loadAssets(static); err != nil {
		return nil, err
	}
	if p.locales, err = loadLocales(localeFiles); err != nil {
		return nil, err
	}
	p.codes, p.codeNames = sortedCodes(p.locales), map[string]*codeNames{}
	for code, l := range p.locales {
		p.codeNames[code] = newCodeNames(l.tag)
	}
	p.matcher = newMatcher(p.locales, p.codes)
	p.dress(cfg.Theme)
	p.worn.Store(&worn{assets: p.dressed(cfg.Theme), colours: cfg.Theme.colours()}) // until the registry is asked
	p.verifier = newVerifierMaker(p.assets)
	if p.samples, err = readSamples(sampleFile); err != nil {
		return nil, err
	}
	p.templates, err = findTemplates(templateFiles)
	return p, err
}
