package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"golang.org/x/text/language"
)

const (
	defaultLocale = "en"
	localeCookie  = "sr_lang"
	localeParam   = "lang"
	localeKey     = "web.locale"
)

// localeOf is the language of a request: ?lang= (kept in a cookie from then on),
// the cookie, what the browser asks for, English.
func (p *Pages) localeOf(c *gin.Context) *locale {
	if l, ok := c.Get(localeKey); ok {
		return l.(*locale)
	}
	l := p.chooseLocale(c)
	c.Set(localeKey, l)
	return l
}

func (p *Pages) chooseLocale(c *gin.Context) *locale {
	if l, ok := p.locales[c.Query(localeParam)]; ok {
		p.keepLocale(c, l.code)
		return l
	}
	if cookie, err := c.Request.Cookie(localeCookie); err == nil && p.locales[cookie.Value] != nil {
		return p.locales[cookie.Value]
	}
	wanted, _, _ := language.ParseAcceptLanguage(c.GetHeader("Accept-Language"))
	_, i, confidence := p.matcher.Match(wanted...)
	if confidence == language.No {
		return p.locales[defaultLocale]
	}
	return p.locales[p.codes[i]]
}

// keepLocale remembers the language that somebody chose, if there is such a one.
func (p *Pages) keepLocale(c *gin.Context, code string) {
	if p.locales[code] != nil {
		http.SetCookie(c.Writer, &http.Cookie{Name: localeCookie, Value: code, Path: "/", MaxAge: int(oneYear.Seconds()),
			HttpOnly: true, Secure: p.secure, SameSite: http.SameSiteLaxMode})
	}
}

// newMatcher finds the best of the locales for what a browser asks for; its results are
// indices of codes.
func newMatcher(locales map[string]*locale, codes []string) language.Matcher {
	tags := make([]language.Tag, len(codes))
	for i, code := range codes {
		tags[i] = locales[code].tag
	}
	return language.NewMatcher(tags)
}

// language is a link to the same page in another language.
type languageLink struct {
	Code, Name, Dir, Href string
}

// otherLanguages gives the links for the page at here, a path of ours, or at ""
// for the request's own address. A path with more than one slash in front would
// name another host (RFC 3986 §4.2).
func (p *Pages) otherLanguages(c *gin.Context, now *locale, here string) []languageLink {
	address, query := url.URL{Path: here}, url.Values{}
	if here == "" {
		address.Path, query = "/"+strings.TrimLeft(c.Request.URL.Path, "/"), c.Request.URL.Query()
	}
	var out []languageLink
	for _, code := range p.codes {
		if code == now.code {
			continue
		}
		query.Set(localeParam, code)
		address.RawQuery = query.Encode()
		out = append(out, languageLink{code, p.locales[code].name, p.locales[code].dir, address.String()})
	}
	return out
}

// sortedCodes puts the default language first, for matching falls back on it.
func sortedCodes(locales map[string]*locale) []string {
	codes := make([]string, 0, len(locales))
	for code := range locales {
		if code != defaultLocale {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return append([]string{defaultLocale}, codes...)
}

// words is a text that may be in another language than the page.
type words struct {
	Text string
	Lang string // "" = the page's
	Dir  string
}

// words picks the text of a definition in the page's language, else in the
// default language, marked as such.
func (p *Pages) words(l *locale, texts map[string]string, fallback string) words {
	if text := texts[l.code]; text != "" {
		return words{Text: text}
	}
	if text := texts[defaultLocale]; text != "" {
		return words{Text: text, Lang: defaultLocale, Dir: p.locales[defaultLocale].dir}
	}
	return words{Text: fallback, Lang: "und", Dir: "auto"}
}
