package verifier_test

import (
	"strings"
	"testing"
)

// mostPDF is what a file that is made to cost much may cost, in milliseconds.
const mostPDF = 8000

// A PDF costs what its budget allows, however it is made, and never an endless time.
func TestPDFsAreBounded(t *testing.T) {
	t.Parallel()
	lines := node(t, nil, "pdfs.mjs")
	if len(lines) != 14 {
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		var got struct {
			Name, Found string
			MS          float64
			Bytes       int
		}
		decode(t, line, &got)
		deep := strings.HasPrefix(got.Name, "nested")
		switch {
		case got.MS > mostPDF:
			t.Errorf("%s, %d bytes: %.0f ms", got.Name, got.Bytes, got.MS)
		case got.Name == "a page" && got.Found != "found", deep && got.Found != "none: nested too deep", strings.HasPrefix(got.Found, "none") && !deep:
			t.Errorf("%s: %s", got.Name, got.Found)
		}
		t.Logf("%s, %d bytes: %.0f ms, %s", got.Name, got.Bytes, got.MS, got.Found)
	}
}
