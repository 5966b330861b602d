package web

import (
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"
)

// WebWallet is a wallet that is a web site: it takes an offer as the query of an
// address.
type WebWallet struct{ Name, URL string }

// maxWalletName is in characters.
const maxWalletName = 40

// ParseWebWallets reads web wallets as an operator lists them: Name=https://address,
// with commas between them.
func ParseWebWallets(list string) ([]WebWallet, error) {
	var out []WebWallet
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		name, address, _ := strings.Cut(item, "=")
		name, address = strings.TrimSpace(name), strings.TrimSpace(address)
		u, err := url.Parse(address)
		switch {
		case name == "" || utf8.RuneCountInString(name) > maxWalletName:
			return nil, errors.New("a web wallet needs a name of at most 40 characters")
		case err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
			return nil, errors.New("a web wallet needs an address that begins with https:// and has no query")
		}
		out = append(out, WebWallet{name, address})
	}
	return out, nil
}

// webWallets are the links that open an offer in the web wallets of the configuration.
func (p *Pages) webWallets(offer string) (out []ownLink) {
	_, query, ok := strings.Cut(offer, "?")
	if !ok {
		return nil
	}
	for _, w := range p.wallets {
		out = append(out, ownLink{w.URL + "?" + query, w.Name})
	}
	return out
}

// offerStages is the way of an offer: waiting, scanned, issued.
func offerStages(l *locale, state string) []stage {
	at := map[string]int{"waiting": 0, "redeemed": 1, "issued": 2}
	now, under := at[state]
	if !under {
		return nil
	}
	var out []stage
	for n, word := range []string{"offer.waiting", "offer.redeemed", "offer.issued"} {
		s := stage{Text: l.t(word)}
		switch {
		case n == now:
			s.Class = "now"
		case n > now:
			s.Class = "next"
		}
		out = append(out, s)
	}
	return out
}
