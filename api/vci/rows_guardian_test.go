package vci_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oauth"
	"socialregistry/registry"
)

const household = "SocialRegistryHousehold_dc_sd_jwt"

// child is somebody whose details are attested, with a guardian.
func (s *service) child(name, born string, guardian uuid.UUID) uuid.UUID {
	s.t.Helper()
	ctx := context.Background()
	p, err := s.registry.Register(ctx, s.admin, registry.Change{Set: map[string]string{"given_name": name, "family_name": "Okonjo", "birth_date": born}})
	s.must(err)
	s.decide(p.ID, registry.StateAttested, "given_name", "family_name", "birth_date")
	_, err = s.registry.AddGuardian(ctx, s.admin, p.ID, registry.GuardianChange{Guardian: guardian, From: "2026-11-01", Reason: "court order"})
	s.must(err)
	return p.ID
}

// dismiss takes a guardianship back.
func (s *service) dismiss(ward, guardian uuid.UUID) {
	s.t.Helper()
	k, err := s.registry.Kinship(context.Background(), s.admin, ward)
	s.must(err)
	_, err = s.registry.RemoveGuardian(context.Background(), s.admin, ward,
		registry.GuardianChange{Guardian: guardian, From: "2026-11-01", Reason: "an error", Expect: k.ChainNo})
	s.must(err)
}

// shown is what a person sees who is sent by the wallet and chooses a record; zero:
// none.
func (c *client) shown(self registry.Actor, about uuid.UUID, pairs ...string) (issuer.Authorization, error) {
	c.s.t.Helper()
	decision, err := c.s.issuer.BeginAuthorization(context.Background(), c.query(c.requestURI(pairs...)))
	c.s.must(err)
	return c.s.issuer.AuthorizationAbout(context.Background(), self, decision, about)
}

// codeFor agrees to what was shown.
func (c *client) codeFor(self registry.Actor, shown issuer.Authorization) url.Values {
	c.s.t.Helper()
	location, err := c.s.issuer.Decide(context.Background(), self, shown.Decision, true)
	c.s.must(err)
	u, err := url.Parse(location)
	c.s.must(err)
	return u.Query()
}

// tokensFor gives the answer to an authorization about a record.
func (c *client) tokensFor(self registry.Actor, about uuid.UUID, pairs ...string) object {
	c.s.t.Helper()
	shown, err := c.shown(self, about, pairs...)
	c.s.must(err)
	a := c.redeem(c.codeFor(self, shown).Get("code"))
	if a.status != 200 {
		c.s.t.Fatalf("token: %d %s", a.status, a.body)
	}
	return c.s.json(a)
}

// choices are the records that a person may choose, by their ids.
func choices(a issuer.Authorization) map[uuid.UUID]bool {
	out := map[uuid.UUID]bool{}
	for _, r := range a.Choices {
		out[r.RegistrantID] = true
	}
	return out
}

