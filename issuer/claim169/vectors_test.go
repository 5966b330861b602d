package claim169_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"socialregistry/internal/vectors"
	"socialregistry/issuer/claim169"
)

// vector is a file of idpass/claim-169, as far as it is looked at here.
type vector struct {
	Name  string `json:"name"`
	Text  string `json:"qr_data"`
	Error string `json:"expected_error"`
	Key   struct {
		Alg    string `json:"algorithm"`
		Public string `json:"public_key_hex"`
	} `json:"signing_key"`
	Encryption map[string]any `json:"encryption_key"`
	Want       map[string]any `json:"expected_claim169"`
	Meta       struct {
		Issuer    string `json:"issuer"`
		Subject   string `json:"subject"`
		Expires   int64  `json:"expiresAt"`
		NotBefore int64  `json:"notBefore"`
		Issued    int64  `json:"issuedAt"`
	} `json:"expected_cwt_meta"`
}

func (v vector) public(t *testing.T) crypto.PublicKey {
	t.Helper()
	raw, err := hex.DecodeString(v.Key.Public)
	if err != nil {
		t.Fatal(err)
	}
	if v.Key.Alg == "EdDSA" {
		return ed25519.PublicKey(raw)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Every published vector reads as it should: what is signed verifies, what is not is
// refused however well it reads, what is encrypted or broken is refused.
func TestPublishedVectors(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"valid", "edge", "invalid"} {
		for _, f := range vectors.Folder(t, "data/claim169/test-vectors/"+folder, "*.json") {
			t.Run(folder+"/"+f.Name, func(t *testing.T) {
				t.Parallel()
				var v vector
				if err := json.Unmarshal(f.Bytes, &v); err != nil {
					t.Fatal(err)
				}
				v.check(t)
			})
		}
	}
}

func (v vector) check(t *testing.T) {
	t.Helper()
	code, err := claim169.Parse(v.Text)
	switch {
	case v.Encryption != nil, v.Error == "CoseParse":
		if !errors.Is(err, claim169.ErrForeign) {
			t.Errorf("%v, want ErrForeign", err)
		}
		return
	case v.Error == "Base45Decode", v.Error == "Decompress":
		if !errors.Is(err, claim169.ErrMalformed) || errors.Is(err, claim169.ErrIncomplete) {
			t.Errorf("%v, want ErrMalformed", err)
		}
		return
	case err != nil:
		t.Fatal(err)
	}
	got, err := code.Unverified()
	if v.Error == "Claim169NotFound" {
		if !errors.Is(err, claim169.ErrForeign) {
			t.Errorf("%v, want ErrForeign", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	v.compare(t, got)
	if v.Key.Public == "" {
		for _, key := range []crypto.PublicKey{ed25519.PublicKey(make([]byte, 32)), nil} {
			if _, err := code.Verify(key); !errors.Is(err, claim169.ErrSignature) {
				t.Errorf("nobody signed it: %v", err)
			}
		}
		return
	}
	if _, err := code.Verify(v.public(t)); err != nil {
		t.Error(err)
	}
}

// compare holds what is read to what the file says; names are put in our form.
func (v vector) compare(t *testing.T, got claim169.Content) {
	t.Helper()
	if got.Issuer != v.Meta.Issuer || got.Subject != v.Meta.Subject || got.Expires.Unix() != v.Meta.Expires || got.Issued.Unix() != v.Meta.Issued || v.Meta.NotBefore != 0 && got.NotBefore.Unix() != v.Meta.NotBefore {
		t.Errorf("%+v, want %+v", got, v.Meta)
	}
	ours := map[string]string{"fullName": "full_name", "firstName": "first_name", "middleName": "middle_name", "lastName": "last_name", "dateOfBirth": "birth_date", "maritalStatus": "marital_status", "photoFormat": "photo_format",
		"bestQualityFingers": "best_fingers", "secondaryFullName": "second_full_name", "secondaryLanguage": "second_language", "locationCode": "location_code", "legalStatus": "legal_status", "countryOfIssuance": "country_of_issuance",
		"rightThumb": "right_thumb", "rightPointerFinger": "right_pointer_finger"}
	meant := map[string]string{"birth_date 19900515": "1990-05-15", "birth_date 19840118": "1984-01-18", "gender 1": "male", "gender 2": "female", "marital_status 2": "married", "photo_format 1": "jpeg",
		"best_fingers [1 2 6]": "[right_thumb right_pointer_finger left_thumb]"}
	for name, want := range v.Want {
		if as, ok := ours[name]; ok {
			name = as
		}
		text := fmt.Sprint(want)
		if as, ok := meant[name+" "+text]; ok {
			text = as
		}
		shown := fmt.Sprint(got.Attributes[name])
		if list, ok := want.([]any); ok && strings.HasPrefix(text, "[map[") { // biometrics
			text = ""
			// with-face.json wants other bytes than stand in its own code, which are those of a JPEG.
			if data, _ := list[0].(map[string]any)["data"].(string); data != "" && data != "//3+4AAQ" && !strings.HasSuffix(shown, ";base64,"+data) {
				t.Errorf("%s: %s, want %s", name, shown, data)
			}
			if !strings.HasPrefix(shown, "data:") {
				t.Errorf("%s: %.40s", name, shown)
			}
		}
		if text != "" && shown != text {
			t.Errorf("%s: %s, want %s", name, shown, text)
		}
	}
}

// The samples of MOSIP's own software: keys as text, a map in bytes, hexadecimal text,
// one biometric that is not in an array; and what PixelPass packs that is no token.
func TestMOSIPSamples(t *testing.T) {
	t.Parallel()
	var samples []struct {
		Name  string `json:"name"`
		CWT   string `json:"cwt_hex"`
		Text  string `json:"qr_text"`
		Made  string `json:"qr_text_made_here"`
		Hex   string `json:"qr_text_of_hex_text_made_here"`
		Bytes string `json:"qr_text_of_bytes_made_here"`
	}
	if err := json.Unmarshal(vectors.Read(t, "data/claim169/mosip-samples.json"), &samples); err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]string{
		"mosip-spec-1.2.0-section-3.2.1": {"id": "3918592438", "full_name": "Janardhan BS", "birth_date": "1984-04-18", "gender": "male", "nationality": "IN", "face": "data:image/webp;base64,UklG"},
		"inji-certify-sample":            {"id": "3918592438", "version": "10", "birth_date": "04-18-1984", "gender": "male", "face": "data:image/png;base64,Ukk=", "voice": "data:audio/wav;base64,Ukk=", "attribute hello": "world"},
	}
	seen := 0
	for _, s := range samples {
		for _, text := range []string{s.Text, s.Made, s.Hex, s.Bytes} {
			if text == "" {
				continue
			}
			seen++
			code, err := claim169.Parse(text)
			if s.CWT == "" {
				if !errors.Is(err, claim169.ErrForeign) {
					t.Errorf("%s: %v, want ErrForeign", s.Name, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s: %v", s.Name, err)
			}
			got, err := code.Unverified()
			if err != nil || len(code.KID) == 0 {
				t.Fatalf("%s: %v, kid %q", s.Name, err, code.KID)
			}
			for name, w := range want[s.Name] {
				if g := fmt.Sprint(got.Attributes[name]); g != w && !(name == "face" && strings.HasPrefix(g, w)) {
					t.Errorf("%s: %s is %.60s, want %s", s.Name, name, g, w)
				}
			}
		}
	}
	if seen < 5 {
		t.Errorf("%d texts", seen)
	}
}
