package totp_test

import (
	"testing"
	"time"

	"socialregistry/registry/totp"
)

// RFC 6238, appendix B, SHA-1: the last six of its eight digits.
func TestCodesOfTheStandard(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got, err := totp.Code(secret, time.Unix(at, 0)); err != nil || got != want {
			t.Errorf("at %d: %s, want %s (%v)", at, got, want, err)
		}
	}
}

func TestOneStepBesideAndNoCodeTwice(t *testing.T) {
	t.Parallel()
	secret, at := totp.NewSecret(), time.Unix(1_700_000_010, 0)
	right, err := totp.Code(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	step := at.Unix() / 30
	for off, want := range map[time.Duration]bool{0: true, 30 * time.Second: true, -30 * time.Second: true, 60 * time.Second: false, -60 * time.Second: false} {
		if got, ok, err := totp.Check(secret, right, at.Add(off), 0); err != nil || ok != want || ok && got != step {
			t.Errorf("%v off: step %d, %v, %v", off, got, ok, err)
		}
	}
	if _, ok, _ := totp.Check(secret, right, at, step); ok {
		t.Error("the same code does a second time")
	}
	for _, typed := range []string{"", "00000", right + "0", "абвгде"} {
		if _, ok, _ := totp.Check(secret, typed, at, 0); ok {
			t.Errorf("%q is taken", typed)
		}
	}
}

func TestURI(t *testing.T) {
	t.Parallel()
	want := "otpauth://totp/Social%20Registry:amina?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Social%20Registry&algorithm=SHA1&digits=6&period=30"
	if got := totp.URI([]byte("12345678901234567890"), "Social Registry", "amina"); got != want {
		t.Error(got)
	}
}
