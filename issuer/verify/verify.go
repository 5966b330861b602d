package verify

import (
	"bytes"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"socialregistry/issuer/claim169"
	"socialregistry/issuer/jwtvc"
)

// maxCredential bounds a credential in bytes.
const maxCredential = 1 << 20

// credential is one that was read; nothing of it is verified.
type credential struct {
	format string
	issuer string // who it says made it
	key    string // name of the key that it says signed it
	// certified says that it names its key by certificates; keys are those that
	// they may mean.
	certified bool
	keys      []key
	unnamed   bool // it says of no issuer: it is of the one whose key fits
	// verify checks the signature with a key and gives what was signed.
	verify func(key) (signed, error)
}

// signed is what a good signature covers.
type signed struct {
	kind        string    // vct, or type
	made        time.Time // when it was signed
	from, until time.Time // zero: not limited
	status      []statusEntry
	claims      map[string]any
	bound       func(Binding, time.Time) error // checks the holder's proof; nil: there is none
}

// verification collects the answer.
type verification struct {
	trust *trust
	at    time.Time
	ask   *Binding // nil: nobody asked who holds it
	out   Result
}

// Verify checks a credential as of a time. It never fails: whatever the bytes
// are, the Result has an outcome, and every check with what became of it. With a
// bundle that ParseBundle would refuse, every issuer is unknown.
func (b *Bundle) Verify(data []byte, at time.Time) Result { return b.check(data, at, nil) }

// Unread is the Result of what could not be read so far as to be a credential: a part of
// a series of codes, say. The reason is one sentence without personal data.
func Unread(outcome Outcome, reason string) Result {
	var v verification
	v.fail(CheckRead, failure{outcome, reason})
	return v.finish()
}

func (b *Bundle) check(data []byte, at time.Time, ask *Binding) Result {
	v := verification{trust: b.trust, at: at, ask: ask}
	if v.trust == nil {
		t, err := newTrust(b)
		if err != nil {
			v.fail(CheckRead, failure{UnknownIssuer, "The trust bundle cannot be used."})
			return v.finish()
		}
		v.trust = t
	}
	v.run(data)
	return v.finish()
}

func (v *verification) run(data []byte) {
	c, err := v.trust.read(data)
	if c.unnamed && len(c.keys) > 0 {
		c.issuer = c.keys[0].issuer.ID // as long as it is not known which of them fits
	}
	v.out.Format, v.out.Issuer = c.format, c.issuer
	if err != nil {
		v.fail(CheckRead, v.blame(c, data, err))
		return
	}
	v.pass(CheckRead, "It is a credential of the format "+c.format+".")
	s, k, ok := v.signature(c)
	if !ok {
		return
	}
	v.out.Type, v.out.Claims, v.out.ValidFrom, v.out.ValidUntil = s.kind, s.claims, s.from, s.until
	v.holder(s)
	v.note(CheckKey, k.signs(s.made, v.at), "The key was in use when this was signed.")
	v.note(CheckDates, v.dates(s), describeDates(s))
	v.status(s, k)
}

// blame tells an altered credential from bytes that never were one: if what is
// unreadable names an issuer or a key that we know, somebody has changed it.
func (v *verification) blame(c credential, data []byte, err error) error {
	var f failure
	if !errors.As(err, &f) {
		f = failure{UnreadableCode, "This cannot be read."}
	}
	if f.outcome == UnreadableCode && len(data) <= maxCredential && !utf8.Valid(data) {
		f.reason = "This is not text in UTF-8. A mobile document is given in base64url."
	}
	known := v.trust.candidates(c)
	if f.outcome == UnreadableCode && (len(known) > 0 || v.trust.knows(c.issuer) || v.trust.mentions(data)) {
		return failure{Altered, "This names a known issuer, but it was changed or damaged."}
	}
	if c.verify != nil && len(known) > 0 {
		if _, err := verifyAny(c, known); outcomeOf(err) == Altered {
			return err
		}
	}
	return f
}

