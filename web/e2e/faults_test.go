package e2e_test

import (
	"strings"
	"testing"
)

// The checks must be able to fail: each planted fault is found by its own check,
// on a page where nothing is found before.
func TestPlantedFaultsAreCaught(t *testing.T) {
	for _, fault := range []struct {
		name, lang, plant, want string
	}{
		{"a picture without words and a link without a name", "en",
			`document.querySelector("main").insertAdjacentHTML("beforeend", '<p><img src="/favicon.ico"><a href="/"></a></p>')`, "axe image-alt"},
		{"a badge that is cut off", "en",
			`(() => { const b = document.querySelector(".badge"); b.style.overflow = "hidden"; b.style.whiteSpace = "nowrap"; b.style.inlineSize = "4rem" })()`, "content is "},
		{"a line that does not break, in Arabic", "ar",
			`document.querySelector("main p").style.whiteSpace = "nowrap", document.querySelector("main p").textContent = "بيانات ".repeat(40), 0`, "the page is "},
	} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			x := newTab(t, variant{lang: fault.lang, width: 360, scripts: true})
			x.as("attester", staffPassword)
			x.open("/admin")
			if before := x.inspect(); len(before) > 0 {
				t.Fatalf("before the fault: %v", before)
			}
			eval[any](x, fault.plant+", 0")
			found := x.inspect()
			for _, f := range found {
				if strings.HasPrefix(f, fault.want) {
					return
				}
			}
			t.Errorf("not caught; found: %v", found)
		})
	}
}
