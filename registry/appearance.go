package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"unicode/utf8"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
)

// Bounds of an Appearance.
const (
	maxAppearanceNames = 50
	maxAppearanceName  = 40 // characters
	maxColours         = 40 // bytes
	maxLogo            = 128 << 10
)

// Appearance is how the pages look where the settings of the server do not say.
type Appearance struct {
	Names   map[string]string // of the service, by language; "" holds for all others
	Colours string            // three, as #rrggbb with commas; "": those of the program
	Logo    []byte            // SVG; nil: that of the program
	Version int               // moves with every change; 0: nobody has chosen anything
}

// appearanceRow is the one row of appearance.
type appearanceRow struct {
	One       int            `gorm:"column:one;primaryKey;autoIncrement:false"`
	Names     column[labels] `gorm:"column:names"`
	Colours   string         `gorm:"column:colours"`
	Logo      db.Bytes       `gorm:"column:logo"`
	VersionNo int            `gorm:"column:version_no"`
	UpdatedAt db.Time        `gorm:"column:updated_at;autoUpdateTime:false"`
}

func (appearanceRow) TableName() string { return "appearance" }

// appearanceState is an Appearance in the history of settings.
type appearanceState struct {
	Names   labels `json:"names"`
	Colours string `json:"colours"`
	Logo    string `json:"logo"` // its SHA-256; "": none
}

func (a *appearanceRow) state() any {
	if a.VersionNo == 0 {
		return nil
	}
	s := appearanceState{Names: a.Names.V, Colours: a.Colours}
	if len(a.Logo) > 0 {
		sum := sha256.Sum256(a.Logo)
		s.Logo = hex.EncodeToString(sum[:])
	}
	return s
}

// Appearance gives what was chosen; the zero value if nothing was. Everybody may
// see it.
func (r *Registry) Appearance(ctx context.Context) (Appearance, error) {
	var row appearanceRow
	err := r.db.Read(ctx, func(tx *gorm.DB) (err error) {
		row, err = readAppearance(tx, "")
		return err
	})
	if err != nil {
		return Appearance{}, err
	}
	return Appearance{Names: row.Names.V, Colours: row.Colours, Logo: row.Logo, Version: row.VersionNo}, nil
}

func readAppearance(tx *gorm.DB, lock string) (appearanceRow, error) {
	var rows []appearanceRow
	if err := tx.Raw(`SELECT * FROM appearance WHERE one = 1` + lock).Scan(&rows).Error; err != nil {
		return appearanceRow{}, fmt.Errorf("read how the pages look: %w", err)
	}
	if len(rows) == 0 {
		return appearanceRow{}, nil
	}
	return rows[0], nil
}

// SetAppearance changes how the pages look. x.Version is the one that was looked at.
// It returns Forbidden, Invalid "invalid_values" with the wrong members, or Conflict
// "version_conflict".
func (r *Registry) SetAppearance(ctx context.Context, a Actor, x Appearance, reason string) error {
	if err := a.check(toKeepAppearance); err != nil {
		return err
	}
	return r.setAppearance(ctx, a, x, reason, nil)
}

// FirstAppearance is SetAppearance for whoever runs the server, before anybody of the
// staff has an account: Conflict "set_up" after that.
func (r *Registry) FirstAppearance(ctx context.Context, x Appearance) error {
	return r.setAppearance(ctx, Actor{Name: "first run", Roles: []Role{RoleSystem, RoleAdmin}, Channel: ChannelSystem}, x, "", func(tx *gorm.DB) error {
		none, err := noStaff(tx)
		if err == nil && !none {
			err = errSetUp()
		}
		return err
	})
}

func (r *Registry) setAppearance(ctx context.Context, a Actor, x Appearance, reason string, may func(tx *gorm.DB) error) error {
	reason, err := cleanReason(reason)
	if err == nil {
		err = x.check()
	}
	if err != nil {
		return err
	}
	return r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		if may != nil {
			if err := may(tx); err != nil {
				return err
			}
		}
		old, err := readAppearance(tx, r.db.Dialect.ForUpdate())
		if err != nil {
			return err
		}
		if old.VersionNo != x.Version {
			return errVersionConflict()
		}
		row := appearanceRow{One: 1, Names: column[labels]{x.Names}, Colours: x.Colours, Logo: x.Logo, VersionNo: x.Version + 1, UpdatedAt: now}
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return fmt.Errorf("store how the pages look: %w", err)
		}
		return r.logAdmin(tx, a, reason, now, "appearance:pages", old.state(), row.state())
	})
}

func (x *Appearance) check() error {
	var bad []fault.Field
	if x.Names == nil {
		x.Names = map[string]string{}
	}
	for _, name := range x.Names {
		if checkText(name) != nil || name == "" || utf8.RuneCountInString(name) > maxAppearanceName || len(x.Names) > maxAppearanceNames {
			bad = append(bad, fault.Field{Name: "names", Code: "invalid_label", Detail: "A name has 1 to 40 characters."})
			break
		}
	}
	if len(x.Colours) > maxColours {
		bad = append(bad, fault.Field{Name: "colours", Code: "invalid_value", Detail: "Three colours, as #rrggbb."})
	}
	if len(x.Logo) > maxLogo {
		bad = append(bad, fault.Field{Name: "logo", Code: "too_long", Detail: "At most 128 KiB."})
	}
	if len(bad) > 0 {
		return fault.InvalidFields("invalid_values", "Some values cannot be accepted.", bad)
	}
	return nil
}
