package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// npmModules gives the npm packages of a folder that are given out: the dependencies
// which its package-lock.json names, and of those for development what bundled.json says
// went into a file. What they say of their licence is in node_modules.
func npmModules(folder string) ([]module, error) {
	var lock struct {
		Packages map[string]struct {
			Version, License, Integrity string
			Dependencies                map[string]string
		}
	}
	if err := readJSON(filepath.Join(folder, "package-lock.json"), &lock); err != nil {
		return nil, err
	}
	names := slices.Collect(maps.Keys(lock.Packages[""].Dependencies))
	var bundled []string
	if err := readJSON(filepath.Join(folder, "bundled.json"), &bundled); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	names = append(names, bundled...)
	slices.Sort(names)
	var list []module
	for _, name := range names {
		p, known := lock.Packages["node_modules/"+name]
		sum, hashed := strings.CutPrefix(p.Integrity, "sha512-")
		raw, err := base64.StdEncoding.DecodeString(sum)
		if !known || !hashed || err != nil {
			return nil, fmt.Errorf("%s: package-lock.json does not hold %s with its hash", folder, name)
		}
		m := module{path: name, version: p.Version, sum: hex.EncodeToString(raw), npm: true, declared: p.License}
		if m.files, err = licenceFiles(filepath.Join(folder, "node_modules", filepath.FromSlash(name))); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

func readJSON(path string, into any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
