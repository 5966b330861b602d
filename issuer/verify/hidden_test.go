package verify_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"testing"

	"socialregistry/contexts"
	"socialregistry/issuer/status"
	"socialregistry/issuer/verify"
)

const (
	vc       = "https://www.w3.org/2018/credentials#"
	bits     = "https://www.w3.org/ns/credentials/status#"
	aliases  = "https://ex.org/aliases" // a context with other names for things
	dateTime = "http://www.w3.org/2001/XMLSchema#dateTime"
)

// withAliases lets the verifier know a context of other names, the worst that a
// bundle could have in it.
func withAliases(w *world) {
	doc := []byte(`{"@context":{"cred":"` + vc + `","standing":{"@id":"` + vc + `credentialStatus","@type":"@id"},"about":{"@id":"` + vc + `credentialSubject","@type":"@id"},
		"ends":{"@id":"` + vc + `validUntil","@type":"` + dateTime + `"},"kind":"@type","is":"@id","inside":"@nest","madeBy":{"@id":"` + vc + `issuer","@type":"@id"},
		"List":"` + bits + `BitstringStatusListCredential","of":{"@reverse":"` + vc + `credentialStatus"}}}`)
	iri, own, _ := contexts.Registry(url)
	set, err := contexts.New(map[string][]byte{iri: own, aliases: doc})
	if err != nil {
		w.t.Fatal(err)
	}
	w.set = set
	w.bundle.Contexts[aliases] = verify.NewContext(doc)
	w.doc["@context"] = append(w.doc["@context"].([]any), aliases)
}

// rename gives a member another name.
func rename(m map[string]any, from, to string) {
	m[to] = m[from]
	delete(m, from)
}

// without gives some members of an object, and takes them out of it.
func without(m map[string]any, names ...string) map[string]any {
	out := map[string]any{"id": m["id"]}
	for _, name := range names {
		out[name] = m[name]
		delete(m, name)
	}
	return out
}

