package specimen

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"socialregistry/contexts"
)

// flip changes one bit in the middle of a part of a compact JWS.
func flip(token string, part int) string {
	parts := strings.Split(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[part])
	if err != nil || len(raw) == 0 {
		return token
	}
	raw[len(raw)/2] ^= 1
	parts[part] = base64.RawURLEncoding.EncodeToString(raw)
	return strings.Join(parts, ".")
}

// recode changes the JSON of a part of a compact JWS and leaves the signature.
func (g *generator) recode(token string, part int, change func(map[string]any)) string {
	parts := strings.Split(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[part])
	g.fail(err)
	m := map[string]any{}
	g.fail(json.Unmarshal(raw, &m))
	change(m)
	parts[part] = base64.RawURLEncoding.EncodeToString(g.json(m))
	return strings.Join(parts, ".")
}

// set gives a change of one member; nil takes it out.
func set(name string, v any) func(map[string]any) {
	return func(m map[string]any) {
		m[name] = v
		if v == nil {
			delete(m, name)
		}
	}
}

// encoded is text in base64url.
func encoded(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// aliasIRI names a context that has other names for the terms of credentials: the
// worst that a bundle could have in it.
const aliasIRI = "https://ex.org/aliases"

func aliasContext() []byte {
	const vc, bits = "https://www.w3.org/2018/credentials#", "https://www.w3.org/ns/credentials/status#"
	const dateTime = "http://www.w3.org/2001/XMLSchema#dateTime"
	return []byte(`{"@context":{"cred":"` + vc + `","standing":{"@id":"` + vc + `credentialStatus","@type":"@id"},"about":{"@id":"` + vc + `credentialSubject","@type":"@id"},
"ends":{"@id":"` + vc + `validUntil","@type":"` + dateTime + `"},"kind":"@type","is":"@id","inside":"@nest","madeBy":{"@id":"` + vc + `issuer","@type":"@id"},
"List":"` + bits + `BitstringStatusListCredential","of":{"@reverse":"` + vc + `credentialStatus"}}}`)
}

// contextsOf gives the contexts of a document in which names stand for others.
func (g *generator) contextsOf(more ...any) []any {
	return append([]any{contexts.CredentialsV2, g.iri}, more...)
}
