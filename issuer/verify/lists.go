package verify

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/issuer/dataintegrity"
	"socialregistry/issuer/status"
)

// tokenEntry reads the claim status of an SD-JWT VC (Token Status List §6).
func tokenEntry(v any) statusEntry {
	claim, _ := v.(map[string]any)
	list, _ := claim["status_list"].(map[string]any)
	uri, _ := list["uri"].(string)
	index, ok := list["idx"].(float64)
	if len(claim) != 1 || uri == "" || !ok || index < 0 || index > math.MaxInt32 || index != math.Trunc(index) {
		return statusEntry{}
	}
	return statusEntry{list: tokenList, uri: uri, index: int(index)}
}

// maxEntries bounds the entries of a credential. Ours have four at most.
const maxEntries = 16

// bitstringEntries reads credentialStatus (Bitstring Status List 1.0 §2.1): one
// or several entries.
func bitstringEntries(v any) []statusEntry {
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	if len(list) > maxEntries { // each costs the check of a list
		return []statusEntry{{}}
	}
	var out []statusEntry
	for _, e := range list {
		out = append(out, bitstringEntry(e))
	}
	return out
}

var decimal = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})$`)

func bitstringEntry(v any) statusEntry {
	m, _ := v.(map[string]any)
	uri, _ := m["statusListCredential"].(string)
	index, _ := m["statusListIndex"].(string)
	purpose, _ := m["statusPurpose"].(string)
	width, told, ok := values(m, purpose)
	if m["type"] != "BitstringStatusListEntry" || uri == "" || !decimal.MatchString(index) || !ok {
		return statusEntry{}
	}
	n, err := strconv.Atoi(index)
	if err != nil {
		return statusEntry{}
	}
	return statusEntry{list: bitstringList, uri: uri, index: n, purpose: purpose, width: width, told: told}
}

// values reads how wide a value is and, of purpose message, what each one says
// (Bitstring Status List 1.0 §2.1): statusMessage has an element for every value.
func values(m map[string]any, purpose string) (width int, told []string, ok bool) {
	size, sized := m["statusSize"].(float64)
	if _, there := m["statusSize"]; !there {
		size, sized = 1, true
	}
	switch purpose {
	case status.Revocation, status.Suspension, status.Refresh:
		return 1, nil, sized && size == 1
	case status.Message:
	default:
		return 0, nil, false
	}
	list, _ := m["statusMessage"].([]any)
	if !sized || size != math.Trunc(size) || size < 1 || size > 8 || len(list) != 1<<int(size) {
		return 0, nil, false
	}
	for n, e := range list {
		said, _ := e.(map[string]any)
		text, isText := said["message"].(string)
		if said["status"] != fmt.Sprintf("0x%x", n) || !isText {
			return 0, nil, false
		}
		told = append(told, text)
	}
	return int(size), told, true
}

// listKeys gives the keys that may have signed a list: those of the issuer whose
// credential k signed.
func (t *trust) listKeys(k key, name string) []key {
	return slices.DeleteFunc(t.find(k.issuer.ID, name), func(c key) bool { return c.issuer.ID != k.issuer.ID })
}

// lifetime works out until when a list counts. One without end counts until its
// ttl has passed; one without either, never.
func lifetime(made, ends time.Time, ttl float64, unit time.Duration, ok bool) (snapshot, bool) {
	const tenYears = 10 * 365 * 24 * time.Hour
	if !ok || made.IsZero() || ttl < 0 || ttl > float64(tenYears/unit) {
		return snapshot{}, false
	}
	s := snapshot{made: made, fresh: made.Add(time.Duration(ttl * float64(unit))), ends: ends}
	if ends.IsZero() {
		s.ends = s.fresh
	}
	return s, true
}

// listType marks a status list (Bitstring Status List 1.0 §2.2).
const listType = "BitstringStatusListCredential"

// maxList bounds a bitstring list as text: package contexts canonicalises none that
// is larger. Packages jose and cwt bound the token lists.
const maxList = 4 << 20

// bitstringList reads a BitstringStatusListCredential (Bitstring Status List 1.0
// §2.2, §3.2).
func bitstringList(v *verification, e statusEntry, k key) (snapshot, error) {
	bad := unknownStatus("The status list in the trust bundle is not what the issuer signed.")
	b, ok := v.trust.status[e.uri]
	if !ok {
		return snapshot{}, unknownStatus("The trust bundle has no status list for this.")
	}
	if len(b.Token) > maxList {
		return snapshot{}, bad
	}
	doc, err := jose.DecodeObject([]byte(b.Token))
	if err != nil || checkShape(doc) != nil || doc["id"] != e.uri || !k.issuer.is(issuerOf(doc)) {
		return snapshot{}, bad
	}
	method, err := dataintegrity.Method(doc)
	if err != nil || !slices.Contains(texts(doc["type"]), listType) {
		return snapshot{}, bad
	}
	for _, signer := range v.trust.listKeys(k, method) {
		if v.trust.verifyProof(doc, signer) != nil {
			continue
		}
		s, ok := bitstringSnapshot(doc, e)
		if !ok || signer.signs(s.made, v.at) != nil {
			return snapshot{}, bad
		}
		return s, nil
	}
	return snapshot{}, bad
}

func bitstringSnapshot(doc map[string]any, e statusEntry) (snapshot, bool) {
	subject, _ := doc["credentialSubject"].(map[string]any)
	if subject["type"] != "BitstringStatusList" || !slices.Contains(texts(subject["statusPurpose"]), e.purpose) {
		return snapshot{}, false
	}
	made, ok1 := dateTime(doc["validFrom"])
	ends, ok2 := dateTime(doc["validUntil"])
	ttl, _ := subject["ttl"].(float64) // milliseconds
	s, ok := lifetime(made, ends, ttl, time.Millisecond, ok1 && ok2)
	if !ok {
		return snapshot{}, false
	}
	encoded, _ := subject["encodedList"].(string)
	list, err := status.ParseBitstring(encoded, e.width)
	s.list = list
	return s, err == nil
}
