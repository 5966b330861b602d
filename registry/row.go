package registry

import (
	"maps"

	"github.com/google/uuid"

	"socialregistry/internal/db"
	"socialregistry/registry/seal"
)

// values are the columns that hold a person's values, the same in registrant,
// registrant_version and a staging table.
type values struct {
	GivenName    optional                    `gorm:"column:given_name"`
	FamilyName   optional                    `gorm:"column:family_name"`
	FullNameNorm string                      `gorm:"column:full_name_norm"`
	Sex          optional                    `gorm:"column:sex"`
	BirthDate    db.Date                     `gorm:"column:birth_date"`
	Region       optional                    `gorm:"column:region"`
	Extra        column[map[string]string]   `gorm:"column:extra"`
	Enc          column[map[string]string]   `gorm:"column:enc"`
	Times        column[map[string]recorded] `gorm:"column:times"`
	VHash        db.Bytes                    `gorm:"column:vhash"`
	HashKeyID    string                      `gorm:"column:hash_key_id"`
}

// valueColumns names the columns of values, in the order of args.
const valueColumns = "given_name, family_name, full_name_norm, sex, birth_date, region, extra, enc, times, vhash, hash_key_id"

func (v *values) args() []any {
	return []any{v.GivenName, v.FamilyName, v.FullNameNorm, v.Sex, v.BirthDate, v.Region, v.Extra, v.Enc, v.Times, v.VHash, v.HashKeyID}
}

// recorded is when a value was recorded and, where known, collected, in
// microseconds since 1970, and the version of the definition that it was checked
// by. Every value has one.
type recorded struct {
	R int64 `json:"r"`
	C int64 `json:"c,omitempty"`
	D int   `json:"d,omitempty"` // absent: 1
}

// typedFields lists the fields that have a column of their own. This, typed and
// areaFields are the only code that names fields.
func typedFields() []string {
	return []string{"given_name", "family_name", "sex", "birth_date", "region"}
}

// typed gives the column of its own that a field has, or nil.
func (v *values) typed(key string) *string {
	switch key {
	case "given_name":
		return (*string)(&v.GivenName)
	case "family_name":
		return (*string)(&v.FamilyName)
	case "sex":
		return (*string)(&v.Sex)
	case "birth_date":
		return (*string)(&v.BirthDate)
	case "region":
		return (*string)(&v.Region)
	}
	return nil
}

// areaFields lists the fields that say in which area a person or group is; the
// first one with a value counts. What is sealed says nothing. assignAreas asks the
// same in SQL.
func areaFields() []string { return []string{"area", "group_region", "region"} }

// areaText is what the values say about the area.
func (v *values) areaText() string {
	for _, key := range areaFields() {
		text := v.Extra.V[key]
		if column := v.typed(key); column != nil {
			text = *column
		}
		if text != "" {
			return text
		}
	}
	return ""
}

// registrantRow is the live row of one person or group: the default version.
type registrantRow struct {
	ID        uuid.UUID `gorm:"column:id;primaryKey"`
	Number    string    `gorm:"column:number"`
	Kind      string    `gorm:"column:kind"`
	Status    string    `gorm:"column:status"`
	VersionNo int       `gorm:"column:version_no"`
	LatestNo  int       `gorm:"column:latest_no"`
	Area      optional  `gorm:"column:area"` // code of the area that the values name
	Values    values    `gorm:"embedded"`
	ChainHead db.Bytes  `gorm:"column:chain_head"`
	ChainNo   int64     `gorm:"column:chain_no"`
	CreatedAt db.Time   `gorm:"column:created_at;autoCreateTime:false"`
	UpdatedAt db.Time   `gorm:"column:updated_at;autoUpdateTime:false"`
}

// keyRow is a row of record_key.
type keyRow struct {
	RegistrantID uuid.UUID `gorm:"column:registrant_id;primaryKey"`
	KID          string    `gorm:"column:kid"`
	Wrapped      db.Bytes  `gorm:"column:wrapped"`
	KEK          string    `gorm:"column:kek"`
}

// identifierRow is a row of identifier.
type identifierRow struct {
	Scheme       string    `gorm:"column:scheme;primaryKey"`
	Bidx         db.Bytes  `gorm:"column:bidx;primaryKey"`
	RegistrantID uuid.UUID `gorm:"column:registrant_id;primaryKey"`
	IsUnique     bool      `gorm:"column:is_unique"`
}

func (registrantRow) TableName() string { return "registrant" }
func (keyRow) TableName() string        { return "record_key" }
func (identifierRow) TableName() string { return "identifier" }

// put writes one value to where its definition says: sealed, a column of its
// own, or with the others. Values that do not change keep their ciphertext.
func (v *values) put(def *fieldDef, key seal.Record, text string) {
	column := v.typed(def.Key)
	switch {
	case def.Sealed && text == "":
		delete(v.Enc.V, def.Key)
	case def.Sealed:
		v.Enc.V[def.Key] = key.SealText(sealedValue, def.Key, text)
	case column != nil:
		*column = text
	case text == "":
		delete(v.Extra.V, def.Key)
	default:
		v.Extra.V[def.Key] = text
	}
}

// open gives all values as {field: text}.
func (v *values) open(key seal.Record) (map[string]string, error) {
	text := make(map[string]string, len(v.Times.V))
	for _, k := range typedFields() {
		if column := v.typed(k); *column != "" {
			text[k] = *column
		}
	}
	maps.Copy(text, v.Extra.V)
	for k, sealed := range v.Enc.V {
		plain, err := key.OpenText(sealedValue, k, sealed)
		if err != nil {
			return nil, err
		}
		text[k] = plain
	}
	return text, nil
}

// Names of places that sealed bytes are bound to. The live row, its versions
// and the staging table share one: their rows are copies of each other.
const (
	sealedValue = "registrant"
	sealedDiff  = "change_log"
)

// copyColumn copies a map, so that the row it came from keeps its own.
func copyColumn[T any](m map[string]T) column[map[string]T] {
	if m = maps.Clone(m); m == nil {
		m = map[string]T{}
	}
	return column[map[string]T]{m}
}