// A guardian lets a wallet have a ward's credential, by a flow that the wallet began:
// the record that was shown and no other, with a consent of its own, and refreshed as
// long as the guardianship lasts (row 70).
func TestRow70ConsentForAWard(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		ctx, c := context.Background(), s.client("wallet-1")
		self, other := s.self(s.person()), s.self(s.person())
		ward, stranger := s.child("Ibou", "2019-04-05", self.RegistrantID), s.child("Awa", "2019-04-05", other.RegistrantID)
		shown, err := c.shown(self, uuid.Nil)
		s.must(err)
		if got := choices(shown); len(got) != 2 || !got[ward] || shown.About != self.RegistrantID {
			t.Errorf("choices %v about %v, want the own record first, and the ward's", got, shown.About)
		}
		for name, id := range map[string]uuid.UUID{"somebody else's ward": stranger, "nobody": uuid.New()} {
			if _, err := c.shown(self, id); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s: %v, want NotFound", name, err)
			}
		}
		got := c.tokensFor(self, ward)
		access, refresh := got["access_token"].(string), got["refresh_token"].(string)
		if claims := s.claims(c.askAs(access, "credential_configuration_id", sd)); claims["given_name"] != "Ibou" {
			t.Errorf("claims %v, want the ward's", claims)
		}
		consents, err := s.issuer.Consents(ctx, self, self.RegistrantID)
		s.must(err)
		if len(consents) != 1 || consents[0].RegistrantID != ward || consents[0].RepresentativeID != self.RegistrantID {
			t.Errorf("consents %+v", consents)
		}
		if a := c.refresh(refresh); a.status != 200 {
			t.Errorf("refresh: %d %s", a.status, a.body)
		} else if claims := s.claims(c.askAs(s.json(a)["access_token"].(string), "credential_configuration_id", sd)); claims["given_name"] != "Ibou" {
			t.Errorf("after a refresh: %v", claims)
		}
		waiting, err := c.shown(self, ward)
		s.must(err)
		late, err := c.shown(self, ward)
		s.must(err)
		code := c.codeFor(self, waiting).Get("code")
		s.dismiss(ward, self.RegistrantID)
		if q := c.codeFor(self, late); q.Get("error") != oauth.CodeAccessDenied {
			t.Errorf("ended before the consent: %v", q)
		}
		s.refused("ended before the token", c.redeem(code), 400, "invalid_grant")
		s.refused("ended before the credential", c.askAs(access, "credential_configuration_id", sd), 400, "credential_request_denied")
		s.refused("ended before the refresh", c.refresh(refresh), 400, "invalid_grant")
		s.must(s.issuer.WithdrawConsent(ctx, self, self.RegistrantID, consents[0].ID)) // who gave it, takes it back
	})
}

// A ward comes of age, and a member leaves the household, after the wallet got its
// tokens (row 70).
func TestRow70OfAgeAndOutOfTheHousehold(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		ctx, c := context.Background(), s.client("wallet-1")
		self, heir := s.self(s.person()), s.person()
		ward := s.child("Ibou", "2008-11-23", self.RegistrantID)
		got := c.tokensFor(self, ward)
		s.clock.pass(13*time.Hour + 29*time.Minute)
		if a := c.refresh(got["refresh_token"].(string)); a.status != 200 {
			t.Fatalf("on the last day: %d %s", a.status, a.body)
		} else {
			got["access_token"] = s.json(a)["access_token"]
		}
		s.clock.pass(time.Minute)
		s.refused("a credential of somebody who came of age", c.askAs(got["access_token"].(string), "credential_configuration_id", sd), 400, "credential_request_denied")
		s.refused("a refresh for somebody who came of age", c.refresh(got["refresh_token"].(string)), 400, "invalid_grant")

		g, err := s.registry.CreateGroup(ctx, s.admin, registry.HouseholdKind, registry.Change{Set: map[string]string{"group_address": "Street 5"}, Reason: "test"},
			[]registry.NewMember{{MemberID: self.RegistrantID, Role: registry.HeadRole, Start: "2026-01-01"}, {MemberID: heir, Role: "child", Start: "2026-01-01"}})
		s.must(err)
		s.must(s.registry.Attest(ctx, s.admin, g.ID, g.VersionNo, []registry.Decision{{Field: "group_address", State: registry.StateAttested, Comment: "seen"}}))
		shown, err := c.shown(self, uuid.Nil, "scope", household)
		s.must(err)
		if shown.About != g.ID || len(shown.Choices) != 1 {
			t.Errorf("about %v, %v; want the household alone", shown.About, choices(shown))
		}
		got = c.tokensFor(self, uuid.Nil, "scope", household)
		if a := c.askAs(got["access_token"].(string), "credential_configuration_id", household); a.status != 200 {
			t.Errorf("the head: %d %s", a.status, a.body)
		}
		s.must(s.registry.EndMembership(ctx, s.admin, g.ID, registry.MembershipEnd{MemberID: self.RegistrantID, Seq: 1, NextHead: heir, Reason: "moved"}))
		s.refused("after leaving", c.askAs(got["access_token"].(string), "credential_configuration_id", household), 400, "credential_request_denied")
		s.refused("a refresh after leaving", c.refresh(got["refresh_token"].(string)), 400, "invalid_grant")
	})
}

