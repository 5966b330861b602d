package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// stdin is the name of standard input.
const stdin = "-"

// maxDepth bounds how deep folders in folders are followed.
const maxDepth = 16

// source is a file that holds one credential, or one in each line.
type source struct {
	name  string
	lines bool
	err   error // why it cannot be read; then there is nothing else
}

// sources lists what is to be checked: files as they are named, and those of folders
// in the order of their names. Many says that it may be more than one credential.
func (c *commandLine) sources() (list []source, many bool, err error) {
	many = len(c.Files) > 1
	for _, name := range c.Files {
		info, err := os.Stat(name)
		if name == stdin || err != nil || !info.IsDir() {
			list = append(list, c.source(name)) // what cannot be found cannot be opened either
			many = many || list[len(list)-1].lines
			continue
		}
		many = true
		if list, err = c.walk(list, name); err != nil {
			return nil, true, err
		}
	}
	return list, many, nil
}

// source tells by a file's name whether it is read by lines.
func (c *commandLine) source(name string) source {
	kind := strings.ToLower(filepath.Ext(name))
	return source{name: name, lines: c.Lines || kind == ".jsonl" || kind == ".ndjson"}
}

// walk adds the files of a folder. It follows no links in it, so it comes to an end.
func (c *commandLine) walk(list []source, folder string) ([]source, error) {
	root := folder + string(filepath.Separator) // a link that is named is followed
	before := len(list)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			list = append(list, source{name: path, err: err})
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case path == root:
			return nil
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case d.IsDir() && depth(root, path) > maxDepth:
			list = append(list, source{name: path, err: fmt.Errorf("%s: folders in more than %d folders are not read", path, maxDepth)})
			return fs.SkipDir
		case !d.Type().IsRegular(), strings.HasPrefix(d.Name(), "."), c.isOwn(path, d):
			return nil
		case len(list)-before >= c.MaxFiles:
			return fmt.Errorf("%s holds more than %d files; --max-files allows more", clean(folder), c.MaxFiles)
		}
		list = append(list, c.source(path))
		return nil
	})
	return list, err
}

// depth counts the folders from root to path.
func depth(root, path string) int {
	below, err := filepath.Rel(root, path)
	if err != nil {
		return maxDepth + 1
	}
	return strings.Count(below, string(filepath.Separator)) + 1
}

// isOwn says whether a file of a folder is what credentials are checked against.
func (c *commandLine) isOwn(path string, d fs.DirEntry) bool {
	for _, name := range slices.Concat([]string{c.Pins}, c.Bundle, c.List) {
		if name == "" || name == stdin || filepath.Base(name) != d.Name() {
			continue
		}
		own, err1 := os.Stat(name)
		this, err2 := os.Stat(path)
		if errors.Join(err1, err2) == nil && os.SameFile(own, this) {
			return true
		}
	}
	return false
}
