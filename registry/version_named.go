package registry

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// A named version is a picture of one record from somewhere else: a survey, an
// import, a feedback call. It may become the default at once, or stand beside it
// until somebody compares the two and decides.

// Kinds of a FieldChange that tell of versions. KindVersion and KindDefault name
// no field.
const (
	KindVersion      = "version"       // a version was made: from which number, its number, its label
	KindVersionValue = "version_value" // a value in which that version differs from the record, which keeps its own
	KindDefault      = "default"       // another version is the default: the old number, the new, and which one it repeats, if it does
)

// DefaultVersion names the default version wherever a version is asked for by
// number or label.
const DefaultVersion = "default"

// MaxLabelLength is in characters.
const MaxLabelLength = 100

// AddVersion adds a version under a label that is new to this person. Its values
// are those of the record with c.Set applied, and it is made also if they are the
// same: a survey may find that nothing has changed. With makeDefault it becomes
// the record; else the record stays as it is, and so do the decisions on it.
//
// It returns NotFound, Conflict "version_conflict" (c.ExpectVersion is not the
// default), "label_taken" or "identifier_taken", Invalid "invalid_label" or
// "invalid_values" (with makeDefault also "approval_required" for a field whose
// change needs approval), or Forbidden.
func (r *Registry) AddVersion(ctx context.Context, a Actor, id uuid.UUID, label string, c Change, makeDefault bool) (Version, error) {
	if err := a.checkOn(toAddVersion, id); err != nil {
		return Version{}, err
	}
	reason, err := cleanReason(c.Reason)
	if err != nil {
		return Version{}, err
	}
	label, err = cleanLabel(label)
	if err != nil {
		return Version{}, err
	}
	var v Version
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		old, err := r.loadAtVersion(tx, a.to(toAddVersion), id, c.ExpectVersion)
		if err != nil {
			return err
		}
		b, err := r.loadBuilder(tx, a, reason, now)
		if err != nil {
			return err
		}
		made, err := b.version(old, label, c, makeDefault)
		if err != nil {
			return err
		}
		v = versionRowOf(made).toVersion(made.Text)
		without(b.fields.hiddenFrom(a), v.Values)
		if makeDefault {
			return r.store(tx, made)
		}
		return r.storeAside(tx, made)
	})
	return v, err
}

// version builds a named version of a stored person.
func (b *builder) version(old record, label string, c Change, makeDefault bool) (*built, error) {
	b.above = old.above
	clean, bad := b.clean(c.Set, old.text, c.CollectedAt)
	bad = append(bad, b.onlyTold(clean)...)
	out := newEdit(old)
	out.Label = label
	values, bad := b.change(out, old, clean, c.CollectedAt, bad)
	if makeDefault && len(bad) == 0 {
		bad = b.mustWait(old.text, out.Text)
	}
	from, number := old.row.VersionNo, old.row.LatestNo+1
	diff := []diffEntry{versionEntry(from, number, label)}
	if makeDefault {
		diff = append(diff, defaultEntry(from, number, 0))
	} else {
		for i := range values {
			values[i].Kind = KindVersionValue
		}
	}
	out.nameArea(old.row.Values.areaText())
	return b.finish(out, old.key, append(diff, values...), bad)
}

// named gives the version of a registration or an edit the builder's label, if
// it has one: an import may.
func (b *builder) named(out *built, values []diffEntry) []diffEntry {
	if b.label == "" {
		return values
	}
	out.Label = b.label
	from, number := out.From, out.Row.LatestNo+1
	return append([]diffEntry{versionEntry(from, number, b.label), defaultEntry(from, number, 0)}, values...)
}

func versionEntry(from, number int, label string) diffEntry {
	return diffEntry{Kind: KindVersion, Old: strconv.Itoa(from), New: strconv.Itoa(number), Comment: label}
}

// defaultEntry says that the default moved; basis is the version that the new one
// repeats, 0 if it is the version itself.
func defaultEntry(from, to, basis int) diffEntry {
	d := diffEntry{Kind: KindDefault, Old: strconv.Itoa(from), New: strconv.Itoa(to)}
	if basis != 0 {
		d.Comment = strconv.Itoa(basis)
	}
	return d
}

// storeAside writes a version that is not the default: of the live row only the
// highest number and the head of the chain move. The record must be locked.
func (r *Registry) storeAside(tx *gorm.DB, c *built) error {
	if err := r.storeVersion(tx, c); err != nil {
		return err
	}
	c.Row.link(&c.Log)
	if err := r.storeLog(tx, c.Log); err != nil {
		return err
	}
	err := tx.Model(&registrantRow{}).Where("id = ?", c.Row.ID).Select("latest_no", "chain_no", "chain_head").Updates(&c.Row).Error
	if err != nil {
		return fmt.Errorf("number a version: %w", err)
	}
	return nil
}

// cleanLabel checks the name of a version. A number and the word default mean
// versions by themselves.
func cleanLabel(label string) (string, error) {
	wrong := checkText(label)
	if wrong == nil {
		label = strings.Join(strings.Fields(norm.NFC.String(label)), " ")
		wrong = checkLabel(label)
	}
	if wrong != nil {
		return "", fault.InvalidFields("invalid_label", "A version cannot have this name.",
			[]fault.Field{{Name: "label", Code: wrong.code, Detail: wrong.words}})
	}
	return label, nil
}

func checkLabel(label string) *mistake {
	_, err := strconv.Atoi(label)
	switch {
	case label == "":
		return &mistake{CodeRequired, "Give the version a name, such as Survey 2026."}
	case utf8.RuneCountInString(label) > MaxLabelLength:
		return tooLong(MaxLabelLength)
	case err == nil || strings.EqualFold(label, DefaultVersion):
		return &mistake{"reserved", "A number alone and the word default mean versions already."}
	}
	return nil
}

func errLabelTaken() error {
	return fault.New(fault.Conflict, "label_taken", "This person has a version with this name already.")
}
