package verify

import "time"

// Outcome is the answer in one word.
type Outcome string

// The outcomes. Only Genuine is a yes.
const (
	Genuine              Outcome = "genuine"
	GenuineStatusUnknown Outcome = "genuine_status_unknown" // the bundle cannot tell whether it was withdrawn
	Expired              Outcome = "expired"
	NotYetValid          Outcome = "not_yet_valid"
	Withdrawn            Outcome = "withdrawn"
	Suspended            Outcome = "suspended"
	Altered              Outcome = "altered"        // a known issuer's key did not sign this
	UnknownIssuer        Outcome = "unknown_issuer" // no such key in the bundle, or it is not this issuer's
	KeyRetired           Outcome = "key_retired"    // signed outside of the key's window, or the key was revoked
	UnsupportedFormat    Outcome = "unsupported_format"
	UnreadableCode       Outcome = "unreadable_code"
	IncompleteCode       Outcome = "incomplete_code" // its end is missing
)

// Outcomes lists every outcome.
func Outcomes() []Outcome {
	return []Outcome{Genuine, GenuineStatusUnknown, Expired, NotYetValid, Withdrawn, Suspended, Altered, UnknownIssuer,
		KeyRetired, UnsupportedFormat, UnreadableCode, IncompleteCode}
}

// The results of a check.
const (
	Passed     = "passed"
	Failed     = "failed"
	NotChecked = "not_checked"
)

// The names of the checks, in the order in which a Result has them.
const (
	CheckRead      = "read"
	CheckIssuer    = "issuer"
	CheckSignature = "signature"
	CheckKey       = "key"
	CheckDates     = "dates"
	CheckStatus    = "status"
	CheckHolder    = "holder"
)

// Check is one line of what was checked.
type Check struct {
	Name   string `json:"name"`
	Result string `json:"result"` // passed, failed or not_checked
	Detail string `json:"detail"` // in words; no personal data
}

// Result is the whole answer. Times and claims are there only if the signature
// is good: nothing is repeated that nobody signed.
type Result struct {
	Outcome     Outcome           `json:"outcome"`
	Reason      string            `json:"reason"` // one sentence; no personal data
	Format      string            `json:"format,omitempty"`
	Type        string            `json:"type,omitempty"`         // vct, or the credential's own type
	Issuer      string            `json:"issuer,omitempty"`       // as the credential names it
	IssuerNames map[string]string `json:"issuer_names,omitempty"` // per language, from the bundle
	ValidFrom   time.Time         `json:"valid_from,omitzero"`
	ValidUntil  time.Time         `json:"valid_until,omitzero"`
	StatusAsOf  time.Time         `json:"status_as_of,omitzero"` // when the status list was made
	Refresh     bool              `json:"refresh,omitempty"`     // a hint: the issuer has, or will make, a newer one
	Messages    []string          `json:"messages,omitempty"`    // a hint: what the issuer says of its status, in its words
	Checks      []Check           `json:"checks"`
	Claims      map[string]any    `json:"claims,omitempty"` // about the person only
}
