package totp

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// Digits is the length of a code.
const Digits = 6

const (
	period = 30 // seconds
	drift  = 1  // steps that a phone's clock may be off
	size   = 20 // bytes of a secret (RFC 4226 §4 R6 wants 16, and recommends 20)
)

// NewSecret makes a random secret.
func NewSecret() []byte {
	b := make([]byte, size)
	rand.Read(b)
	return b
}

// Text is a secret as it is typed into an app.
func Text(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// Secret reads what Text gave; nil if it is not one.
func Secret(text string) []byte {
	b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
	if err != nil {
		return nil
	}
	return b
}

// URI is what the QR code says (the otpauth scheme that every app reads).
func URI(secret []byte, issuer, account string) string {
	label := url.PathEscape(issuer + ":" + account)
	query := "secret=" + Text(secret) + "&issuer=" + strings.ReplaceAll(url.QueryEscape(issuer), "+", "%20")
	return "otpauth://totp/" + label + "?" + query + fmt.Sprintf("&algorithm=SHA1&digits=%d&period=%d", Digits, period)
}

// Code is the code of a moment.
func Code(secret []byte, at time.Time) (string, error) { return code(secret, at.Unix()/period) }

// Check tells whether a code is right now or one step beside, and newer than the last
// step that was used; step is its own. Every step is tried, so that the time it takes
// says nothing.
func Check(secret []byte, typed string, at time.Time, last int64) (step int64, ok bool, err error) {
	now := at.Unix() / period
	for s := now - drift; s <= now+drift; s++ {
		want, err := code(secret, s)
		if err != nil {
			return 0, false, err
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(typed)) == 1 && s > last {
			step, ok = s, true
		}
	}
	return step, ok, nil
}

func code(secret []byte, step int64) (string, error) {
	c, err := hotp.GenerateCodeCustom(Text(secret), uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		return "", fmt.Errorf("make a code: %w", err)
	}
	return c, nil
}
