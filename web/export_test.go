package web

import (
	"html/template"
	"io/fs"
	"time"
)

// Locale is a language, for tests of its messages.
type Locale struct{ *locale }

// LoadLocales reads the locales of a folder.
func LoadLocales(files fs.FS) (map[string]Locale, error) {
	locales, err := loadLocales(files)
	out := map[string]Locale{}
	for code, l := range locales {
		out[code] = Locale{l}
	}
	return out, err
}

// EmbeddedLocales are those of the program; Templates its templates.
func EmbeddedLocales() fs.FS { return localeFiles }
func Templates() fs.FS       { return templateFiles }

// WithoutComments takes comments out of a script.
func WithoutComments(script []byte) []byte { return withoutComments(script) }

// T, Number and Date write as the language does.
func (l Locale) T(key string, pairs ...any) string { return l.t(key, pairs...) }
func (l Locale) Number(n int) string               { return l.number(n) }
func (l Locale) Date(t time.Time) string           { return l.date(t) }

// Texts gives every text of every message: one, or one per plural class.
func (l Locale) Texts() map[string]map[string]string {
	out := map[string]map[string]string{}
	for key, m := range l.messages {
		out[key] = m.forms
		if m.forms == nil {
			out[key] = map[string]string{"": m.text}
		}
	}
	return out
}

// WalletLink and LocalPath are small parts that must hold for any input.
func WalletLink(uri string) (template.URL, error) { return walletLink(uri) }
func LocalPath(next string) string                { return localPath(next) }

// RefusalCodes are the error codes that the page for makers of wallets explains.
func RefusalCodes() (codes []string) {
	for _, r := range refusals() {
		codes = append(codes, r.Code)
	}
	return codes
}

// RepeatLines and RepeatJSON write and read the entries of a repeat.
func RepeatLines(text string) string { return repeatLines(text) }
func RepeatJSON(typed string) string { return repeatJSON(typed) }

// FaultFamily is what codes without words of their own have in common.
func FaultFamily(code string) string { return faultFamily(code) }

// DrawIcon draws the largest of the icons of the verifier page.
func DrawIcon(colour string) ([]byte, error) { return homeIcons()[2].draw(colour) }
