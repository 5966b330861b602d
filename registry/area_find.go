package registry

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"
)

// namedLike holds for the areas whose code or one of whose names is like a text.
func namedLike(dialect string) string {
	names := "jsonb_each_text(area.name) AS n (lang, value)"
	if dialect == "sqlite" {
		names = "json_each(area.name) AS n"
	}
	return `(lower(code) LIKE lower(?) ESCAPE '!' OR EXISTS (SELECT 1 FROM ` + names + ` WHERE lower(n.value) LIKE lower(?) ESCAPE '!'))`
}

// likePart is the pattern of what has a text in it.
func likePart(text string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.TrimSpace(text)) + "%"
}

// StaffOfAreas counts the open accounts with a role that holds in just this area, and
// so in all below it, by code. It returns Forbidden.
func (r *Registry) StaffOfAreas(ctx context.Context, a Actor, codes []string) (map[string]int, error) {
	if err := a.check(toReadStaff); err != nil {
		return nil, err
	}
	out := make(map[string]int, len(codes))
	if len(codes) == 0 {
		return out, nil
	}
	var rows []struct {
		Area string `gorm:"column:area"`
		N    int    `gorm:"column:n"`
	}
	err := r.db.Read(ctx, func(tx *gorm.DB) error {
		return tx.Raw(`SELECT g.area, count(DISTINCT g.account_id) AS n FROM role_assignment g JOIN account a ON a.id = g.account_id
			WHERE g.area IN ? AND a.disabled_at IS NULL GROUP BY g.area`, codes).Scan(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("count the staff of areas: %w", err)
	}
	for _, row := range rows {
		out[row.Area] = row.N
	}
	return out, nil
}
