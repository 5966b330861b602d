package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"socialregistry/internal/fault"
)

func TestKindAndCodeSeeThroughWrapping(t *testing.T) {
	t.Parallel()
	cause := errors.New("row 7: Amina")
	err := fmt.Errorf("edit person: %w", fault.Wrap(fault.Conflict, "version_conflict", "Somebody else changed this.", cause))
	if got := fault.KindOf(err); got != fault.Conflict {
		t.Errorf("kind = %v, want Conflict", got)
	}
	if got := fault.CodeOf(err); got != "version_conflict" {
		t.Errorf("code = %q, want version_conflict", got)
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
}

func TestUnclassifiedIsInternal(t *testing.T) {
	t.Parallel()
	for _, err := range []error{errors.New("boom"), &fault.Error{Code: "leaky", Detail: "secret"}} {
		if fault.KindOf(err) != fault.Internal || fault.CodeOf(err) != "internal_error" {
			t.Errorf("%v: kind %v code %q, want internal", err, fault.KindOf(err), fault.CodeOf(err))
		}
	}
}

func TestKindsListsEveryKindOnce(t *testing.T) {
	t.Parallel()
	for i, k := range fault.Kinds() {
		if int(k) != i {
			t.Errorf("Kinds()[%d] = %d", i, k)
		}
	}
	if want := int(fault.Unavailable) + 1; len(fault.Kinds()) != want {
		t.Errorf("Kinds() has %d, want %d", len(fault.Kinds()), want)
	}
}
