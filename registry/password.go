package registry

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"socialregistry/internal/fault"
)

// MinPassword and MaxPassword bound the length of a password, in characters.
// The upper bound is far above what anybody types.
const (
	MinPassword = 10
	MaxPassword = 200
)

// minDistinct is how many different characters a password needs: it stops
// "1111111111", and leaves the choice of words to the person.
const minDistinct = 5

// passwordHashers is how many passwords are hashed at a time. Each takes
// argonMemory, so that a flood of sign-ins costs waiting and not memory.
const passwordHashers = 4

// The cost of one hash (RFC 9106 §4; the figures of OWASP's password storage
// cheat sheet). A stored hash carries its own, so these can be raised.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	argonSalt    = 16 // bytes
	argonKey     = 32 // bytes
)

var errPasswordHash = errors.New("registry: stored password hash is malformed")

// passwords makes and checks password hashes, a few at a time.
type passwords struct {
	slots chan struct{}
	decoy string // the hash of no password
}

func newPasswords() passwords {
	return passwords{slots: make(chan struct{}, passwordHashers), decoy: hashOfNone()}
}

// hash gives the PHC string of a password.
func (p passwords) hash(ctx context.Context, password string) (phc string, err error) {
	err = p.inSlot(ctx, func() { phc = hashPassword(password) })
	return phc, err
}

// matches tells whether password belongs to the PHC string. An empty string,
// that is an unknown name, costs the same work and never matches.
func (p passwords) matches(ctx context.Context, phc, password string) (ok bool, err error) {
	stored := phc
	if stored == "" {
		stored = p.decoy
	}
	var parseErr error
	err = p.inSlot(ctx, func() { ok, parseErr = checkPassword(stored, password) })
	return ok && phc != "", errors.Join(err, parseErr)
}

func (p passwords) inSlot(ctx context.Context, f func()) error {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
		f()
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait to hash a password: %w", context.Cause(ctx))
	}
}

// acceptPassword decides whether somebody may choose this password; taken holds
// what it must not repeat, such as the name. Error: Invalid.
func acceptPassword(field, password string, taken ...string) error {
	refuse := func(code, detail string) error {
		return fault.InvalidFields("password_refused", "Choose another password.", []fault.Field{{Name: field, Code: code, Detail: detail}})
	}
	n := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password):
		return refuse("password_unreadable", "This is not readable text.")
	case n < MinPassword:
		return refuse("password_short", fmt.Sprintf("Use at least %d characters.", MinPassword))
	case n > MaxPassword:
		return refuse("password_long", fmt.Sprintf("Use at most %d characters.", MaxPassword))
	}
	distinct := map[rune]bool{}
	for _, r := range password {
		distinct[r] = true
	}
	folded := strings.ToLower(canonicalPassword(password))
	for _, t := range taken {
		if t != "" && strings.Contains(folded, strings.ToLower(t)) {
			return refuse("password_repeats", "Do not use your name, number or code in it.")
		}
	}
	if twice := folded + folded; strings.Contains(twice[1:len(twice)-1], folded) { // passwordpassword
		return refuse("password_simple", "Do not write the same again and again.")
	}
	if len(distinct) < minDistinct {
		return refuse("password_simple", fmt.Sprintf("Use at least %d different characters.", minDistinct))
	}
	return nil
}

// canonicalPassword makes one text of what different keyboards send for the
// same characters (RFC 8265 §4.2: NFC).
func canonicalPassword(s string) string { return norm.NFC.String(s) }

func hashPassword(password string) string {
	salt := randomBytes(argonSalt)
	return phcString(salt, argon2.IDKey([]byte(canonicalPassword(password)), salt, argonTime, argonMemory, argonThreads, argonKey))
}

// hashOfNone costs as much to check as any hash of today, and was made of no
// password: its key is random.
func hashOfNone() string { return phcString(randomBytes(argonSalt), randomBytes(argonKey)) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func phcString(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

// checkPassword hashes password at the stored cost and compares.
func checkPassword(phc, password string) (bool, error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false, errPasswordHash
	}
	var memory, time uint32
	var threads uint8
	const cost = "m=%d,t=%d,p=%d"
	if _, err := fmt.Sscanf(parts[3], cost, &memory, &time, &threads); err != nil || fmt.Sprintf(cost, memory, time, threads) != parts[3] {
		return false, errPasswordHash
	}
	b64 := base64.RawStdEncoding.Strict()
	salt, saltErr := b64.DecodeString(parts[4])
	want, keyErr := b64.DecodeString(parts[5])
	if saltErr != nil || keyErr != nil || len(salt) < 8 || len(want) < 16 || len(want) > 64 ||
		memory < 8 || memory > 1<<20 || time < 1 || time > 16 || threads < 1 || threads > 16 {
		return false, errPasswordHash
	}
	got := argon2.IDKey([]byte(canonicalPassword(password)), salt, time, memory, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}
