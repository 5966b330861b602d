package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// Holder is a person or a group that has an identifier now.
type Holder struct {
	ID     uuid.UUID
	Kind   string // PersonKind or a kind of group
	Number string // registration number
	Seq    int    // of the identifier
	Status IdentifierStatus
}

// FindByIdentifier gives who has an identifier now, valid or expired: at most one
// if the type is unique, else up to 200 in the order of their registration.
// Revoked and lost ones find nobody. It returns Forbidden, or Invalid
// "invalid_identifier" when nobody has the value and none such can be added.
func (r *Registry) FindByIdentifier(ctx context.Context, a Actor, key, value string) ([]Holder, error) {
	if err := a.checkWithin(toSearch); err != nil {
		return nil, err
	}
	today := dayOf(r.now())
	holders := []Holder{}
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		index, doubt, err := r.indexOf(tx, key, value)
		if err != nil {
			return err
		}
		var rows []struct {
			Kind, Number string
			Row          regIDRow `gorm:"embedded"`
		}
		w := &where{}
		w.and("x.scheme = ? AND x.bidx = ?", index.Scheme, index.Bidx)
		w.within(a.to(toSearch))
		err = tx.Raw(`SELECT registrant.kind, registrant.number, i.registrant_id, i.seq, i.status, i.valid_to FROM identifier x
			JOIN registrant ON registrant.id = x.registrant_id
			JOIN registrant_identifier i ON i.registrant_id = x.registrant_id AND i.type = ? AND i.bidx = x.bidx AND i.status = ?
			WHERE `+w.text()+` ORDER BY x.registrant_id LIMIT ?`,
			append(append([]any{key, IdentifierValid}, w.args...), maxPage)...).Scan(&rows).Error
		if err != nil {
			return fmt.Errorf("find by identifier: %w", err)
		}
		for _, f := range rows {
			holders = append(holders, Holder{f.Row.RegistrantID, f.Kind, f.Number, f.Row.Seq, f.Row.statusOn(today)})
		}
		if len(rows) == 0 && doubt != nil {
			return errBadIdentifier([]fault.Field{badMember(memberValue, doubt)})
		}
		return nil
	})
	return holders, err
}

// indexOf says where a value stands in the table identifier: see idType.find.
func (r *Registry) indexOf(tx *gorm.DB, key, value string) (identifierRow, *mistake, error) {
	t, err := r.loadIdentifierType(tx, key, "")
	if fault.KindOf(err) == fault.NotFound {
		err = errBadIdentifier([]fault.Field{badMember("type", &mistake{"unknown_type", "There is no such identifier type."})})
	}
	if err != nil {
		return identifierRow{}, nil, err
	}
	compared, doubt, wrong := t.find(value)
	if wrong != nil {
		return identifierRow{}, nil, errBadIdentifier([]fault.Field{badMember(memberValue, wrong)})
	}
	return identifierRow{Scheme: t.scheme(), Bidx: r.keys.BlindIndex(t.scheme(), compared), IsUnique: t.Unique}, doubt, nil
}

// identifyingTypes gives the types by whose values a person is known, by scheme.
func identifyingTypes(tx *gorm.DB) (map[string]*idType, error) {
	types, err := loadIdentifierTypes(tx)
	if err != nil {
		return nil, err
	}
	out := map[string]*idType{}
	for _, t := range types {
		if !t.Unique || !t.isFor(PersonKind) {
			continue
		}
		if out[t.scheme()], err = newIDType(t); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// whereTyped gives a condition per type under which a text may stand in the table
// identifier, as far as it has a compared form at all.
func (r *Registry) whereTyped(types []IdentifierType, text string) (queries []string, args []any) {
	for _, t := range types {
		if compared, ok := t.Normalisation.of(text); ok {
			queries = append(queries, `SELECT registrant_id FROM identifier WHERE scheme = ? AND bidx = ?`)
			args = append(args, t.scheme(), db.Bytes(r.keys.BlindIndex(t.scheme(), compared)))
		}
	}
	return queries, args
}
