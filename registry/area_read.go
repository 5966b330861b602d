package registry

import (
	"bufio"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"socialregistry/registry/csvio"
	"socialregistry/registry/seal"
)

const (
	areaNamePrefix = "name_"  // of the key of a column, before the language
	maxAreaRows    = 200_000  // of a file
	areaHeader     = 64 << 10 // bytes in which the names of languages are looked for
)

// Codes of the problems of an import of areas, besides those of csvio, of text and
// CodeDoubledInFile.
const (
	CodeBadAreaCode   = "bad_area_code"
	CodeAreaCodeTaken = "area_code_taken" // another code differs in dots, dashes and underscores only
	CodeUnknownParent = "unknown_parent"
	CodeParentRetired = "parent_retired"
	CodeAreaCycle     = "area_cycle"
	CodeBadLevel      = "bad_level"
)

// reNameHeader finds the columns with names, and their language.
var reNameHeader = regexp.MustCompile(`(?i)\bname[ _-]([a-z]{2,3})\b`)

// areaLine is one row of a file of areas. What is "" or nil was not said.
type areaLine struct {
	line   int
	code   string
	parent string
	level  *int
	name   labels
	flawed bool // a name was given that cannot be one
}

// readAreaFile reads the rows of a file. Rows with a problem are left out and
// noted. It gives a *csvio.FileError for a file that cannot be read.
func readAreaFile(src io.Reader, found *problems) ([]areaLine, error) {
	in := bufio.NewReaderSize(src, areaHeader)
	head, err := in.Peek(areaHeader)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	reader, err := csvio.NewReader(in, areaContract(head), csvio.Options{MaxRows: maxAreaRows})
	if err != nil {
		return nil, err
	}
	var lines []areaLine
	for {
		row, err := reader.Next()
		var p csvio.Problem
		switch {
		case errors.As(err, &p):
			found.add(p)
		case errors.Is(err, io.EOF):
			return lines, nil
		case err != nil:
			return nil, err
		default:
			lines = append(lines, readAreaLine(reader.Columns(), row, found))
		}
	}
}

// areaContract says which columns a file may have: a name for each language that
// its header mentions.
func areaContract(head []byte) csvio.Contract {
	header, _, _ := strings.Cut(string(head), "\n")
	c := csvio.Contract{Refuse: refused, Require: [][]string{{"code"}}, Targets: []csvio.Target{
		{Key: "code", Names: []string{"area code", "p-code", "pcode"}}, {Key: "parent", Names: []string{"parent code", "parent area"}},
		{Key: "level", Names: []string{"admin level"}}, {Key: areaNamePrefix + "en", Names: []string{"name", "area name"}},
	}}
	seen := map[string]bool{"en": true}
	for _, m := range reNameHeader.FindAllStringSubmatch(header, -1) {
		if lang := strings.ToLower(m[1]); !seen[lang] {
			seen[lang] = true
			c.Targets = append(c.Targets, csvio.Target{Key: areaNamePrefix + lang})
		}
	}
	return c
}

func readAreaLine(columns []csvio.Column, row csvio.Row, found *problems) areaLine {
	out := areaLine{line: row.Line, name: labels{}}
	for i, c := range columns {
		cell := row.Cells[i]
		if cell == "" {
			continue
		}
		code, words := out.take(c.Key, cell)
		if code != "" {
			found.add(csvio.Problem{Line: row.Line, Column: c.Name, Code: code, Words: words})
			out.flawed = out.flawed || strings.HasPrefix(c.Key, areaNamePrefix)
		}
	}
	if out.code == "" && !found.has(row.Line) {
		found.add(csvio.Problem{Line: row.Line, Column: "code", Code: CodeRequired, Words: "This is needed."})
	}
	return out
}

// take reads one cell; code and words say what is wrong with it.
func (l *areaLine) take(key, cell string) (code, words string) {
	if wrong := checkText(cell); wrong != nil {
		return wrong.code, wrong.words
	}
	if flaw := csvio.CheckSpreadsheet(cell); flaw != nil {
		return flaw.Code, "The cell " + flaw.Words + "."
	}
	switch key {
	case "code", "parent":
		text := strings.ToUpper(seal.Digits(cell))
		if !reAreaCode.MatchString(text) {
			return CodeBadAreaCode, "Up to 40 letters A to Z, digits, dots, dashes and underscores, with a letter or digit at both ends."
		}
		if key == "code" {
			l.code = text
		} else {
			l.parent = text
		}
	case "level":
		n, err := strconv.Atoi(seal.Digits(cell))
		if err != nil || n < 0 || n > maxAreaLevel {
			return CodeBadLevel, "A whole number from 0 to " + strconv.Itoa(maxAreaLevel) + "."
		}
		l.level = &n
	default:
		if utf8.RuneCountInString(cell) > DefaultMaxLength {
			wrong := tooLong(DefaultMaxLength)
			return wrong.code, wrong.words
		}
		l.name[strings.TrimPrefix(key, areaNamePrefix)] = cell
	}
	return "", ""
}
