package registry

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// SignInsKept is how long the log of sign-ins keeps an entry.
const SignInsKept = 180 * 24 * time.Hour

// ByApp is the second proof of staff: a code of their authenticator app, or a recovery
// code.
const ByApp Method = "app"

// SignInOutcome is what came of a sign-in.
type SignInOutcome string

// The outcomes.
const (
	SignInDone    SignInOutcome = "in"
	SignInHalf    SignInOutcome = "half"    // a second proof is asked for
	SignInRefused SignInOutcome = "refused" // what was typed is wrong
	SignInLocked  SignInOutcome = "locked"  // it was wrong, and locks the name for LockFor
)

// StaffSignIn is one sign-in of staff, or one that was refused. The address of the
// network is not kept, nor names that no member of staff has.
type StaffSignIn struct {
	At       time.Time
	Username string
	Method   Method
	Outcome  SignInOutcome
	Device   Device
}

// SignInQuery asks for sign-ins of staff.
type SignInQuery struct {
	Username string        // "": anybody
	Outcome  SignInOutcome // "": any
	After    string        // SignInPage.Next of the page before
	Limit    int           // 0: 50; at most 200
}

// SignInPage is one page of them, newest first.
type SignInPage struct {
	SignIns []StaffSignIn
	Next    string // SignInQuery.After of the next page; "" after the last
}

type signInRow struct {
	ID       uuid.UUID     `gorm:"column:id;primaryKey"`
	At       db.Time       `gorm:"column:at"`
	Username string        `gorm:"column:username"`
	Method   Method        `gorm:"column:method"`
	Outcome  SignInOutcome `gorm:"column:outcome"`
	Device   string        `gorm:"column:device"`
}

func (signInRow) TableName() string { return "staff_sign_in" }

// StaffSignIns gives a page of who of staff signed in or was refused within
// SignInsKept. It returns Forbidden, or Invalid "bad_query" or "bad_cursor".
func (r *Registry) StaffSignIns(ctx context.Context, a Actor, q SignInQuery) (SignInPage, error) {
	if err := a.check(toReadSignIns); err != nil {
		return SignInPage{}, err
	}
	if checkText(q.Username+string(q.Outcome)) != nil || len(q.Username) > maxSubject || len(q.Outcome) > maxSubject {
		return SignInPage{}, badQuery("filter")
	}
	at, id, err := parseSignInAfter(q.After)
	if err != nil {
		return SignInPage{}, err
	}
	var rows []signInRow
	size := pageSize(q.Limit)
	err = r.db.Read(ctx, func(tx *gorm.DB) error {
		tx = tx.Where("at > ?", db.TimeOf(r.now().Add(-SignInsKept)))
		if q.Username != "" {
			tx = tx.Where("username = ?", accountName(q.Username))
		}
		if q.Outcome != "" {
			tx = tx.Where("outcome = ?", q.Outcome)
		}
		if q.After != "" {
			tx = tx.Where("(at, id) < (?, ?)", at, id)
		}
		return tx.Order("at DESC, id DESC").Limit(size + 1).Find(&rows).Error
	})
	if err != nil {
		return SignInPage{}, fmt.Errorf("read the sign-ins of staff: %w", err)
	}
	var page SignInPage
	if len(rows) > size {
		rows = rows[:size]
		last := rows[size-1]
		page.Next = fmt.Sprintf("%d.%s", last.At.UnixMicro(), last.ID)
	}
	for _, row := range rows {
		page.SignIns = append(page.SignIns, StaffSignIn{At: row.At.Time, Username: row.Username, Method: row.Method, Outcome: row.Outcome, Device: readDevice(row.Device)})
	}
	return page, nil
}

func parseSignInAfter(after string) (at db.Time, id uuid.UUID, err error) {
	if after == "" {
		return at, id, nil
	}
	micro, rest, _ := strings.Cut(after, ".")
	n, err := strconv.ParseInt(micro, 10, 64)
	if err == nil {
		id, err = uuid.Parse(rest)
	}
	moment := time.UnixMicro(n).UTC()
	if err == nil && (moment.Year() < 1 || moment.Year() > 9999) {
		err = errors.New("a moment outside of the years")
	}
	if err != nil {
		return at, id, errBadCursor(err)
	}
	return db.TimeOf(moment), id, nil
}

// noteSignIn writes down what came of a sign-in, if the account is of staff, and
// forgets what is too old; it gives the entry, uuid.Nil if there is none.
func noteSignIn(tx *gorm.DB, account uuid.UUID, method Method, outcome SignInOutcome, now db.Time) (uuid.UUID, error) {
	var names []string
	if err := tx.Raw("SELECT username FROM account WHERE id = ? AND registrant_id IS NULL", account).Scan(&names).Error; err != nil {
		return uuid.Nil, fmt.Errorf("read whose sign-in it is: %w", err)
	}
	if len(names) == 0 {
		return uuid.Nil, nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, fmt.Errorf("write down a sign-in: %w", err)
	}
	row := signInRow{ID: id, At: now, Username: names[0], Method: method, Outcome: outcome, Device: DeviceOf(tx.Statement.Context).text()}
	if err := tx.Create(&row).Error; err != nil {
		return uuid.Nil, fmt.Errorf("write down a sign-in: %w", err)
	}
	if err := tx.Exec("DELETE FROM staff_sign_in WHERE at <= ?", db.TimeOf(now.Add(-SignInsKept))).Error; err != nil {
		return uuid.Nil, fmt.Errorf("forget old sign-ins: %w", err)
	}
	return id, nil
}

// noteTry writes a try down as refused, in the transaction that counts it: one that
// was right is taken back by dropTry. So none is lost when a server ends meanwhile.
func noteTry(tx *gorm.DB, account uuid.UUID, method Method, left int, now db.Time) (uuid.UUID, error) {
	outcome := SignInRefused
	if left == 0 {
		outcome = SignInLocked
	}
	return noteSignIn(tx, account, method, outcome, now)
}

// dropTry takes back what noteTry wrote: the try was right.
func dropTry(tx *gorm.DB, note uuid.UUID) error {
	if note == uuid.Nil {
		return nil
	}
	if err := tx.Exec("DELETE FROM staff_sign_in WHERE id = ?", note).Error; err != nil {
		return fmt.Errorf("take back a refused sign-in: %w", err)
	}
	return nil
}

// noteSession writes down that a session began, or waits for its second proof.
func noteSession(tx *gorm.DB, account uuid.UUID, method Method, needs Need, now db.Time) error {
	outcome := SignInDone
	if needs != NeedsNothing {
		outcome = SignInHalf
	}
	_, err := noteSignIn(tx, account, method, outcome, now)
	return err
}

// noteApp writes down a code of an app that was refused.
func noteApp(tx *gorm.DB, account uuid.UUID, refused error, now db.Time) error {
	left := 1
	var why *Refusal
	if errors.As(refused, &why) {
		left = why.TriesLeft
	}
	_, err := noteTry(tx, account, ByApp, left, now)
	return err
}
