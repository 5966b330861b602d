package xlsx

import "strings"

const (
	xmlHead   = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainSpace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	docSpace  = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packSpace = "http://schemas.openxmlformats.org/package/2006/relationships"
	typeSpace = "http://schemas.openxmlformats.org/package/2006/content-types"
	sheetPart = "xl/worksheets/sheet1.xml"
)

// framePart is a part that stands around the sheet.
type framePart struct{ name, text string }

// frame is what a workbook with one sheet needs besides the sheet. The one cell
// format of our own is text (49), so that what is typed over a cell stays text too.
func frame(sheet string) []framePart {
	name := strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;").Replace(sheet)
	const content = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	return []framePart{
		{"[Content_Types].xml", `<Types xmlns="` + typeSpace + `">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="` + content + `sheet.main+xml"/>` +
			`<Override PartName="/xl/styles.xml" ContentType="` + content + `styles+xml"/>` +
			`<Override PartName="/` + sheetPart + `" ContentType="` + content + `worksheet+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="` + packSpace + `">` +
			`<Relationship Id="rId1" Type="` + docSpace + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns="` + mainSpace + `" xmlns:r="` + docSpace + `"><sheets>` +
			`<sheet name="` + name + `" sheetId="1" r:id="rId1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="` + packSpace + `">` +
			`<Relationship Id="rId1" Type="` + docSpace + `/worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id="rId2" Type="` + docSpace + `/styles" Target="styles.xml"/></Relationships>`},
		{"xl/styles.xml", `<styleSheet xmlns="` + mainSpace + `">` +
			`<fonts count="1"><font/></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
			`<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>` +
			`<cellXfs count="2"><xf numFmtId="0" xfId="0"/><xf numFmtId="49" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>`},
	}
}
