package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"socialregistry/issuer/verify"
)

// maxList bounds a status list in bytes; package verify refuses what is longer.
const maxList = 16 << 20

// addLists puts the files of --list into the bundle, where it has their hashes.
func (c *commandLine) addLists(b *verify.Bundle) error {
	var tokens []string
	for _, name := range c.List {
		info, err := os.Stat(name)
		if err != nil {
			return fmt.Errorf("read status lists: %w", err)
		}
		files := []string{name}
		if info.IsDir() {
			if files, err = filesIn(name); err != nil {
				return fmt.Errorf("read status lists: %w", err)
			}
		}
		for _, file := range files {
			raw, err := readFile(file, nil, maxList)
			switch {
			case err != nil:
				return fmt.Errorf("read status lists: %w", err)
			case wants(b, raw):
				tokens = append(tokens, string(raw))
			case !info.IsDir():
				return fmt.Errorf("%s is no status list of this trust bundle", clean(name))
			}
		}
	}
	return b.AddStatus(tokens...)
}

func filesIn(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	var out []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			out = append(out, filepath.Join(folder, e.Name()))
		}
	}
	return out, err
}

// wants says whether a list is one of those that the bundle was made without.
func wants(b *verify.Bundle, raw []byte) bool {
	sum := sha256.Sum256(raw)
	return slices.ContainsFunc(b.Status, func(s verify.BundleStatus) bool { return s.SHA256 == hex.EncodeToString(sum[:]) })
}
