package oid4vci_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"socialregistry/issuer/oauth"
	"socialregistry/issuer/oid4vci"
)

func offer() oid4vci.Offer {
	return oid4vci.Offer{Issuer: issuerID, ConfigIDs: []string{"Person_ldp_vc", "Person_dc_sd_jwt"}, PreAuthorizedCode: "k1.abc-_",
		TxCode: &oid4vci.TxCode{InputMode: "numeric", Length: 6, Description: "Six digits + a space"}}
}

func decode(t *testing.T, doc []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(doc, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestOfferDocument(t *testing.T) {
	t.Parallel()
	doc, err := offer().Document()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"credential_issuer":            issuerID,
		"credential_configuration_ids": []any{"Person_ldp_vc", "Person_dc_sd_jwt"},
		"grants": map[string]any{oauth.GrantPreAuthorizedCode: map[string]any{
			"pre-authorized_code": "k1.abc-_",
			"tx_code":             map[string]any{"input_mode": "numeric", "length": 6.0, "description": "Six digits + a space"},
		}},
	}
	if got := decode(t, doc); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// No tx_code member unless a code is wanted: even an empty one means that the
// wallet must ask (§4.1.1).
func TestOfferWithoutTxCode(t *testing.T) {
	t.Parallel()
	o := offer()
	o.TxCode = nil
	doc, err := o.Document()
	if err != nil || strings.Contains(string(doc), "tx_code") {
		t.Errorf("%s, %v", doc, err)
	}
	o.TxCode = &oid4vci.TxCode{}
	if doc, err = o.Document(); err != nil || !strings.Contains(string(doc), `"tx_code":{}`) {
		t.Errorf("%s, %v", doc, err)
	}
}

// The links as a wallet reads them: percent signs decoded, plus signs kept.
func TestOfferLinks(t *testing.T) {
	t.Parallel()
	link, err := offer().Link()
	if err != nil {
		t.Fatal(err)
	}
	raw, ok := strings.CutPrefix(link, "openid-credential-offer://?credential_offer=")
	if !ok || strings.ContainsAny(raw, "+& \"{") {
		t.Fatalf("link = %s", link)
	}
	text, err := url.PathUnescape(raw)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := offer().Document()
	if err != nil || text != string(doc) {
		t.Errorf("got %s\nwant %s (%v)", text, doc, err)
	}
	want := "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fregistry.example%2Foid4vci%2Foffers%2Fa%20b%2Bc"
	if got := oid4vci.LinkTo("https://registry.example/oid4vci/offers/a b+c"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestLinkFitsQR(t *testing.T) {
	t.Parallel()
	o := offer()
	link, err := o.Link()
	if err != nil {
		t.Fatal(err)
	}
	room := oid4vci.MaxQR - len(link)
	for extra, want := range map[int]error{room - 1: nil, room: nil, room + 1: oid4vci.ErrTooLong} {
		o.PreAuthorizedCode = offer().PreAuthorizedCode + strings.Repeat("c", extra)
		if link, err := o.Link(); !errors.Is(err, want) || len(link) > oid4vci.MaxQR {
			t.Errorf("%d more: %d bytes, %v", extra, len(link), err)
		}
	}
}

func TestBadOffers(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*oid4vci.Offer){
		"no issuer":           func(o *oid4vci.Offer) { o.Issuer = "" },
		"no code":             func(o *oid4vci.Offer) { o.PreAuthorizedCode = "" },
		"no configuration":    func(o *oid4vci.Offer) { o.ConfigIDs = nil },
		"empty configuration": func(o *oid4vci.Offer) { o.ConfigIDs = []string{"a", ""} },
		"configuration twice": func(o *oid4vci.Offer) { o.ConfigIDs = []string{"a", "b", "a"} },
		"33 configurations":   func(o *oid4vci.Offer) { o.ConfigIDs = strings.Split(strings.Repeat("a,", 33), ",") },
		"unknown input mode":  func(o *oid4vci.Offer) { o.TxCode.InputMode = "digits" },
		"negative length":     func(o *oid4vci.Offer) { o.TxCode.Length = -1 },
		"301 characters":      func(o *oid4vci.Offer) { o.TxCode.Description = strings.Repeat("é", 301) },
	} {
		o := offer()
		change(&o)
		if _, err := o.Document(); !errors.Is(err, oid4vci.ErrOffer) {
			t.Errorf("%s: Document: %v", name, err)
		}
		if _, err := o.Link(); !errors.Is(err, oid4vci.ErrOffer) {
			t.Errorf("%s: Link: %v", name, err)
		}
	}
	o := offer()
	o.TxCode.Description = strings.Repeat("é", 300)
	if _, err := o.Document(); err != nil {
		t.Errorf("300 characters: %v", err)
	}
}
