package issuer_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/internal/secret"
	"socialregistry/issuer"
	"socialregistry/issuer/keys"
	"socialregistry/issuer/ledger"
)

// Two first starts at once, in two processes as it were, make one set of keys.
func TestFirstStartsAtOnceMakeOneSetOfKeys(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		ctx := context.Background()
		first := openURL(t, url)
		w := &world{db: first, clock: newClock(), master: secret.NewMaster()}
		w.openRegistry(t)
		issuers := make([]*issuer.Issuer, 4)
		var wg sync.WaitGroup
		for n := range issuers {
			d := openURL(t, url)
			wg.Go(func() {
				i, err := issuer.New(ctx, w.config(d))
				if err != nil {
					t.Error(err)
					return
				}
				issuers[n] = i
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
		want := jwks(t, issuers[0])
		if len(want) != 2 {
			t.Errorf("%d keys, want one per algorithm", len(want))
		}
		for _, i := range issuers[1:] {
			if got := jwks(t, i); got[0] != want[0] || got[1] != want[1] {
				t.Errorf("two sets of keys: %v and %v", want, got)
			}
		}
	})
}

func TestAnotherMasterKeyIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.config(d)
		c.Master = secret.NewMaster()
		if _, err := issuer.New(context.Background(), c); !errors.Is(err, keys.ErrKey) {
			t.Errorf("got %v, want ErrKey", err)
		}
	})
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	w := newWorld(t, d)
	for url, ok := range map[string]bool{
		"https://registry.example": true, "https://registry.example:8443": true, "http://localhost:8080": true,
		"http://registry.example": false, "https://registry.example/": false, "https://registry.example/a": false,
		"ftp://localhost": false, "https://": false, "": false, "http://localhost.evil.example": false, "https://u@registry.example": false,
	} {
		must(t, d.Exec("DELETE FROM issuer_identity").Error)
		c := w.config(d)
		c.PublicURL = url
		if _, err := issuer.New(context.Background(), c); (err == nil) != ok {
			t.Errorf("%q: %v, want accepted %v", url, err, ok)
		}
	}
}

// badConfiguration stores a configuration and tries to start.
func badConfiguration(t *testing.T, d *db.DB, change func(doc map[string]any)) error {
	t.Helper()
	w := newWorld(t, d)
	ctx := context.Background()
	l := ledger.New(d, w.clock.now)
	stored, err := l.Configurations(ctx)
	must(t, err)
	doc := stored[0].Document // the ldp_vc
	change(doc)
	must(t, d.Exec("UPDATE credential_configuration SET document = ? WHERE id = ?", db.JSON(doc), stored[0].ID).Error)
	_, err = issuer.New(ctx, w.config(d))
	return err
}

// Two configurations of one format and one type could not be told apart.
func TestTwoConfigurationsOfOneTypeAreRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		const twin = "INSERT INTO credential_configuration (issuer, id, position, document, created_at)" +
			" SELECT issuer, 'twin', 9, document, created_at FROM credential_configuration WHERE id = ?"
		must(t, d.Exec(twin, sd).Error)
		_, err := issuer.New(context.Background(), w.config(d))
		if !errors.Is(err, issuer.ErrConfiguration) || !strings.Contains(err.Error(), sd) {
			t.Errorf("got %v, want ErrConfiguration that names %s", err, sd)
		}
	})
}

func claim(field, name string, mandatory bool) map[string]any {
	return map[string]any{"field": field, "claim": name, "mandatory": mandatory}
}

func TestRow81WrongKeyAlgorithmIsRefusedAtStart(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(map[string]any){
		"P-256 for an EdDSA suite":   func(doc map[string]any) { doc["alg"] = "ES256" },
		"Ed25519 for an ECDSA suite": func(doc map[string]any) { doc["suite"] = "ecdsa-rdfc-2019" },
		"suite in an sd-jwt":         func(doc map[string]any) { doc["format"] = "dc+sd-jwt" },
		"symmetric":                  func(doc map[string]any) { doc["format"], doc["suite"], doc["alg"] = "dc+sd-jwt", "", "HS256" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := badConfiguration(t, dbtest.New(t, "sqlite"), change); !errors.Is(err, issuer.ErrConfiguration) {
				t.Errorf("started with it: %v", err)
			}
		})
	}
	t.Run("unchanged", func(t *testing.T) {
		t.Parallel()
		if err := badConfiguration(t, dbtest.New(t, "sqlite"), func(map[string]any) {}); err != nil {
			t.Errorf("the passing twin: %v", err)
		}
	})
}

func TestRow82ClaimWithoutTermIsRefusedAtStart(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(map[string]any){
		"claim without term": func(doc map[string]any) { doc["fields"] = []any{claim("given_name", "noSuchTerm", true)} },
		"type without term":  func(doc map[string]any) { doc["type"] = "NoSuchCredential" },
		"claim is an id":     func(doc map[string]any) { doc["fields"] = []any{claim("national_id", "id", true)} },
		"claim is a keyword": func(doc map[string]any) { doc["fields"] = []any{claim("given_name", "@type", true)} },
		"unknown field":      func(doc map[string]any) { doc["fields"] = []any{claim("shoe_size", "givenName", true)} },
		"not issuable":       func(doc map[string]any) { doc["fields"] = []any{claim("preferred_contact_method", "givenName", true)} },
		"claim twice": func(doc map[string]any) {
			doc["fields"] = []any{claim("given_name", "sex", true), claim("sex", "sex", true)}
		},
		"nothing mandatory": func(doc map[string]any) { doc["fields"] = []any{claim("given_name", "givenName", false)} },
		"no fields":         func(doc map[string]any) { doc["fields"] = []any{} },
		"unknown member":    func(doc map[string]any) { doc["sign_everything"] = true },
		"no validity":       func(doc map[string]any) { doc["validity_days"] = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := badConfiguration(t, dbtest.New(t, "sqlite"), change); err == nil {
				t.Error("started with it")
			}
		})
	}
}

func TestMetadataNamesBothFormats(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	m, _, err := w.Metadata("")
	must(t, err)
	if m.CredentialIssuer != publicURL || m.Configurations[sd].VCT != publicURL+"/credentials/types/person" {
		t.Errorf("metadata %+v", m)
	}
	if got := m.Configurations[ldp]; got.SigningAlgs[0] != "eddsa-rdfc-2022" || got.Definition.Type[1] != "SocialRegistryPersonCredential" {
		t.Errorf("ldp_vc: %+v", got)
	}
	if len(m.Display) != 5 || m.Display[0].Locale != "ar" || m.Display[1].Name != "Social Registry" || m.Display[1].Logo == nil || m.Display[1].Logo.AltText != "Social Registry" {
		t.Errorf("display of the issuer: %+v", m.Display)
	}
}

func jwks(t *testing.T, i *issuer.Issuer) []any {
	t.Helper()
	set, err := i.JWKS()
	must(t, err)
	var kids []any
	for _, k := range set["keys"].([]any) {
		kids = append(kids, k.(map[string]any)["kid"])
		if _, private := k.(map[string]any)["d"]; private {
			t.Error("a private key is published")
		}
	}
	return kids
}

func openURL(t *testing.T, url string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), url)
	must(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}
