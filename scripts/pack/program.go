package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
)

// program is what a built command says of itself, or a folder that is given out.
type program struct {
	name, version, os, arch, goVersion string
	revision                           string // of the source; "" where it was no checkout
	sum                                [sha256.Size]byte
	modules                            []module
}

// module is one that is linked in (std is the standard library), or an npm package that
// is carried along.
type module struct {
	path, version, sum string
	files              []file // its licences and notices
	npm                bool
	declared           string // licence by the package's own form for machines; npm alone
}

const std = "std"

// readProgram reads what the Go linker wrote into a binary, for whatever system, and
// the licences of its modules in the module cache.
func readProgram(binary string) (*program, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", binary, err)
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	p := &program{name: path.Base(info.Path), version: versionOf(info), os: set["GOOS"], arch: set["GOARCH"], goVersion: info.GoVersion,
		revision: set["vcs.revision"], sum: sha256.Sum256(content)}
	if p.os == "" || p.arch == "" || info.Main.Path == "" {
		return nil, fmt.Errorf("%s does not say what it was built from", binary)
	}
	return p, p.addModules(info.Deps)
}

// versionOf is the version of the commit that a program was built from, as Go wrote it.
func versionOf(info *buildinfo.BuildInfo) string {
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	return "devel"
}

func (p *program) addModules(list []*debug.Module) error {
	root, err := goEnv("GOROOT")
	if err != nil {
		return err
	}
	cache, err := goEnv("GOMODCACHE")
	if err != nil {
		return err
	}
	number, _, _ := strings.Cut(strings.TrimPrefix(p.goVersion, "go"), " ")
	library := module{path: std, version: number}
	if library.files, err = licenceFiles(root); err != nil {
		return err
	}
	p.modules = []module{library}
	for _, d := range list {
		if d.Replace != nil {
			d = d.Replace
		}
		m := module{path: d.Path, version: d.Version, sum: d.Sum}
		if m.files, err = licenceFiles(filepath.Join(cache, filepath.FromSlash(escaped(d.Path)+"@"+escaped(d.Version)))); err != nil {
			return err
		}
		p.modules = append(p.modules, m)
	}
	slices.SortFunc(p.modules, func(a, b module) int { return strings.Compare(a.path, b.path) })
	return nil
}

func goEnv(name string) (string, error) {
	out, err := exec.Command("go", "env", name).Output()
	return strings.TrimSpace(string(out)), err
}

// escaped writes a path as the module cache does: an upper-case letter is an
// exclamation mark and the lower-case one.
func escaped(path string) string {
	var b strings.Builder
	for _, r := range path {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('!')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// licenceFiles gives what a module says of its licence, in the order of names.
func licenceFiles(folder string) (files []file, err error) {
	named := regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|unlicense|patents)([-._].*)?$`)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("licences: %w", err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !named.MatchString(e.Name()) || filepath.Ext(e.Name()) == ".go" {
			continue
		}
		content, err := fs.ReadFile(os.DirFS(folder), e.Name())
		if err != nil {
			return nil, err
		}
		files = append(files, file{name: e.Name(), content: content})
	}
	return files, nil
}

// licence gives the SPDX identifier that the text of a module's licence has. Where it
// is not one of those, or several, it says nothing rather than something wrong.
func (m module) licence() string {
	found := map[string]bool{}
	for _, f := range m.files {
		upper := strings.ToUpper(f.name)
		if strings.HasPrefix(upper, "NOTICE") || strings.HasPrefix(upper, "PATENTS") {
			continue
		}
		for _, id := range licencesIn(string(f.content)) {
			found[id] = true
		}
	}
	if len(found) != 1 {
		return ""
	}
	for id := range found {
		return id
	}
	return ""
}

func licencesIn(text string) (ids []string) {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	bsd := strings.Contains(text, "redistribution and use in source and binary forms, with or without modification, are permitted")
	endorse := strings.Contains(text, "neither the name") || strings.Contains(text, "names of its contributors may be used")
	for _, l := range []struct {
		id string
		is bool
	}{
		{"Apache-2.0", strings.Contains(text, "apache license version 2.0, january 2004")},
		{"MPL-2.0", strings.Contains(text, "mozilla public license version 2.0") || strings.Contains(text, "mozilla public license, version 2.0")},
		{"MIT", strings.Contains(text, "permission is hereby granted, free of charge, to any person obtaining a copy") && strings.Contains(text, "the above copyright notice and this permission notice")},
		{"ISC", strings.Contains(text, "with or without fee is hereby granted, provided that the above copyright notice")},
		{"Unlicense", strings.Contains(text, "this is free and unencumbered software released into the public domain")},
		{"BSD-3-Clause", bsd && endorse && !strings.Contains(text, "advertising materials")},
		{"BSD-2-Clause", bsd && !endorse && !strings.Contains(text, "advertising materials")},
	} {
		if l.is {
			ids = append(ids, l.id)
		}
	}
	return ids
}

// licenceTexts is what the licences ask to be given out with the program.
func (p *program) licenceTexts() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s is made of the modules and packages below. Each stands under its own licence.\n", p.name, p.version)
	for _, m := range p.modules {
		name := m.path
		if name == std {
			name = "Go standard library"
		}
		fmt.Fprintf(&b, "\n%s\n%s %s\n", strings.Repeat("=", 80), name, m.version)
		if len(m.files) == 0 {
			fmt.Fprintln(&b, "\nIt has no file of its licence.")
		}
		for _, f := range m.files {
			fmt.Fprintf(&b, "\n--- %s\n", f.name)
			copyLines(&b, f.content)
		}
	}
	return b.Bytes()
}
