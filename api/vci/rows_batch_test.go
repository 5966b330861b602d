package vci_test

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"socialregistry/internal/jose"
	"socialregistry/registry"
)

// proofs are n good proofs of n keys with one nonce.
func (s *service) proofs(n int) []string {
	s.t.Helper()
	nonce := s.nonce()
	out := make([]string, n)
	for k := range out {
		out[k] = s.proof(nonce).sign(s.t)
	}
	return out
}

func (s *service) askBatch(token, config string, proofs []string) answer {
	s.t.Helper()
	return s.credential(token, object{"credential_configuration_id": config, "proofs": object{"jwt": proofs}})
}

// payloads gives what the SD-JWTs of an answer sign, and their disclosures.
func (s *service) payloads(a answer) (payloads []object, disclosures [][]string) {
	s.t.Helper()
	if a.status != 200 {
		s.t.Fatalf("%d %s", a.status, a.body)
	}
	for _, c := range s.json(a)["credentials"].([]any) {
		parts := strings.Split(c.(object)["credential"].(string), "~")
		raw, err := jose.Payload(parts[0])
		s.must(err)
		var payload object
		s.must(json.Unmarshal(raw, &payload))
		payloads, disclosures = append(payloads, payload), append(disclosures, parts[1:len(parts)-1])
	}
	return payloads, disclosures
}

// The copies of a batch say the same and share nothing that would link them: each
// has its own key, salts and status index, and the times of its day (§15.4.1).
func TestBatchCopiesAreUnlinkable(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		const n = 10
		a := s.askBatch(s.token(s.person(), sd), sd, s.proofs(n))
		payloads, disclosures := s.payloads(a)
		if len(payloads) != n || s.count("issuance") != n {
			t.Fatalf("%d credentials, %d rows", len(payloads), s.count("issuance"))
		}
		keys, seen := map[string]bool{}, map[string]bool{}
		var indices []float64
		for k, p := range payloads {
			keys[p["cnf"].(object)["jwk"].(object)["x"].(string)] = true
			for _, d := range disclosures[k] {
				raw, err := base64.RawURLEncoding.DecodeString(d)
				s.must(err)
				var item []any
				s.must(json.Unmarshal(raw, &item))
				if seen[item[0].(string)] {
					t.Error("a salt comes twice")
				}
				seen[item[0].(string)] = true
			}
			indices = append(indices, p["status"].(object)["status_list"].(object)["idx"].(float64))
			for _, name := range []string{"iat", "nbf", "exp"} {
				if v, ok := p[name].(float64); ok && int64(v)%86400 != 0 {
					t.Errorf("%s is not that of a day: %v", name, v)
				}
			}
			for _, name := range []string{"jti", "sub"} {
				if _, given := p[name]; given {
					t.Errorf("a copy has %s", name)
				}
			}
		}
		if len(keys) != n {
			t.Errorf("%d keys for %d copies", len(keys), n)
		}
		sorted := slices.Sorted(slices.Values(indices))
		if len(slices.Compact(slices.Clone(sorted))) != n || sorted[n-1]-sorted[0] < 1000 || reflect.DeepEqual(sorted, indices) {
			t.Errorf("indices %v are not scattered", indices)
		}
		if id, _ := s.json(a)["notification_id"].(string); id == "" {
			t.Error("no notification_id for the batch")
		}
	})
}

// Row 55: all or nothing, and what is refused uses up no index and no nonce.
func TestRow55BatchLimits(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		token := s.token(s.person(), sd)
		good := s.proofs(11)
		for name, tc := range map[string]struct {
			proofs []string
			code   string
		}{
			"one too many":   {good, "invalid_credential_request"},
			"the same twice": {[]string{good[0], good[1], good[0]}, "invalid_proof"},
			"one is bad":     {append(slices.Clone(good[:9]), "x"), "invalid_proof"},
			"two nonces":     {[]string{good[0], s.proof(s.nonce()).sign(t)}, "invalid_nonce"},
		} {
			s.refused(name, s.askBatch(token, sd, tc.proofs), 400, tc.code)
		}
		if n := s.count("issuance"); n != 0 {
			t.Errorf("%d status indices were used", n)
		}
		if payloads, _ := s.payloads(s.askBatch(token, sd, good[:10])); len(payloads) != 10 {
			t.Errorf("%d credentials for as many as may be", len(payloads))
		}
		s.refused("the nonce again", s.askBatch(token, sd, good[10:]), 400, "invalid_nonce")
	})
}

// A batch refused by the gate uses no index, and all its copies end together.
func TestBatchIsOneReservation(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		id := s.person()
		token := s.token(id, sd)
		s.decide(id, registry.StateRejected, "given_name")
		s.refused("not attested", s.askBatch(token, sd, s.proofs(3)), 400, "credential_request_denied")
		s.decide(id, registry.StateAttested, "given_name")
		payloads, _ := s.payloads(s.askBatch(token, sd, s.proofs(3)))
		if rows := s.count("issuance"); len(payloads) != 3 || rows != 3 {
			t.Fatalf("%d credentials, %d rows", len(payloads), rows)
		}
		var responses int
		s.must(s.db.Raw("SELECT count(DISTINCT response_id) FROM issuance").Scan(&responses).Error)
		if responses != 1 {
			t.Errorf("%d responses for one batch", responses)
		}
	})
}
