package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// areaNameRow is a row of area_name.
type areaNameRow struct {
	Name string `gorm:"column:name;primaryKey"`
	Code string `gorm:"column:code"`
}

func (areaNameRow) TableName() string { return "area_name" }

// areaNames says which active area a text means: by its code; by a name that only
// it has; or by one that several have if the others all lie in it, as a district
// that is called like its main town.
func areaNames(areas []areaRow) map[string]string {
	claims := map[string][]*areaRow{}
	codes := map[string]string{}
	for i := range areas {
		a := &areas[i]
		if !a.Active {
			continue
		}
		codes[areaKey(a.Code)] = a.Code
		for _, name := range a.Name.V {
			if key := areaKey(name); key != "" && !slices.Contains(claims[key], a) {
				claims[key] = append(claims[key], a)
			}
		}
	}
	out := map[string]string{}
	for key, claim := range claims {
		if top := topmost(claim); top != nil {
			out[key] = top.Code
		}
	}
	maps.Copy(out, codes)
	return out
}

// topmost gives the area in which all others lie, or nil.
func topmost(areas []*areaRow) *areaRow {
	top := slices.MinFunc(areas, func(a, b *areaRow) int { return len(a.Path) - len(b.Path) })
	for _, a := range areas {
		if !strings.HasPrefix(a.Path, top.Path) {
			return nil
		}
	}
	return top
}

func loadAreaNames(tx *gorm.DB) (map[string]string, error) {
	var rows []areaNameRow
	if err := tx.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the names of areas: %w", err)
	}
	names := make(map[string]string, len(rows))
	for _, row := range rows {
		names[row.Name] = row.Code
	}
	return names, nil
}

// syncAreaNames brings area_name to what the areas say now, and tells whether a
// text names an area that it did not name before.
func syncAreaNames(tx *gorm.DB) (bool, error) {
	var areas []areaRow
	if err := tx.Find(&areas).Error; err != nil {
		return false, fmt.Errorf("read areas: %w", err)
	}
	have, err := loadAreaNames(tx)
	if err != nil {
		return false, err
	}
	want := areaNames(areas)
	var gone []string
	for name, code := range have {
		if want[name] != code {
			gone = append(gone, name)
		}
	}
	var added []areaNameRow
	for name, code := range want {
		if have[name] != code {
			added = append(added, areaNameRow{name, code})
		}
	}
	for some := range slices.Chunk(gone, chunkRows) {
		if err := tx.Exec(`DELETE FROM area_name WHERE name IN ?`, some).Error; err != nil {
			return false, fmt.Errorf("drop names of areas: %w", err)
		}
	}
	if len(added) == 0 {
		return false, nil
	}
	if err := tx.CreateInBatches(added, chunkRows).Error; err != nil {
		return false, fmt.Errorf("store names of areas: %w", err)
	}
	return true, nil
}