// signature checks who signed. The issuer comes first in the list; but what no
// known key signed is altered, whoever it says made it.
func (v *verification) signature(c credential) (signed, key, bool) {
	candidates := v.trust.candidates(c)
	if len(candidates) == 0 {
		v.fail(CheckIssuer, failure{UnknownIssuer, "The issuer, or its key, is not in the trust bundle."})
		return signed{}, key{}, false
	}
	s, k, err := firstThatFits(c, candidates)
	if c.unnamed && err == nil {
		c.issuer, v.out.Issuer = k.issuer.ID, k.issuer.ID
	}
	if k.issuer.is(c.issuer) {
		v.out.IssuerNames = k.issuer.Names
		v.pass(CheckIssuer, "The issuer is in the trust bundle.")
	} else if err == nil {
		err = failure{UnknownIssuer, "The key that signed this is not one of the issuer that it names."}
		v.pass(CheckSignature, "The signature was made by a key in the trust bundle.")
		v.fail(CheckIssuer, err)
		return signed{}, key{}, false
	}
	v.note(CheckSignature, err, "The signature was made by the issuer's key.")
	return s, k, err == nil
}

func firstThatFits(c credential, candidates []key) (s signed, k key, err error) {
	for _, k = range candidates {
		if s, err = c.verify(k); err == nil {
			return s, k, nil
		}
	}
	return s, k, err
}

func verifyAny(c credential, candidates []key) (signed, error) {
	s, _, err := firstThatFits(c, candidates)
	return s, err
}

// mark is what some editors put before a text in UTF-8 (byte order mark).
const mark = "\ufeff"

// read finds the format of the bytes and reads them. One mark before the text says
// nothing.
func (t *trust) read(data []byte) (credential, error) {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte(mark)))
	switch {
	case len(data) == 0:
		return credential{}, failure{UnreadableCode, "There is nothing to read."}
	case len(data) > maxCredential:
		return credential{}, failure{UnreadableCode, "This is too large to be a credential."}
	case data[0] == '{':
		return t.readLDP(data)
	case claim169.Is(string(data)): // no code ends with a space, and none begins with one
		return t.readClaim169(string(data))
	case jwtvc.Is(string(data)):
		return readJWTVC(string(data)), nil
	case !bytes.ContainsAny(data, ".~"):
		return t.readMdoc(string(data))
	}
	return t.readSDJWT(string(data))
}

func (v *verification) pass(name, detail string) {
	v.out.Checks = append(v.out.Checks, Check{name, Passed, detail})
}

// fail records a failed check; the first one decides the outcome.
func (v *verification) fail(name string, err error) {
	var f failure
	if !errors.As(err, &f) {
		f = failure{Altered, "The signature does not match."}
	}
	v.out.Checks = append(v.out.Checks, Check{name, Failed, f.reason})
	if v.out.Outcome == "" {
		v.out.Outcome, v.out.Reason = f.outcome, f.reason
	}
}

// note records a check by its error.
func (v *verification) note(name string, err error, detail string) {
	if err != nil {
		v.fail(name, err)
		return
	}
	v.pass(name, detail)
}

func outcomeOf(err error) Outcome {
	var f failure
	if errors.As(err, &f) {
		return f.outcome
	}
	return ""
}

// finish puts the checks in their order, with those that were not reached.
func (v *verification) finish() Result {
	done := map[string]Check{CheckHolder: {CheckHolder, NotChecked, "Held by the person in front of you: not checked."}}
	for _, c := range v.out.Checks {
		done[c.Name] = c
	}
	v.out.Checks = nil
	for _, name := range []string{CheckRead, CheckIssuer, CheckSignature, CheckKey, CheckDates, CheckStatus, CheckHolder} {
		c, ok := done[name]
		if !ok {
			c = Check{name, NotChecked, "Not reached."}
		}
		v.out.Checks = append(v.out.Checks, c)
	}
	if v.out.Outcome == "" {
		v.out.Outcome, v.out.Reason = Genuine, "The issuer signed this, and it is in date."
	}
	return v.out
}

// skew is how far the clocks of issuer and verifier may differ.
const skew = time.Minute

// dates checks the time in which the credential itself is valid.
func (v *verification) dates(s signed) error {
	switch {
	case !s.until.IsZero() && !v.at.Before(s.until):
		return failure{Expired, fmt.Sprintf("This was valid until %s.", moment(s.until))}
	case v.at.Add(skew).Before(s.from):
		return failure{NotYetValid, fmt.Sprintf("This is valid from %s.", moment(s.from))}
	}
	return nil
}

func describeDates(s signed) string {
	switch {
	case s.from.IsZero() && s.until.IsZero():
		return "It has no dates that limit it."
	case s.until.IsZero():
		return "Valid from " + moment(s.from) + "."
	case s.from.IsZero():
		return "Valid until " + moment(s.until) + "."
	}
	return "Valid from " + moment(s.from) + " to " + moment(s.until) + "."
}

// moment writes a time for people.
func moment(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 MST") }
