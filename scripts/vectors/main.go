// Command vectors writes the test vectors of offline verification to a file:
//
//	go run ./scripts/vectors FILE [SEED]
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
	if len(args) < 1 || len(args) > 2 {
		return fmt.Errorf("usage: vectors FILE [SEED]")
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
	if err != nil {
		return fmt.Errorf("write vectors: %w", err)
	}
	return os.WriteFile(args[0], out, 0o644)
}
