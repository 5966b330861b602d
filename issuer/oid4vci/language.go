package oid4vci

import (
	"maps"
	"slices"

	"golang.org/x/text/language"
)

// In gives the metadata with names in the languages that a wallet reads best, as
// its Accept-Language header says (OID4VCI 1.0 §12.2.2), and the tags of those that
// are left: one, or all of them if there is no header or none of ours is in it.
// What has no name in that language keeps all of its names.
func (m Metadata) In(acceptLanguage string) (Metadata, []string) {
	have := m.locales()
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(wanted) == 0 || len(have) == 0 {
		return m, have
	}
	tags := make([]language.Tag, len(have))
	for n, locale := range have {
		tags[n] = language.Make(locale)
	}
	_, best, confidence := language.NewMatcher(tags).Match(wanted...)
	if confidence == language.No {
		return m, have
	}
	return m.only(have[best]), have[best : best+1]
}

// locales are the languages of the credentials' names.
func (m Metadata) locales() []string {
	set := map[string]bool{}
	for _, c := range m.Configurations {
		for _, d := range c.CredentialMetadata.Display {
			set[d.Locale] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

func (m Metadata) only(locale string) Metadata {
	m.Display = onlyIn(m.Display, locale)
	configurations := make(map[string]Configuration, len(m.Configurations))
	for id, c := range m.Configurations {
		c.CredentialMetadata.Display = onlyIn(c.CredentialMetadata.Display, locale)
		claims := slices.Clone(c.CredentialMetadata.Claims)
		for n := range claims {
			claims[n].Display = onlyIn(claims[n].Display, locale)
		}
		c.CredentialMetadata.Claims = claims
		configurations[id] = c
	}
	m.Configurations = configurations
	return m
}

func onlyIn(displays []Display, locale string) []Display {
	for n, d := range displays {
		if d.Locale == locale {
			return displays[n : n+1]
		}
	}
	return displays
}
