package sdjwt_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hyperledger/aries-framework-go/pkg/doc/jwt"
	"github.com/hyperledger/aries-framework-go/pkg/doc/sdjwt/common"

	"socialregistry/internal/jose"
)

// Another implementation, aries-framework-go, finds each of our disclosures
// among the signed digests, and none that was added or altered.
func TestAriesFindsOurDisclosures(t *testing.T) {
	t.Parallel()
	parts := strings.Split(strings.TrimSuffix(sign(t, person(newKey(t))), "~"), "~")
	payload, err := jose.Payload(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	token := &jwt.JSONWebToken{} // its own parser takes no typ but JWT
	if err := json.Unmarshal(payload, &token.Payload); err != nil {
		t.Fatal(err)
	}
	disclosures := parts[1:]
	if err := common.VerifyDisclosuresInSDJWT(disclosures, token); err != nil {
		t.Errorf("ours: %v", err)
	}
	added, _ := disc(`["s1","given_name","Eve"]`)
	if err := common.VerifyDisclosuresInSDJWT(append(disclosures, added), token); err == nil {
		t.Error("an added disclosure passed")
	}
	altered := append([]string{disclosures[0][:len(disclosures[0])-2] + "AA"}, disclosures[1:]...)
	if err := common.VerifyDisclosuresInSDJWT(altered, token); err == nil {
		t.Error("an altered disclosure passed")
	}
}
