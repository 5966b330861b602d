package verify_test

import (
	"encoding/json"
	"fmt"
	"os"
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
