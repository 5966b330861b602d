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
	if r.variant.format != sdjwt {
		return
	}
	var indices []int
	lists, salts := map[any]bool{}, map[string]bool{}
	for _, c := range issued.Credentials {
		parts := strings.Split(string(c), "~")
		claims := payloadOf(r, parts[0])
		for _, name := range []string{"iat", "nbf", "exp"} {
			if at, ok := claims[name].(float64); ok && int64(at)%int64(time.Hour.Seconds()) != 0 {
				r.Errorf("%s = %v is not rounded to the hour", name, at)
			}
		}
		list := claims["status"].(map[string]any)["status_list"].(map[string]any)
		lists[list["uri"]] = true
		indices = append(indices, int(list["idx"].(float64)))
		for _, d := range parts[1 : len(parts)-1] {
			if salts[d] {
				r.Error("two copies share a disclosure")
			}
			salts[d] = true
		}
	}
	if len(lists) != 1 {
		r.Errorf("the copies are in %d lists", len(lists))
	}
	if arithmetic(indices) {
		r.Errorf("the status indices %v are a run", indices)
	}
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