// rewrites each change how a credential is written, but not one of its
// statements: d is the document, s its subject, e its status.
func rewrites() map[string]func(d, s, e map[string]any) {
	typed := func(v any) any { return map[string]any{"@value": v, "@type": dateTime} }
	return map[string]func(d, s, e map[string]any){
		"status by address":      func(d, _, _ map[string]any) { rename(d, "credentialStatus", vc+"credentialStatus") },
		"status by compact name": func(d, _, _ map[string]any) { rename(d, "credentialStatus", "cred:credentialStatus") },
		"status by another term": func(d, _, _ map[string]any) { rename(d, "credentialStatus", "standing") },
		"status nested": func(d, _, _ map[string]any) {
			d["inside"] = without(d, "credentialStatus")
			delete(d["inside"].(map[string]any), "id")
		},
		"status backwards": func(d, _, e map[string]any) {
			whole := maps.Clone(d)
			clear(d)
			d["@context"], d["proof"] = whole["@context"], whole["proof"]
			for _, name := range []string{"@context", "proof", "credentialStatus"} {
				delete(whole, name)
			}
			maps.Copy(d, e)
			d["of"] = whole
		},
		"status in a list in a list": func(d, _, e map[string]any) { d["credentialStatus"] = []any{[]any{e}} },
		"status twice":               func(d, _, e map[string]any) { d["credentialStatus"] = []any{e, maps.Clone(e)} },
		"status in two parts": func(d, _, e map[string]any) {
			d["credentialStatus"] = []any{without(e, "type", "statusPurpose"), typedEntry(e)}
		},
		"status entry by addresses": func(_, _, e map[string]any) {
			e["type"] = bits + "BitstringStatusListEntry"
			for _, name := range []string{"statusPurpose", "statusListIndex", "statusListCredential"} {
				rename(e, name, bits+name)
			}
			e[bits+"statusListCredential"] = map[string]any{"id": bitsURI}
		},
		"subject by address":   func(d, _, _ map[string]any) { rename(d, "credentialSubject", vc+"credentialSubject") },
		"half of the subject":  func(d, s, _ map[string]any) { d[vc+"credentialSubject"] = without(s, "familyName") },
		"half by compact name": func(d, s, _ map[string]any) { d["cred:credentialSubject"] = without(s, "familyName") },
		"half by another term": func(d, s, _ map[string]any) { d["about"] = without(s, "familyName") },
		"half in a list":       func(d, s, _ map[string]any) { d["credentialSubject"] = []any{without(s, "familyName"), s} },
		"half nested": func(_, s, _ map[string]any) {
			s["inside"] = map[string]any{"familyName": s["familyName"]}
			delete(s, "familyName")
		},
		"a detail by address":    func(_, s, _ map[string]any) { rename(s, "familyName", "https://schema.org/familyName") },
		"a detail twice":         func(_, s, _ map[string]any) { s["givenName"] = []any{"Amina", "Amina"} },
		"a detail in lists":      func(_, s, _ map[string]any) { s["givenName"] = []any{[]any{"Amina"}} },
		"a detail as a value":    func(_, s, _ map[string]any) { s["givenName"] = map[string]any{"@value": "Amina"} },
		"end by address":         func(d, _, _ map[string]any) { d[vc+"validUntil"] = typed(d["validUntil"]); delete(d, "validUntil") },
		"end by another term":    func(d, _, _ map[string]any) { rename(d, "validUntil", "ends") },
		"beginning by address":   func(d, _, _ map[string]any) { d[vc+"validFrom"] = typed(d["validFrom"]); delete(d, "validFrom") },
		"issuer by address":      func(d, _, _ map[string]any) { d[vc+"issuer"] = map[string]any{"id": did}; delete(d, "issuer") },
		"issuer by another term": func(d, _, _ map[string]any) { d["madeBy"] = did },
		"own type by address": func(d, _, _ map[string]any) {
			d["type"] = []any{"VerifiableCredential", url + "/vocab#SocialRegistryPersonCredential"}
		},
		"own type by keyword":    func(d, _, _ map[string]any) { rename(d, "type", "@type") },
		"own type by another":    func(d, _, _ map[string]any) { d["kind"] = "SocialRegistryPersonCredential" },
		"id by keyword":          func(_, s, _ map[string]any) { rename(s, "id", "@id") },
		"id by another term":     func(_, s, _ map[string]any) { rename(s, "id", "is") },
		"id of the status so":    func(_, _, e map[string]any) { rename(e, "id", "@id") },
		"type of the status so":  func(_, _, e map[string]any) { rename(e, "type", "@type") },
		"own id by another term": func(d, _, _ map[string]any) { rename(d, "id", "is") },
		"type by compact name": func(d, _, _ map[string]any) {
			d["type"] = []any{"VerifiableCredential", "SocialRegistryPersonCredential", "cred:VerifiableCredential"}
		},
	}
}

// typedEntry is what is left of an entry, with its type, so that its terms have
// their meaning.
func typedEntry(e map[string]any) map[string]any {
	out := maps.Clone(e)
	out["type"] = "BitstringStatusListEntry"
	return out
}

// The holder writes a withdrawn credential in another way, with the statements
// that were signed: the proof holds, but it must not become genuine, and nothing
// of it may be out of sight.
func TestSameStatementsWrittenOtherwise(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	withAliases(w)
	w.value = status.Invalid
	b, good := w.parsed(), w.credential(verify.FormatLDP)
	if got := b.Verify(good, now()); got.Outcome != verify.Withdrawn {
		t.Fatalf("as it was issued: %s, want withdrawn", got.Outcome)
	}
	want := w.canonical(good)
	for name, rewrite := range rewrites() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := map[string]any{}
			if err := json.Unmarshal(good, &d); err != nil {
				t.Fatal(err)
			}
			rewrite(d, d["credentialSubject"].(map[string]any), d["credentialStatus"].(map[string]any))
			bad := w.json(d)
			if !bytes.Equal(w.canonical(bad), want) {
				t.Fatal("other statements: this proves nothing")
			}
			got := b.Verify(bad, now())
			if got.Outcome != verify.UnsupportedFormat || got.Claims != nil {
				t.Errorf("%s (%s), claims %v; want unsupported_format", got.Outcome, got.Reason, got.Claims)
			}
		})
	}
}

