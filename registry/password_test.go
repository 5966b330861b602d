package registry_test

import (
	"errors"
	"strings"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

func TestPasswordHashIsPHCAndSalted(t *testing.T) {
	t.Parallel()
	a, b := registry.HashPassword("correct horse"), registry.HashPassword("correct horse")
	if a == b {
		t.Error("two hashes of one password are the same: no salt")
	}
	if !strings.HasPrefix(a, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash = %s", a)
	}
	for password, want := range map[string]bool{"correct horse": true, "correct horsf": false, "": false, "Correct horse": false} {
		if got, err := registry.CheckPassword(a, password); err != nil || got != want {
			t.Errorf("check %q = %v, %v, want %v", password, got, err, want)
		}
	}
}

// The same characters from two keyboards are the same password.
func TestPasswordIsNormalised(t *testing.T) {
	t.Parallel()
	phc := registry.HashPassword("caf\u00e9 au lait")
	if ok, err := registry.CheckPassword(phc, "cafe\u0301 au lait"); err != nil || !ok {
		t.Errorf("decomposed form: %v, %v", ok, err)
	}
}

func TestStoredHashIsReadStrictly(t *testing.T) {
	t.Parallel()
	good := registry.HashPassword("correct horse")
	for name, bad := range map[string]string{
		"empty":         "",
		"other scheme":  strings.Replace(good, "argon2id", "argon2i", 1),
		"other version": strings.Replace(good, "v=19", "v=16", 1),
		"much memory":   strings.Replace(good, "m=19456", "m=99999999", 1),
		"no time":       strings.Replace(good, "t=2", "t=0", 1),
		"trailing cost": strings.Replace(good, "p=1$", "p=1,x=2$", 1),
		"loose base64":  good + "=",
		"one part more": good + "$",
	} {
		if ok, err := registry.CheckPassword(bad, "correct horse"); ok || err == nil {
			t.Errorf("%s: %v, %v, want an error", name, ok, err)
		}
	}
}

func TestPasswordsThatAreRefused(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{
		"six green kettles": "", "passwordpassword": "password_simple", "PassWordpassword": "password_simple", "abcabcabcabc": "password_simple",
		"abcde abcde f": "", "amina's own words": "password_repeats", "short": "password_short",
	} {
		code := ""
		if err := registry.AcceptPassword("password", password, "amina"); err != nil {
			var f *fault.Error
			if !errors.As(err, &f) || len(f.Fields) != 1 {
				t.Fatalf("%s: %v", password, err)
			}
			code = f.Fields[0].Code
		}
		if code != want {
			t.Errorf("%s: %q, want %q", password, code, want)
		}
	}
}
