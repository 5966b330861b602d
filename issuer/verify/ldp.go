package verify

import (
	"errors"
	"regexp"
	"slices"
	"time"

	"socialregistry/contexts"
	"socialregistry/internal/jose"
	"socialregistry/issuer/dataintegrity"
)

// FormatLDP is the name of Data Integrity credentials in OID4VCI.
const FormatLDP = "ldp_vc"

// readLDP reads a JSON document: a credential of VCDM 2.0, or something else.
func (t *trust) readLDP(data []byte) (credential, error) {
	doc, err := jose.DecodeObject(data)
	if err != nil && cutShort(data) {
		return credential{}, failure{IncompleteCode, "The end of this credential is missing."}
	}
	if err != nil {
		return credential{}, failure{UnreadableCode, "This is not well-formed JSON."}
	}
	c := credential{format: FormatLDP, issuer: issuerOf(doc)}
	proof, _ := doc["proof"].(map[string]any)
	c.key, _ = proof["verificationMethod"].(string)
	if err := checkShape(doc); err != nil {
		return c, err
	}
	kind := checkKind(doc, proof)
	if _, err := dataintegrity.ProofOf(doc); err != nil && kind == nil {
		return c, failure{UnreadableCode, "Its proof is not well-formed."}
	} else if err == nil {
		c.verify = func(k key) (signed, error) { return t.verifyLDP(doc, k) }
	}
	return c, kind
}

// cutShort says whether broken JSON lacks its end: something is open, and it does
// not look as if it were a lost quotation mark that keeps it open.
func cutShort(data []byte) bool {
	depth, text, escaped := 0, false, false
	for _, b := range data {
		switch {
		case escaped:
			escaped = false
		case text && b == '\\':
			escaped = true
		case b == '"':
			text = !text
		case text:
		case b == '{', b == '[':
			depth++
		case b == '}', b == ']':
			depth--
		}
	}
	return depth > 0 && !(text && data[len(data)-1] == '}')
}

func issuerOf(doc map[string]any) string {
	if m, ok := doc["issuer"].(map[string]any); ok {
		id, _ := m["id"].(string)
		return id
	}
	id, _ := doc["issuer"].(string)
	return id
}

// checkKind refuses what is no credential about somebody, with the one proof
// that is verified here.
func checkKind(doc, proof map[string]any) error {
	kinds := texts(doc["type"])
	switch {
	case !slices.Contains(kinds, "VerifiableCredential"):
		return failure{UnsupportedFormat, "This is not a verifiable credential."}
	case slices.Contains(kinds, listType):
		return failure{UnsupportedFormat, "This is a status list, not a credential about somebody."}
	case proof != nil && (proof["type"] != "DataIntegrityProof" || !knownSuite(proof)):
		return failure{UnsupportedFormat, "Its proof is of another kind."}
	}
	return nil
}

func knownSuite(proof map[string]any) bool {
	suite, _ := proof["cryptosuite"].(string)
	return slices.Contains(dataintegrity.Suites(), suite)
}

// texts gives a string, or an array of strings, as a list; nothing else.
func texts(v any) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	list, _ := v.([]any)
	var out []string
	for _, e := range list {
		s, ok := e.(string)
		if !ok {
			return nil
		}
		out = append(out, s)
	}
	return out
}

func (t *trust) verifyLDP(doc map[string]any, k key) (signed, error) {
	if err := t.verifyProof(doc, k); err != nil {
		return signed{}, err
	}
	proof, err := dataintegrity.ProofOf(doc)
	if err != nil {
		return signed{}, failure{Altered, "Its proof is not well-formed."}
	}
	s := signed{made: proof.Created, kind: kindOf(doc), status: bitstringEntries(doc["credentialStatus"])}
	var fromOK, untilOK bool
	s.from, fromOK = dateTime(doc["validFrom"])
	s.until, untilOK = dateTime(doc["validUntil"])
	subject, ok := doc["credentialSubject"].(map[string]any)
	if !fromOK || !untilOK || !ok {
		return s, failure{UnsupportedFormat, "Its dates, or whom it is about, are not written in the supported form."}
	}
	s.claims = map[string]any{}
	for name, v := range subject {
		if name != "id" && name != "type" {
			s.claims[name] = v
		}
	}
	return s, nil
}

// verifyProof checks the proof of a credential or of a status list, in the terms of the
// registry whose issuer signs, and that nothing which it signs is out of sight.
func (t *trust) verifyProof(doc map[string]any, k key) error {
	set := t.contexts[k.issuer.Source]
	err := dataintegrity.Verify(set, doc, k.public)
	switch {
	case errors.Is(err, dataintegrity.ErrKey):
		return failure{Altered, "The key that it names is not for this kind of proof."}
	case errors.Is(err, contexts.ErrContext):
		return failure{UnsupportedFormat, "It names a JSON-LD context that is not in the trust bundle, or another registry's."}
	case errors.Is(err, contexts.ErrLimit):
		return failure{UnsupportedFormat, "It is too complex to be checked."}
	case errors.Is(err, contexts.ErrDocument):
		return failure{Altered, "It holds details that no signature covers."}
	case err != nil:
		return failure{Altered, "The signature does not match."}
	}
	return checkStatements(set, doc)
}

// kindOf is the type besides VerifiableCredential.
func kindOf(doc map[string]any) string {
	for _, t := range texts(doc["type"]) {
		if t != "VerifiableCredential" {
			return t
		}
	}
	return "VerifiableCredential"
}

var dateTimeStamp = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$`)

// dateTime reads a dateTimeStamp (VCDM 2.0 §4.9); zero if there is none, false
// if it is no such time.
func dateTime(v any) (time.Time, bool) {
	if v == nil {
		return time.Time{}, true
	}
	s, _ := v.(string)
	at, err := time.Parse(time.RFC3339, s)
	return at.UTC(), err == nil && dateTimeStamp.MatchString(s)
}
