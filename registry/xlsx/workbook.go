package xlsx

import (
	"encoding/xml"
	"path"
	"strings"
)

// workbook is what must be known before a sheet is read.
type workbook struct {
	*container
	date1904 bool
	sheet    string // name of the part that is read
	name     string // of the sheet
	strings  sharedStrings
	styles   []numberStyle // by the index that a cell names
}

// sheetRef is a sheet as the workbook lists it.
type sheetRef struct{ name, relation, state string }

// openWorkbook finds the sheet to read: the one of that name, or the first that
// can be seen.
func openWorkbook(c *container, sheet string, maxStrings int) (*workbook, error) {
	roots, err := c.relations("")
	if err != nil {
		return nil, err
	}
	main := roots.target("officeDocument")
	if main == "" {
		return nil, errNotXLSX()
	}
	if !strings.HasSuffix(main, ".xml") {
		return nil, errNotXLSX() // xlsb
	}
	w := &workbook{container: c}
	sheets, err := w.readMain(main)
	if err != nil {
		return nil, err
	}
	related, err := c.relations(main)
	if err != nil {
		return nil, err
	}
	if err := w.choose(sheets, related, sheet); err != nil {
		return nil, err
	}
	if name := related.target("sharedStrings"); name != "" {
		if w.strings, err = c.readStrings(name, maxStrings); err != nil {
			return nil, err
		}
	}
	if name := related.target("styles"); name != "" {
		if w.styles, err = c.readStyles(name); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func errNotXLSX() error {
	return fileError(0, CodeNotXLSX, "the file is a ZIP or a document of another kind, and no XLSX workbook")
}

// readMain lists the sheets, and asks when days are counted from.
func (w *workbook) readMain(name string) (sheets []sheetRef, err error) {
	p, err := w.openXML(name, smallPart)
	if err != nil {
		return nil, err
	}
	defer p.close()
	first := true
	err = p.each(func(e xml.StartElement) error {
		if first && e.Name.Local != "workbook" {
			return errNotXLSX() // a text document, slides
		}
		first = false
		switch e.Name.Local {
		case "workbookPr":
			w.date1904 = isTrue(attribute(e, "date1904"))
		case "sheet":
			sheets = append(sheets, sheetRef{attribute(e, "name"), attribute(e, "id"), attribute(e, "state")})
		}
		return nil
	})
	if err != nil {
		return nil, asFileError(err, 0)
	}
	return sheets, nil
}

// choose takes the sheet of a name, hidden or not, or the first visible one. Charts
// are no sheets with cells.
func (w *workbook) choose(sheets []sheetRef, related relations, want string) error {
	for _, s := range sheets {
		to := related.byID(s.relation)
		if to.kind != "worksheet" || to.external {
			continue
		}
		if want == s.name && want != "" || want == "" && (s.state == "" || s.state == "visible") {
			w.sheet, w.name = to.target, s.name
			return nil
		}
	}
	if want != "" {
		return fileError(0, CodeUnknownSheet, "the workbook has no sheet of this name")
	}
	return fileError(0, CodeNoSheet, "the workbook has no sheet that can be seen")
}

// relation is what one part says of another.
type relation struct {
	id       string
	kind     string // last part of its type
	target   string // name of a part of the package
	external bool   // outside: never opened
}

type relations []relation

func (r relations) byID(id string) relation {
	for _, to := range r {
		if to.id == id {
			return to
		}
	}
	return relation{}
}

// target gives the first part of a kind, "" if there is none.
func (r relations) target(kind string) string {
	for _, to := range r {
		if to.kind == kind && !to.external {
			return to.target
		}
	}
	return ""
}

// relations reads what a part refers to; "" is the package itself. A part without
// relations has none.
func (c *container) relations(of string) (relations, error) {
	folder, base := path.Split(of)
	name := folder + "_rels/" + base + ".rels"
	if c.parts[name] == nil {
		if of == "" {
			return nil, errNotXLSX()
		}
		return nil, nil
	}
	p, err := c.openXML(name, smallPart)
	if err != nil {
		return nil, err
	}
	defer p.close()
	var found relations
	err = p.each(func(e xml.StartElement) error {
		if e.Name.Local != "Relationship" {
			return nil
		}
		target := attribute(e, "Target")
		if strings.HasPrefix(target, "/") {
			target = strings.TrimPrefix(path.Clean(target), "/")
		} else {
			target = path.Join(folder, target)
		}
		kind := attribute(e, "Type")
		found = append(found, relation{attribute(e, "Id"), kind[strings.LastIndexByte(kind, '/')+1:], target, attribute(e, "TargetMode") == "External"})
		return nil
	})
	if err != nil {
		return nil, asFileError(err, 0)
	}
	return found, nil
}
