package verify_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"socialregistry/issuer/verify"
)

// samples are the credentials of /verifiers, with the bundle that they are checked
// against.
func samples() (bundle []byte, list []struct{ Name, Outcome, Data, At string }, err error) {
	raw, err := os.ReadFile("../../web/samples/samples.json")
	if err != nil {
		return nil, nil, err
	}
	var f struct {
		Bundles map[string]json.RawMessage
		Vectors []struct{ Name, Outcome, Data, At string }
	}
	err = json.Unmarshal(raw, &f)
	return f.Bundles["usual"], f.Vectors, err
}

// An unsigned bundle, as tests and tools use it, and a credential.
func ExampleBundle_Verify_samples() {
	raw, list, err := samples()
	if err != nil {
		fmt.Println(err)
		return
	}
	bundle, err := verify.ParseBundle(raw)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range list {
		at, err := time.Parse(time.RFC3339, s.At)
		if result := bundle.Verify([]byte(s.Data), at); err != nil || string(result.Outcome) != s.Outcome {
			fmt.Println(s.Name, result.Outcome, err)
		}
	}
	fmt.Println(len(list) > 50)
	// Output: true
}

// A signed bundle counts by a root key that was pinned, and never an older one.
func ExamplePins_Open_page() {
	raw, pinned, _ := sample()
	credential := []byte("no credential") // so that the answer does not depend on the day
	keep := func(verify.Pins) {}
	check := func() error {
		// raw is the signed bundle, pinned the thumbprint of the registry's root key.
		bundle, pins, err := verify.Pins{Roots: []string{pinned}}.Open(raw)
		if err != nil {
			return err // nobody whom you trust signed it
		}
		keep(pins) // for the next bundle: none that is older is taken
		result := bundle.Verify(credential, time.Now())
		fmt.Println(result.Outcome)
		return nil
	}
	fmt.Println(check())
	pinned = strings.Repeat("A", 43)
	fmt.Println(check())
	// Output:
	// unreadable_code
	// <nil>
	// verify: trust bundle not usable: verify: the bundle is signed by a key that is not trusted here
}
