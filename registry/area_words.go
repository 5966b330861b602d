package registry

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"
)

// NamesArea tells whether the values of a field are meant to name an area, by its
// code or by its name.
func NamesArea(field string) bool { return slices.Contains(areaFields(), field) }

// AreaNames gives the words of areas per language, by their codes, retired ones
// too; what is no code of an area is left out. Names of areas are no secret: who
// asks is not looked at.
func (r *Registry) AreaNames(ctx context.Context, codes []string) (map[string]map[string]string, error) {
	codes = slices.DeleteFunc(slices.Clone(codes), func(code string) bool { return !reAreaCode.MatchString(code) })
	out := map[string]map[string]string{}
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		for some := range slices.Chunk(codes, chunkRows) {
			var rows []areaRow
			if err := tx.Select("code", "name").Where("code IN ?", some).Find(&rows).Error; err != nil {
				return fmt.Errorf("read the names of areas: %w", err)
			}
			for _, row := range rows {
				out[row.Code] = row.Name.V
			}
		}
		return nil
	})
	return out, err
}