// stateBy makes an offer about a record, and gives the issuer_state in it.
func (s *service) stateBy(by registry.Actor, record uuid.UUID) string {
	s.t.Helper()
	o, err := s.issuer.MakeOffer(context.Background(), by, issuer.NewOffer{RegistrantID: record, ConfigIDs: []string{sd}, GrantTypes: []ledger.GrantKind{ledger.AuthorizationCode}})
	s.must(err)
	return s.json(s.do("GET", "/oid4vci/offers/"+o.ID, "", ""))["grants"].(object)["authorization_code"].(object)["issuer_state"].(string)
}

// An offer about a ward can be agreed to behind any number of other wards, of whom the
// choice without an offer shows but so many.
func TestOfferAboutTheLastOfManyWards(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		c, self := s.client("wallet-1"), s.self(s.person())
		s.must(s.db.Transaction(func(tx *gorm.DB) error {
			for n := range 100 { // before the ward, in the order of ids
				id, now := uuid.UUID{15: byte(n)}, db.TimeOf(s.clock.now())
				if err := tx.Exec(`INSERT INTO registrant (id, number, kind, status, version_no, latest_no, full_name_norm, extra, enc, times, vhash, hash_key_id, chain_head, chain_no, created_at, updated_at)
					VALUES (?, ?, 'person', 'ACTIVE', 1, 1, '', '{}', '{}', '{}', ?, '', ?, 1, ?, ?)`, id, id.String(), []byte{1}, []byte{1}, now, now).Error; err != nil {
					return err
				}
				if err := tx.Exec("INSERT INTO guardianship (registrant_id, guardian_id, valid_from, recorded_at) VALUES (?, ?, ?, ?)", id, self.RegistrantID, db.Date("2026-11-01"), now).Error; err != nil {
					return err
				}
			}
			return nil
		}))
		ward := s.child("Ibou", "2019-04-05", self.RegistrantID)
		shown, err := c.shown(self, uuid.Nil, "issuer_state", s.stateBy(s.admin, ward))
		s.must(err)
		if got := choices(shown); shown.About != ward || len(got) != 1 {
			t.Errorf("about %v of %v, want the ward alone", shown.About, got)
		}
		if q := c.codeFor(self, shown); q.Get("code") == "" {
			t.Errorf("no code: %v", q)
		}
	})
}

// An offer decides about whom, and for whom; a configuration may keep guardians out
// (row 19, row 70).
func TestRow70OffersAboutAWard(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		ctx, c := context.Background(), s.client("wallet-1")
		self, second := s.self(s.person()), s.self(s.person())
		ward := s.child("Ibou", "2019-04-05", self.RegistrantID)
		_, err := s.registry.AddGuardian(ctx, s.admin, ward, registry.GuardianChange{Guardian: second.RegistrantID, From: "2026-11-01", Reason: "court order"})
		s.must(err)
		shown, err := c.shown(self, uuid.Nil, "issuer_state", s.stateBy(s.admin, ward))
		s.must(err)
		if got := choices(shown); shown.About != ward || len(got) != 1 {
			t.Errorf("an offer of the office is about %v of %v, want the ward alone", shown.About, got)
		}
		if q := c.codeFor(self, shown); q.Get("code") == "" {
			t.Errorf("no code: %v", q)
		}
		shown, err = c.shown(second, uuid.Nil, "issuer_state", s.stateBy(self, ward))
		s.must(err)
		if q := c.codeFor(second, shown); len(shown.Choices) != 0 || q.Get("error") != oauth.CodeAccessDenied {
			t.Errorf("an offer to the other guardian: %v, choices %v", q, choices(shown))
		}
		s.configure(sd, object{"own_only": true})
		shown, err = c.shown(self, uuid.Nil)
		s.must(err)
		if got := choices(shown); len(got) != 1 || !got[self.RegistrantID] {
			t.Errorf("choices %v, want the own record alone", got)
		}
	})
}
