// Command vectors writes the test vectors of offline verification to a file:
//
//	go run ./scripts/vectors FILE [SEED]
//	go run ./scripts/vectors -samples web/samples/samples.json
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"socialregistry/internal/specimen"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "vectors:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	few := len(args) > 0 && args[0] == "-samples"
	if few {
		args = args[1:]
	}
	if len(args) < 1 || len(args) > 2 {
		return fmt.Errorf("usage: vectors [-samples] FILE [SEED]")
	}
	seed := specimen.Seed
	if len(args) == 2 {
		seed = args[1]
	}
	f, err := specimen.Make(seed)
	if err != nil {
		return err
	}
	out, err := json.Marshal(f)
	if few && err == nil {
		out, err = samples(f)
	}
	if err != nil {
		return fmt.Errorf("write vectors: %w", err)
	}
	return os.WriteFile(args[0], out, 0o644)
}
