package registry_test

import (
	"testing"

	"socialregistry/registry"
)

func TestAreaNamesAreFoundByCode(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		x.areas(t, country)
		names, err := x.AreaNames(t.Context(), []string{"NL-W", "West", "NL-X", "' OR 1=1", ""})
		if err != nil || len(names) != 1 || names["NL-W"]["ar"] != "غرب" {
			t.Errorf("%v, %v", names, err)
		}
		if !registry.NamesArea("region") || registry.NamesArea("locality") {
			t.Error("another field names areas")
		}
	})
}
