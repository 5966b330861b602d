package issuer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"socialregistry/contexts"
	"socialregistry/internal/jose"
	"socialregistry/issuer/dataintegrity"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/status"
)

// purposes are all that there are lists for.
func purposes() []string {
	return []string{status.Revocation, status.Suspension, status.Refresh, status.Message}
}

// usualPurposes are those of a configuration that names none.
func usualPurposes() []string {
	return []string{status.Revocation, status.Suspension, status.Refresh}
}

// checkPurposes: a credential that could not be withdrawn, or that could be
// suspended without anybody seeing it, would not do what the pages promise.
func checkPurposes(named []string) bool {
	for n, p := range named {
		if !slices.Contains(purposes(), p) || slices.Contains(named[:n], p) {
			return false
		}
	}
	return slices.Contains(named, status.Revocation) && slices.Contains(named, status.Suspension)
}

// messageBits is the statusSize of the purpose message: its four messages.
const messageBits = 2

// messages are what the purpose message can tell, by value.
func messages() []string {
	return []string{"nothing to tell", "a newer credential was issued in the place of this one",
		"a detail in this credential has changed, or is no longer attested", "the issuer has withdrawn or suspended this credential"}
}

// bitOf gives the value of an entry in the list of a purpose, and its width.
func bitOf(purpose string) (width int, value func(ledger.StatusEntry) byte) {
	bit := func(set func(ledger.StatusEntry) bool) func(ledger.StatusEntry) byte {
		return func(e ledger.StatusEntry) byte {
			if set(e) {
				return 1
			}
			return 0
		}
	}
	switch purpose {
	case status.Suspension:
		return 1, bit(func(e ledger.StatusEntry) bool { return e.State == ledger.Suspended })
	case status.Refresh:
		return 1, bit(func(e ledger.StatusEntry) bool { return replaced(e) || e.Reason == reasonChanged })
	case status.Message:
		return messageBits, message
	}
	return 1, bit(func(e ledger.StatusEntry) bool { return tokenValue(e) == status.Invalid })
}

// replaced says that there is a newer credential in the place of this one.
func replaced(e ledger.StatusEntry) bool { return e.Replaced || e.Reason == ledger.ReasonReplaced }

// message is an index into messages.
func message(e ledger.StatusEntry) byte {
	switch {
	case replaced(e):
		return 1
	case e.Reason == reasonChanged:
		return 2
	case tokenValue(e) != status.Valid:
		return 3
	}
	return 0
}

// bitstringURL is the address of the list of a purpose.
func (i *Issuer) bitstringURL(id, purpose string) string {
	if purpose == status.Revocation {
		return i.listURL(BitstringList, id)
	}
	return i.listURL(BitstringList, id) + "/" + purpose
}

// credentialStatus is the property of a W3C credential: one entry for each purpose,
// with one index (Bitstring Status List 1.0 §2.1).
func (i *Issuer) credentialStatus(c Configuration, listID string, index int64) []any {
	var out []any
	for _, purpose := range c.StatusPurposes {
		list := i.bitstringURL(listID, purpose)
		entry := map[string]any{"id": fmt.Sprintf("%s#%d", list, index), "type": "BitstringStatusListEntry", "statusPurpose": purpose,
			"statusListIndex": strconv.FormatInt(index, 10), "statusListCredential": list}
		if purpose == status.Message {
			entry["statusSize"], entry["statusMessage"] = messageBits, statusMessages()
		}
		out = append(out, entry)
	}
	return out
}

func statusMessages() []any {
	out := make([]any, len(messages()))
	for n, text := range messages() {
		out[n] = map[string]any{"status": fmt.Sprintf("0x%x", n), "message": text}
	}
	return out
}

// signBitstringList makes a BitstringStatusListCredential (Bitstring Status List
// 1.0 §2.2). Its ttl is in milliseconds.
func (i *Issuer) signBitstringList(list ledger.StatusList, purpose string, entries []ledger.StatusEntry, now time.Time) ([]byte, error) {
	width, value := bitOf(purpose)
	bits, err := fill(list, width, value, entries)
	if err != nil {
		return nil, err
	}
	key, err := i.ring.Current(jose.EdDSA, now)
	if err != nil {
		return nil, err
	}
	url := i.bitstringURL(list.ID, purpose)
	signed, err := dataintegrity.Sign(i.contexts, map[string]any{
		"@context": []string{contexts.CredentialsV2}, "id": url,
		"type": []string{"VerifiableCredential", "BitstringStatusListCredential"}, "issuer": i.did,
		"validFrom": dateTime(now), "validUntil": dateTime(now.Add(statusLife)),
		"credentialSubject": map[string]any{"id": url + "#list", "type": "BitstringStatusList", "statusPurpose": purpose,
			"encodedList": bits.Bitstring(), "ttl": statusTTL.Milliseconds()},
	}, key.Signer, i.method(key), now)
	if err != nil {
		return nil, err
	}
	return json.Marshal(signed)
}
