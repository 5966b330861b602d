package xlsx_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"socialregistry/registry/csvio"
	"socialregistry/registry/xlsx"
)

// ole is the beginning of a compound file whose directory names one stream.
func ole(stream string) []byte {
	b := make([]byte, 2048)
	copy(b, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")
	binary.LittleEndian.PutUint16(b[30:], 9)
	binary.LittleEndian.PutUint32(b[48:], 1)
	for i, c := range stream {
		b[1024+2*i] = byte(c)
	}
	return b
}

// flagged marks every part of a ZIP as encrypted.
func flagged(file []byte) []byte {
	file = slices.Clone(file)
	for _, mark := range []struct {
		magic string
		at    int
	}{{"PK\x03\x04", 6}, {"PK\x01\x02", 8}} {
		for i := 0; ; {
			n := bytes.Index(file[i:], []byte(mark.magic))
			if n < 0 {
				break
			}
			i += n + 4
			file[i-4+mark.at] |= 1
		}
	}
	return file
}

func TestContainerIsRefused(t *testing.T) {
	t.Parallel()
	good := workbook(head("", "region"))
	many := workbook(head("", "region"))
	for i := range 1001 {
		many[fmt.Sprintf("xl/media/%d.png", i)] = ""
	}
	hidden := slices.Clone(many.bytes(t)) // its end claims one part
	binary.LittleEndian.PutUint16(hidden[len(hidden)-12:], 1)
	elsewhere := slices.Clone(good.bytes(t)) // its end leaves the place of the list to a ZIP64 record
	binary.LittleEndian.PutUint32(elsewhere[len(elsewhere)-6:], 0xffffffff)
	doubled := bytes.ReplaceAll(workbook(head("", "region")).with("xl/worksheets/sheet9.xml", "x").bytes(t), []byte("sheet9"), []byte("sheet1"))
	for name, tc := range map[string]struct {
		file []byte
		code string
	}{
		"nothing":         {nil, csvio.CodeEmptyFile},
		"csv":             {[]byte("given_name,region\nA,B\n"), xlsx.CodeNotXLSX},
		"xls":             {ole("Workbook"), xlsx.CodeLegacy},
		"short xls":       {ole("")[:20], xlsx.CodeLegacy},
		"password":        {ole("EncryptedPackage"), xlsx.CodeEncrypted},
		"encrypted zip":   {flagged(good.bytes(t)), xlsx.CodeEncrypted},
		"cut off":         {good.bytes(t)[:300], xlsx.CodeDamaged},
		"empty zip":       {wb{}.bytes(t), xlsx.CodeNotXLSX},
		"another zip":     {wb{"a.txt": "x"}.bytes(t), xlsx.CodeNotXLSX},
		"text document":   {good.with("xl/workbook.xml", `<document/>`).bytes(t), xlsx.CodeNotXLSX},
		"binary workbook": {workbook("").with("_rels/.rels", `<R><Relationship Type="x/officeDocument" Target="xl/workbook.bin"/></R>`).bytes(t), xlsx.CodeNotXLSX},
		"many parts":      {many.bytes(t), xlsx.CodeTooManyParts},
		"many, said one":  {hidden, xlsx.CodeDamaged},
		"zip64":           {elsewhere, xlsx.CodeTooManyParts},
		"a part twice":    {doubled, xlsx.CodeDamaged},
		"no main part":    {workbook("").with("_rels/.rels", `<R><Relationship Type="x/officeDocument" Target="../../etc/passwd.xml"/></R>`).bytes(t), xlsx.CodeDamaged},
		"utf-16 part":     {workbook("").with("xl/workbook.xml", "<?xml version=\"1.0\" encoding=\"UTF-16\"?><workbook/>").bytes(t), csvio.CodeNotUTF8},
		"doctype":         {workbook("").with("xl/styles.xml", `<!DOCTYPE x [<!ENTITY a "b">]><styleSheet/>`).bytes(t), xlsx.CodeDamaged},
	} {
		_, _, end := readAll(t, tc.file, xlsx.Options{})
		if got := fileCode(end); got != tc.code {
			t.Errorf("%s: code %q (%v), want %q", name, got, end, tc.code)
		}
	}
}

// TestBombs: whatever a part unpacks to, little of it is held and not much of it
// is read.
func TestBombs(t *testing.T) {
	blank := strings.Repeat(" ", 2<<20)
	sheet := workbook("").with("xl/worksheets/sheet1.xml", "<worksheet><sheetData>"+head(strings.Repeat("<row/>", 2800<<10), "region")).bytes(t)
	text := workbook("").with("xl/sharedStrings.xml", "<sst><si><t>"+blank+"</t></si></sst>").bytes(t)
	table := workbook("").with("xl/sharedStrings.xml", "<sst>"+strings.Repeat("<si/>", 1<<15)+"</sst>").bytes(t)
	style := workbook("").with("xl/styles.xml", "<styleSheet>"+blank).bytes(t)
	for name, tc := range map[string]struct {
		file []byte
		opt  xlsx.Options
		code string
	}{
		"ratio of the sheet": {sheet, xlsx.Options{}, xlsx.CodeBomb},
		"one part":           {workbook(head(strings.Repeat("<row/>", 2000), "region")).bytes(t), xlsx.Options{MaxUnpacked: 10_000}, xlsx.CodeBomb},
		"one huge text":      {text, xlsx.Options{}, xlsx.CodeTooManyStrings},
		"many empty texts":   {table, xlsx.Options{MaxStrings: 1 << 16}, xlsx.CodeTooManyStrings},
		"styles":             {style, xlsx.Options{}, xlsx.CodeDamaged},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, end := readAll(t, tc.file, tc.opt)
		runtime.ReadMemStats(&after)
		if got := fileCode(end); got != tc.code {
			t.Errorf("%s: code %q (%v), want %q", name, got, end, tc.code)
		}
		if got := int64(after.HeapSys) - int64(before.HeapSys); got > 64<<20 {
			t.Errorf("%s: the heap grew by %d bytes", name, got)
		}
	}
}
