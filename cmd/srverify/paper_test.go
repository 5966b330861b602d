package main_test

import (
	"strings"
	"testing"

	"socialregistry/issuer/claim169"
)

// The code on a sheet of paper, as a scanner gives its text: lines of an address stand
// in one line, and a picture is told by its kind and length.
func TestCodeOnPaper(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	code, err := claim169.Issue{Profile: claim169.Spec, Key: d.key, KID: []byte("k1"), Issuer: url, Issued: now().AddDate(0, 0, -1), Expires: now().AddDate(0, 1, 0),
		Status:     &claim169.Status{Index: 0, URI: list},
		Attributes: map[int]any{claim169.FullName: "Amina Diallo", claim169.Gender: 2, claim169.Address: "14 Kibera Road\nNairobi", claim169.Face: []claim169.Biometric{{Data: make([]byte, 484), SubFormat: 4}}}}.Sign()
	if err != nil {
		t.Fatal(err)
	}
	file := d.write("code.txt", []byte(code+"\r\n"))
	out, words, exit := d.run(nil, file)
	for _, want := range []string{"✓ Genuine and in date (genuine)", "full_name   Amina Diallo\n", "gender      female\n", "address     14 Kibera Road, Nairobi\n", "face        (image/webp, 484 bytes)\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s%s", want, out, words)
		}
	}
	cut := d.write("cut.txt", []byte(code[:len(code)-20]))
	if out, _, code := d.run(nil, "-q", cut); exit != 0 || code != 5 || out != "incomplete_code\n" {
		t.Errorf("exit %d; cut: exit %d, %s", exit, code, out)
	}
}
