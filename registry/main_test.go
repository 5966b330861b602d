package registry_test

import (
	"testing"

	"socialregistry/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }
