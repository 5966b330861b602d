package web

import (
	"bytes"
	"context"
	"maps"
	"time"

	"socialregistry/registry"
)

// wornFor is how long a look is worn before the registry is asked whether there is
// another: a server learns so late what was chosen at another one.
const wornFor = time.Minute

// worn is the look that the pages have now.
type worn struct {
	version int // of registry.Appearance
	at      time.Time
	assets  map[string]asset // that stand in the place of ours, or beside them
	colours Colours          // ours, if no others were chosen
}

// freshen asks the registry how the pages look, if that was long ago. They stay as
// they are when it does not answer.
func (p *Pages) freshen(ctx context.Context) {
	now := p.now()
	if w := p.worn.Load(); now.Sub(w.at) < wornFor && !w.at.IsZero() {
		return
	}
	if x, err := p.registry.Appearance(ctx); err == nil {
		p.wear(x, now)
	}
}

// wear dresses the pages: what the settings of the server say goes before what was
// chosen by pages.
func (p *Pages) wear(x registry.Appearance, now time.Time) {
	if w := p.worn.Load(); w != nil && !w.at.IsZero() && w.version == x.Version {
		p.worn.Store(&worn{w.version, now, w.assets, w.colours})
		return
	}
	t := p.theme
	if len(t.Names) == 0 {
		t.Names = x.Names
	}
	if t.Colours == (Colours{}) {
		t.Colours, _ = ParseColours(x.Colours) // they were checked when they were chosen
	}
	if t.Logo == nil {
		t.Logo = x.Logo
	}
	p.dress(t)
	p.worn.Store(&worn{x.Version, now, p.dressed(t), t.colours()})
}

// colours are those of the theme, or ours.
func (t Theme) colours() Colours {
	if t.Colours == (Colours{}) {
		return ourColours()
	}
	return t.Colours
}

// dressed are the files of a theme.
func (p *Pages) dressed(t Theme) map[string]asset {
	out := map[string]asset{}
	if t.Colours != (Colours{}) {
		out["theme.css"] = newAsset("theme.css", t.Colours.sheet())
		out["favicon.svg"] = newAsset("favicon.svg", bytes.ReplaceAll(p.assets["favicon.svg"].body, []byte(ourColours().Brand), []byte(t.Colours.Brand)))
	}
	if len(t.Logo) > 0 {
		out["logo.svg"] = newAsset("logo.svg", t.Logo)
	}
	return out
}

// dress gives the service the names of a theme.
func (p *Pages) dress(t Theme) {
	for code, l := range p.locales {
		name := t.Names[code]
		if name == "" {
			name = t.Names[""]
		}
		if name == "" && code != defaultLocale && len(t.Names) > 0 {
			name = t.Names[defaultLocale]
		}
		l.service.Store(&name)
	}
}

// asset is a file of the pages as they look now.
func (p *Pages) asset(name string) (asset, bool) {
	if a, ok := p.worn.Load().assets[name]; ok {
		return a, true
	}
	a, ok := p.assets[name]
	return a, ok
}

// namesOf are the names of a look by language, without those that are empty.
func namesOf(names map[string]string) map[string]string {
	out := maps.Clone(names)
	maps.DeleteFunc(out, func(_, name string) bool { return name == "" })
	return out
}