// canonical gives the statements of a credential without its proof.
func (w *world) canonical(credential []byte) []byte {
	d := map[string]any{}
	if err := json.Unmarshal(credential, &d); err != nil {
		w.t.Fatal(err)
	}
	delete(d, "proof")
	lines, err := w.set.Canonicalize(d)
	if err != nil {
		w.t.Fatal(err)
	}
	return lines
}

// A status list is no credential about somebody, under whatever name.
func TestListIsNoCredential(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"BitstringStatusListCredential", bits + "BitstringStatusListCredential", "List"} {
		w := newWorld(t)
		withAliases(w)
		w.listDoc = map[string]any{"@context": []any{contexts.CredentialsV2, aliases}, "type": []any{"VerifiableCredential", name}}
		if got := w.parsed().Verify([]byte(w.bitstring(bitsURI, "revocation", 0)), now()); got.Outcome != verify.UnsupportedFormat || got.Claims != nil {
			t.Errorf("%s: %s", name, got.Outcome)
		}
	}
}

// Other ways in which an honest issuer writes, and some in which it must not.
func TestShapes(t *testing.T) {
	t.Parallel()
	subject := func(name string, v any) func(*world) {
		return func(w *world) { w.doc["credentialSubject"].(map[string]any)[name] = v }
	}
	genuine, not := verify.Genuine, verify.UnsupportedFormat
	for name, c := range map[string]struct {
		change func(*world)
		want   verify.Outcome
	}{
		"nested":               {subject("birthPlace", map[string]any{"id": "urn:place", "name": "Town"}), genuine},
		"nested without id":    {subject("birthPlace", map[string]any{"name": "Town"}), genuine},
		"two values":           {subject("aliasNames", []any{"Ami", "Mina"}), genuine},
		"type of the subject":  {subject("type", "Person"), genuine},
		"no id of the subject": {func(w *world) { delete(w.doc["credentialSubject"].(map[string]any), "id") }, genuine},
		"vouches for itself":   {subject("id", did), genuine},
		"issuer with a name":   {func(w *world) { w.doc["issuer"] = map[string]any{"id": did, "name": "Ministry"} }, genuine},
		"status in a list":     {func(w *world) { w.doc["credentialStatus"] = []any{w.doc["credentialStatus"]} }, genuine},
		"status without id":    {func(w *world) { delete(w.doc["credentialStatus"].(map[string]any), "id") }, genuine},
		"a list of one":        {subject("givenName", []any{"Amina"}), genuine},
		"blank node":           {subject("id", "_:b0"), not},
		"a node in two places": {func(w *world) {
			subject("birthPlace", "urn:place")(w)
			w.doc["evidence"] = map[string]any{"id": "urn:place", "type": "JsonSchema", "name": "Town"}
		}, not},
		"a node named elsewhere": {func(w *world) {
			subject("birthPlace", map[string]any{"id": "urn:place"})(w)
			w.doc["evidence"] = map[string]any{"id": "urn:place", "type": "JsonSchema", "name": "Town"}
		}, not},
		"vouches for itself, twice": {func(w *world) {
			subject("id", did)(w)
			w.doc["issuer"] = map[string]any{"id": did, "maidenName": "Sow"}
		}, not},
		"type by address": {subject("type", "https://schema.org/Person"), not},
	} {
		w := newWorld(t)
		c.change(w)
		got := w.parsed().Verify(w.credential(verify.FormatLDP), now())
		if got.Outcome != c.want || (got.Claims != nil) != (c.want == genuine) {
			t.Errorf("%s: %s (%s), want %s", name, got.Outcome, got.Reason, c.want)
		}
	}
}
