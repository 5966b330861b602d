package registry

import (
	"time"

	"github.com/google/uuid"

	"socialregistry/internal/db"
)

// KindEnrolment is the Kind of a FieldChange about an enrolment. Field is that of
// the programme; Old and New are the status and its first day, as
// "ENROLLED 2026-05-01".
const KindEnrolment = "enrolment"

// EnrolmentStatus is where somebody stands in a programme.
type EnrolmentStatus string

// The statuses.
const (
	EnrolmentApplied   EnrolmentStatus = "APPLIED"
	EnrolmentEnrolled  EnrolmentStatus = "ENROLLED"
	EnrolmentSuspended EnrolmentStatus = "SUSPENDED"
	EnrolmentExited    EnrolmentStatus = "EXITED"
)

// EnrolmentStatuses lists the statuses.
func EnrolmentStatuses() []EnrolmentStatus {
	return []EnrolmentStatus{EnrolmentApplied, EnrolmentEnrolled, EnrolmentSuspended, EnrolmentExited}
}

// next is the whole table of what may follow a status; "" is never having been
// in the programme. An exit is for good: who comes back begins a new enrolment.
func (s EnrolmentStatus) next() []EnrolmentStatus {
	switch s {
	case "", EnrolmentExited:
		return []EnrolmentStatus{EnrolmentApplied, EnrolmentEnrolled}
	case EnrolmentApplied, EnrolmentSuspended:
		return []EnrolmentStatus{EnrolmentEnrolled, EnrolmentExited}
	case EnrolmentEnrolled:
		return []EnrolmentStatus{EnrolmentSuspended, EnrolmentExited}
	}
	return nil
}

// label is how people read a status.
func (s EnrolmentStatus) label() map[string]string {
	switch s {
	case EnrolmentApplied:
		return map[string]string{"en": "Applied", "ar": "قدّم طلبًا", "fr": "A déposé une demande", "hi": "आवेदन किया", "sw": "Ameomba"}
	case EnrolmentEnrolled:
		return map[string]string{"en": "Enrolled", "ar": "مسجّل", "fr": "Inscrit", "hi": "नामांकित", "sw": "Ameandikishwa"}
	case EnrolmentSuspended:
		return map[string]string{"en": "Suspended", "ar": "موقوف مؤقتًا", "fr": "Suspendu", "hi": "निलंबित", "sw": "Amesimamishwa"}
	}
	return map[string]string{"en": "Exited", "ar": "خرج", "fr": "Sorti", "hi": "बाहर हुए", "sw": "Ametoka"}
}

// Enrolment is one stay of a person or group in a programme.
type Enrolment struct {
	RegistrantID uuid.UUID
	Programme    string // code
	Seq          int    // 1, 2, 3, ...: the stays of one registrant in one programme
	Status       EnrolmentStatus
	Start        string // day on which the stay began
	Since        string // day from which the status holds
	End          string // day of the exit; "": none
	Reason       string // of the status
	RecordedAt   time.Time
	RecordedBy   string
	VersionNo    int // of the record that the enrolment made; 0 in lists
}

// enrolmentRow is a row of enrolment.
type enrolmentRow struct {
	RegistrantID uuid.UUID       `gorm:"column:registrant_id;primaryKey"`
	Programme    string          `gorm:"column:programme;primaryKey"`
	Seq          int             `gorm:"column:seq;primaryKey;autoIncrement:false"`
	Status       EnrolmentStatus `gorm:"column:status"`
	Start        db.Date         `gorm:"column:start_date"`
	Since        db.Date         `gorm:"column:since_date"`
	End          db.Date         `gorm:"column:end_date"`
	Reason       string          `gorm:"column:reason"`
	RecordedAt   db.Time         `gorm:"column:recorded_at"`
	RecordedBy   string          `gorm:"column:recorded_by"`
}

func (enrolmentRow) TableName() string { return "enrolment" }

func (e enrolmentRow) toEnrolment() Enrolment {
	return Enrolment{RegistrantID: e.RegistrantID, Programme: e.Programme, Seq: e.Seq, Status: e.Status, Start: string(e.Start), Since: string(e.Since),
		End: string(e.End), Reason: e.Reason, RecordedAt: e.RecordedAt.Time, RecordedBy: e.RecordedBy}
}

// words is how the change log tells of an enrolment; "" of none.
func (e enrolmentRow) words() string {
	if e.Seq == 0 {
		return ""
	}
	return string(e.Status) + " " + string(e.Since)
}
