package main

import (
	"cmp"
	"context"
	"path/filepath"
	"strings"

	"socialregistry/registry"
)

// writeTemplate writes the headers of a file of one kind: to standard output, or
// into a new file.
func (c *importCmd) writeTemplate(ctx context.Context, a *app) error {
	return a.withRegistry(ctx, mustBeThere, func(r *registry.Registry) error {
		format := "csv"
		if strings.EqualFold(filepath.Ext(c.File), ".xlsx") {
			format = "xlsx"
		}
		out, done, err := a.create(cmp.Or(c.File, "-"))
		if err != nil {
			return err
		}
		return done(r.WriteImportTemplate(ctx, commandLine(), c.Template, "", format, out))
	})
}
