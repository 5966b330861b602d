package verify

import (
	"fmt"
	"strconv"
	"time"

	"socialregistry/issuer/status"
)

// statusEntry says where a credential's status is found.
type statusEntry struct {
	list    func(*verification, statusEntry, key) (snapshot, error) // reads the list of its kind
	uri     string
	index   int
	purpose string   // of the entry; "" where a value itself says it
	width   int      // bits of a value, where the entry says it
	told    []string // of purpose message: what each value says
}

// hint says that the entry tells something else than whether the credential is
// valid (Bitstring Status List 1.0 §2.1).
func (e statusEntry) hint() bool { return e.purpose == status.Refresh || e.purpose == status.Message }

// snapshot is a status list whose signature is good.
type snapshot struct {
	list  *status.List
	made  time.Time
	fresh time.Time // until then it need not be fetched again
	ends  time.Time // after that it says nothing of what is valid
}

func unknownStatus(reason string) error {
	return failure{GenuineStatusUnknown, reason}
}

// status checks each entry; the worst answer counts. Without an entry nobody can
// tell, unless the bundle says that credentials of that type have none.
func (v *verification) status(s signed, k key) {
	s.status = v.takeHints(s.status, k)
	if len(s.status) == 0 && !v.trust.types[s.kind].NoStatus {
		v.fail(CheckStatus, unknownStatus("It names no status list, so nobody can tell whether it was withdrawn."))
		return
	}
	if len(s.status) == 0 {
		v.out.Checks = append(v.out.Checks, Check{CheckStatus, NotChecked, "It has no status: the issuer cannot withdraw it."})
		return
	}
	var worst error
	var detail string
	for _, e := range s.status {
		text, err := v.entry(e, k)
		if err != nil && (worst == nil || rank(err) > rank(worst)) {
			worst = err
		}
		detail = text
	}
	v.note(CheckStatus, worst, detail)
}

// takeHints looks up what is only a hint, and gives the other entries. A hint that
// cannot be had changes nothing.
func (v *verification) takeHints(entries []statusEntry, k key) (rest []statusEntry) {
	for _, e := range entries {
		if !e.hint() {
			rest = append(rest, e)
			continue
		}
		s, err := e.list(v, e, k)
		if err != nil {
			continue
		}
		switch value, err := s.list.Get(e.index); {
		case err != nil || value == 0:
		case e.purpose == status.Refresh:
			v.out.Refresh = true
		case int(value) < len(e.told):
			v.out.Messages = append(v.out.Messages, e.told[value])
		}
	}
	return rest
}

// rank orders what a status check can say.
func rank(err error) int {
	switch outcomeOf(err) {
	case Withdrawn:
		return 3
	case Suspended:
		return 2
	}
	return 1
}

// entry looks one entry up and gives the words for a good answer.
func (v *verification) entry(e statusEntry, k key) (string, error) {
	if e.list == nil {
		return "", unknownStatus("Its status is kept in a way that is not supported.")
	}
	s, err := e.list(v, e, k)
	if err != nil {
		return "", err
	}
	if v.out.StatusAsOf.IsZero() || s.made.Before(v.out.StatusAsOf) {
		v.out.StatusAsOf = s.made
	}
	value, err := s.list.Get(e.index)
	if err != nil {
		return "", unknownStatus("The status list in the trust bundle has no such entry.")
	}
	return v.judge(s, e.meaning(value))
}

// meaning gives what a value says: Genuine, Withdrawn, Suspended, or
// GenuineStatusUnknown for a value of the application's own.
func (e statusEntry) meaning(value byte) Outcome {
	switch {
	case value == status.Valid:
		return Genuine
	case value == status.Invalid && e.purpose != status.Suspension:
		return Withdrawn
	case value == status.Suspended && e.purpose == "", value == 1 && e.purpose == status.Suspension:
		return Suspended
	}
	return GenuineStatusUnknown
}

// judge weighs what a list says against its age. What was withdrawn stays so,
// however old the list; that it was not, an old list cannot say.
func (v *verification) judge(s snapshot, meaning Outcome) (string, error) {
	asOf := moment(s.made)
	if meaning == Withdrawn {
		return "", failure{Withdrawn, "The issuer has withdrawn this; known since the list of " + asOf + "."}
	}
	if !v.at.Before(s.ends) || !v.trust.notAfter.IsZero() && !v.at.Before(v.trust.notAfter) {
		return "", unknownStatus("The status list of " + asOf + " is too old to tell whether this was withdrawn. Update the trust bundle.")
	}
	switch {
	case meaning == Suspended:
		return "", failure{Suspended, "The issuer has suspended this, as of " + asOf + "."}
	case meaning != Genuine:
		return "", unknownStatus("The status list says something that is not understood.")
	case v.at.After(s.fresh):
		return fmt.Sprintf("Not withdrawn, as of %s (the list is %s old).", asOf, Age(v.at.Sub(s.made))), nil
	}
	return "Not withdrawn, as of " + asOf + ".", nil
}

// Age writes how old something is, for people: 13 hours, 3 days.
func Age(d time.Duration) string {
	d = max(d, 0)
	n, unit := int(d.Hours()/24), "day"
	if d < 48*time.Hour {
		n, unit = int(d.Hours()), "hour"
	}
	if d < 2*time.Hour {
		n, unit = int(d.Minutes()), "minute"
	}
	if n != 1 {
		unit += "s"
	}
	return strconv.Itoa(n) + " " + unit
}
