package vci_test

import (
	"context"
	"testing"

	"socialregistry/internal/fault"
	"socialregistry/issuer/ledger"
)

// Row 66 by policy: what is suspended while its consent is withdrawn is valid never
// again; where the policy keeps it, it is restored.
func TestRow66SuspendedOutlivesNoConsent(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		ctx := context.Background()
		id, c := s.person(), s.client("wallet-1")
		if a := c.askAs(c.tokens(id)["access_token"].(string), "credential_configuration_id", sd); a.status != 200 {
			t.Fatalf("credential: %d %s", a.status, a.body)
		}
		issued, err := s.issuer.Issued(ctx, s.self(id), id)
		s.must(err)
		consents, err := s.issuer.Consents(ctx, s.self(id), id)
		s.must(err)
		one := issued[0].ID
		s.configure(sd, object{"consent_end": "withdraw"})
		s.must(s.issuer.Suspend(ctx, s.admin, one, "lost"))
		s.must(s.issuer.Restore(ctx, s.admin, one, "found")) // the consent stands
		s.must(s.issuer.Suspend(ctx, s.admin, one, "lost"))
		s.must(s.issuer.WithdrawConsent(ctx, s.self(id), id, consents[0].ID))
		if err := s.issuer.Restore(ctx, s.admin, one, "found"); fault.KindOf(err) != fault.Conflict || fault.CodeOf(err) != "consent_withdrawn" {
			t.Errorf("restored: %v, want Conflict consent_withdrawn", err)
		}
		if issued, err = s.issuer.Issued(ctx, s.self(id), id); err != nil || issued[0].State != string(ledger.Suspended) {
			t.Errorf("%+v, %v, want it suspended", issued, err)
		}
		s.configure(sd, object{"consent_end": "keep"})
		s.must(s.issuer.Restore(ctx, s.admin, one, "found"))
		s.configure(sd, object{"consent_end": "withdraw"})
		s.must(s.issuer.Withdraw(ctx, s.admin, one, "the consent is over"))
		if err := s.issuer.Restore(ctx, s.admin, one, "found"); fault.CodeOf(err) != "not_suspended" {
			t.Errorf("after it was withdrawn: %v, want not_suspended", err)
		}
	})
}
