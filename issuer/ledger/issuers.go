package ledger

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
)

// NamedIssuer is a credential issuer with a path of its own, beside the one at the
// root of the public URL.
type NamedIssuer struct {
	Name      string            // the last part of its path
	Names     map[string]string // what it is called, by language (BCP 47)
	Country   string            // in certificates, ISO 3166-1 alpha-2; "" = that of the one at the root
	CreatedAt time.Time
}

type namedIssuerRow struct {
	Name      string  `gorm:"column:name;primaryKey"`
	Names     db.JSON `gorm:"column:names"`
	Country   string  `gorm:"column:country"`
	CreatedAt db.Time `gorm:"column:created_at;autoCreateTime:false"`
}

func (namedIssuerRow) TableName() string { return "credential_issuer" }

func (r namedIssuerRow) toNamedIssuer() NamedIssuer {
	n := NamedIssuer{Name: r.Name, Names: map[string]string{}, Country: r.Country, CreatedAt: r.CreatedAt.Time}
	for language, name := range r.Names {
		n.Names[language], _ = name.(string)
	}
	return n
}

// NamedIssuers gives all of them in the order of their names.
func (l *Ledger) NamedIssuers(ctx context.Context) ([]NamedIssuer, error) {
	var rows []namedIssuerRow
	err := l.read(ctx, func(tx *gorm.DB) error { return tx.Order("name").Find(&rows).Error })
	if err != nil {
		return nil, fmt.Errorf("ledger: read issuers: %w", err)
	}
	out := make([]NamedIssuer, len(rows))
	for n, r := range rows {
		out[n] = r.toNamedIssuer()
	}
	return out, nil
}

// AddIssuer makes an issuer with the identifier url that issues copies of
// configurations of this one, in the name of e.Actor. ErrExists if its name is taken;
// ErrNotFound if there is no such configuration.
func (l *Ledger) AddIssuer(ctx context.Context, n NamedIssuer, url string, configIDs []string, e Entry) error {
	err := l.inTx(ctx, func(tx *gorm.DB, now db.Time) error {
		names := db.JSON{}
		for language, name := range n.Names {
			names[language] = name
		}
		row := namedIssuerRow{Name: n.Name, Names: names, Country: n.Country, CreatedAt: now}
		if err := l.duplicate(tx.Create(&row).Error); err != nil {
			return err
		}
		of := l.Of(n.Name)
		if err := of.copyConfigurations(tx, configIDs, now); err != nil {
			return err
		}
		if _, err := claim(of.scope(tx), url, now); err != nil {
			return err
		}
		return logEntry(tx, e, "issuer:"+n.Name, nil, map[string]any{"names": n.Names, "country": n.Country, "configurations": configIDs}, now)
	})
	if err != nil {
		return fmt.Errorf("ledger: add issuer: %w", err)
	}
	return nil
}

// copyConfigurations takes over configurations of the issuer that a transaction is
// about.
func (l *Ledger) copyConfigurations(tx *gorm.DB, ids []string, now db.Time) error {
	var rows []configurationRow
	if err := tx.Where("id IN ?", ids).Order("position, id").Find(&rows).Error; err != nil {
		return err
	}
	if len(rows) != len(ids) || len(rows) == 0 {
		return ErrNotFound
	}
	for n := range rows {
		rows[n].CreatedAt = now
	}
	return l.scope(tx).Create(&rows).Error
}
