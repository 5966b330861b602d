package vci_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer"
	"socialregistry/issuer/cwt"
	"socialregistry/issuer/ledger"
)

// Status lists over HTTP: packed for who takes it, not sent again to who has it, open
// to every page, and all of them named in one place (Token Status List §8, §9).
func TestStatusListsOverHTTP(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		lists := ledger.New(s.db, s.clock.now)
		for _, kind := range []string{issuer.TokenList, issuer.BitstringList} {
			_, err := lists.Lease(t.Context(), kind, s.clock.now(), 1)
			s.must(err)
		}
		var named struct {
			Lists []string `json:"status_lists"`
		}
		all := s.do("GET", "/status/aggregation", "", "")
		s.must(json.Unmarshal(all.body, &named))
		if all.header.Get("Content-Type") != "application/json" || len(named.Lists) != 1 {
			t.Fatalf("aggregation: %s %s", all.header.Get("Content-Type"), all.body)
		}
		token := named.Lists[0][len(publicURL):]
		var bitstring string
		s.must(s.db.Raw("SELECT id FROM status_list WHERE kind = 'bitstring'").Scan(&bitstring).Error)
		for path, kind := range map[string]string{
			token: "application/statuslist+jwt", "/status/bitstring/" + bitstring: "application/vc", "/status/bitstring/" + bitstring + "/suspension": "application/vc",
			"/status/bitstring/" + bitstring + "/refresh": "application/vc", "/status/bitstring/" + bitstring + "/message": "application/vc",
		} {
			plain := s.do("GET", path, "", "", "Accept-Encoding", "identity")
			zipped := s.do("GET", path, "", "", "Accept-Encoding", "br;q=1, gzip;q=0.5")
			if plain.status != 200 || plain.header.Get("Content-Type") != kind || plain.header.Get("Access-Control-Allow-Origin") != "*" || plain.header.Get("Content-Encoding") != "" {
				t.Errorf("%s: %d %v", path, plain.status, plain.header)
			}
			r, err := gzip.NewReader(bytes.NewReader(zipped.body))
			s.must(err)
			unpacked, err := io.ReadAll(r)
			s.must(err)
			if zipped.header.Get("Content-Encoding") != "gzip" || !bytes.Equal(unpacked, plain.body) || zipped.header.Get("ETag") == plain.header.Get("ETag") {
				t.Errorf("%s packed: %v", path, zipped.header)
			}
			for _, a := range []answer{plain, zipped} {
				again := s.do("GET", path, "", "", "If-None-Match", a.header.Get("ETag"), "Accept-Encoding", a.header.Get("Content-Encoding")+", identity")
				if again.status != http.StatusNotModified || len(again.body) != 0 {
					t.Errorf("%s again: %d, %d bytes", path, again.status, len(again.body))
				}
			}
			if none := s.do("GET", path, "", "", "Accept-Encoding", "gzip;q=0"); none.header.Get("Content-Encoding") != "" {
				t.Errorf("%s: packed for who does not want it", path)
			}
		}
		s.negotiateList(token)
		for _, path := range []string{"/status/bitstring/" + bitstring + "/other", "/status/bitstring/none/refresh", "/status/token/" + bitstring} {
			if got := s.do("GET", path, "", ""); got.status != http.StatusNotFound {
				t.Errorf("%s: %d, want 404", path, got.status)
			}
		}
	})
}

// negotiateList: the list as a CWT for who asks for that, with a tag of its own; a JWT
// for everybody else.
func (s *service) negotiateList(path string) {
	s.t.Helper()
	const jwt, cbor = "application/statuslist+jwt", "application/statuslist+cwt"
	tags := map[string]string{}
	for accept, want := range map[string]string{"": jwt, "*/*": jwt, jwt: jwt, cbor: cbor, cbor + ", " + jwt: cbor, jwt + ", " + cbor: jwt, "text/html": jwt} {
		a := s.do("GET", path, "", "", "Accept", accept, "Accept-Encoding", "identity")
		if a.status != 200 || a.header.Get("Content-Type") != want || !slices.Contains(a.header.Values("Vary"), "Accept") {
			s.t.Errorf("Accept %q: %d %v", accept, a.status, a.header)
		}
		tag := a.header.Get("ETag")
		if known := tags[want]; known != "" && known != tag {
			s.t.Errorf("Accept %q: signed anew: %s, %s", accept, known, tag)
		}
		tags[want] = tag
		if again := s.do("GET", path, "", "", "Accept", accept, "Accept-Encoding", "identity", "If-None-Match", tag); again.status != http.StatusNotModified {
			s.t.Errorf("Accept %q again: %d", accept, again.status)
		}
	}
	if tags[jwt] == tags[cbor] || s.do("GET", path, "", "", "Accept", cbor, "Accept-Encoding", "identity", "If-None-Match", tags[jwt]).status != 200 {
		s.t.Error("the two forms share a tag")
	}
	key, err := s.issuer.JWKS()
	s.must(err)
	raw := s.do("GET", path, "", "", "Accept", cbor, "Accept-Encoding", "identity").body
	token, err := cwt.Parse(raw)
	s.must(err)
	for _, k := range key["keys"].([]any) {
		if jwk := k.(map[string]any); jwk["kid"] == token.KID {
			public, err := jose.ParseJWK(jwk)
			s.must(err)
			claims, err := token.Verify(public)
			if err != nil || claims.Subject != publicURL+path || claims.Bits != 2 || claims.TTL != 5*time.Minute || claims.Aggregation != publicURL+"/status/aggregation" {
				s.t.Errorf("CWT: %+v, %v", claims, err)
			}
			return
		}
	}
	s.t.Errorf("the key %s is not published", token.KID)
}
