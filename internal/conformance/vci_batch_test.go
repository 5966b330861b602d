package conformance_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"
)

func decode64(s string) ([]byte, error) { return base64.RawURLEncoding.Strict().DecodeString(s) }

// testBatch: as many copies as the issuer takes, for distinct keys, with times
// that link nobody and scattered status indices (§15, Token Status List §13).
func testBatch(r *run) {
	if r.issuer.Batch == nil || r.issuer.Batch.Size < 2 {
		r.Fatalf("batch_credential_issuance = %v", r.issuer.Batch)
	}
	r.authorize()
	issued := r.take(min(r.issuer.Batch.Size, 20))
	var indices []int
	lists, hidden := map[string]bool{}, map[string]bool{}
	for _, c := range issued.Credentials {
		for name, at := range timesOf(r, string(c)) {
			if at%int64(time.Hour.Seconds()) != 0 {
				r.Errorf("%s = %d is not rounded to the hour", name, at)
			}
		}
		ref := statusOf(r, string(c))
		lists[ref.uri] = true
		indices = append(indices, ref.idx)
		for _, d := range strings.Split(string(c), "~")[1:] { // of an mdoc, none
			if d != "" && hidden[d] {
				r.Error("two copies share a disclosure")
			}
			hidden[d] = true
		}
	}
	if len(lists) != 1 {
		r.Errorf("the copies are in %d lists", len(lists))
	}
	if arithmetic(indices) {
		r.Errorf("the status indices %v are a run", indices)
	}
}

// timesOf are the times that a credential says, in seconds since 1970.
func timesOf(r *run, credential string) map[string]int64 {
	r.Helper()
	if r.variant.format == isomdl {
		c := mdocOf(r, credential)
		return map[string]int64{"signed": c.Signed.Unix(), "validFrom": c.ValidFrom.Unix(), "validUntil": c.ValidUntil.Unix()}
	}
	claims, times := payloadOf(r, strings.Split(credential, "~")[0]), map[string]int64{}
	for _, name := range []string{"iat", "nbf", "exp"} {
		if at, ok := claims[name].(float64); ok {
			times[name] = int64(at)
		}
	}
	return times
}

// arithmetic says that numbers, sorted, have equal steps.
func arithmetic(numbers []int) bool {
	slices.Sort(numbers)
	for n := 2; n < len(numbers); n++ {
		if numbers[n]-numbers[n-1] != numbers[1]-numbers[0] {
			return false
		}
	}
	return true
}
