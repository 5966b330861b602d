package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"socialregistry/internal/jose"
	"socialregistry/internal/vciclient"
)

// wallet takes credentials. Each step is said in plain words; no secret and no
// detail of the person ever is.
type wallet struct {
	client *vciclient.Client
	store  *store
	ways   ways
}

// ways is how the wallet goes about it, beyond what the issuer decides.
type ways struct {
	open     func(ctx context.Context, address string) (callback *url.URL, err error) // the browser's step
	provider *vciclient.Provider                                                      // attests keys, nil for none
	dpop     crypto.Signer                                                            // offered to the server, nil for bearer tokens only
	anchors  string                                                                   // CAs of mobile documents in PEM, "" for none
	byScope  bool
	copies   int
	wait     time.Duration // for what is issued later
}

// source is an issuer, its authorization server, and leave to take credentials.
type source struct {
	issuer *vciclient.Issuer
	server *vciclient.Server
	token  *vciclient.Token
}

// accept takes everything that an offer offers. What was kept before an error
// is returned with it.
func (w *wallet) accept(ctx context.Context, link, txCode string) ([]kept, error) {
	o, err := w.client.ReadOffer(ctx, link)
	if err != nil {
		return nil, err
	}
	w.client.Say("%s offers: %s", o.Issuer, strings.Join(o.Configurations, ", "))
	if g := o.Grants.PreAuthorized; g != nil {
		if err := g.CheckTxCode(txCode); err != nil {
			return nil, err
		}
	}
	s, err := w.find(ctx, o.Issuer, o.Configurations, o.AuthorizationServer())
	if err != nil {
		return nil, err
	}
	if s.token, err = w.access(ctx, s, o, txCode); err != nil {
		return nil, err
	}
	return w.takeAll(ctx, s, o.Configurations)
}

// request asks an issuer for credentials that nobody offered (OID4VCI 1.0 §5:
// the wallet begins).
func (w *wallet) request(ctx context.Context, issuer string, configurations []string) ([]kept, error) {
	s, err := w.find(ctx, issuer, configurations, "")
	if err != nil {
		return nil, err
	}
	if s.token, err = w.browse(ctx, s, configurations, ""); err != nil {
		return nil, err
	}
	return w.takeAll(ctx, s, configurations)
}

// find reads how the issuer and its authorization server work.
func (w *wallet) find(ctx context.Context, issuer string, configurations []string, server string) (*source, error) {
	i, err := w.client.ReadIssuer(ctx, issuer, configurations)
	if err != nil {
		return nil, err
	}
	s, err := w.client.ReadServer(ctx, i, server)
	if err != nil {
		return nil, err
	}
	if w.ways.dpop != nil && slices.Contains(s.DPoPAlgs, jose.ES256) { // RFC 9449 §5.1
		w.client.DPoP = w.ways.dpop
	}
	return &source{issuer: i, server: s}, nil
}

// access gets an access token by what the offer grants: the code that is already
// good, if there is one, else over the browser.
func (w *wallet) access(ctx context.Context, s *source, o *vciclient.Offer, txCode string) (*vciclient.Token, error) {
	if g := o.Grants.PreAuthorized; g != nil {
		if err := w.client.TakesPreAuthorized(s.server); err != nil {
			return nil, fmt.Errorf("metadata of %s: %w", s.server.ID, err)
		}
		return w.client.Redeem(ctx, s.server, g, txCode)
	}
	return w.browse(ctx, s, o.Configurations, o.Grants.Code.IssuerState)
}

// browse gets an access token with the person's consent, given in a browser.
func (w *wallet) browse(ctx context.Context, s *source, configurations []string, issuerState string) (*vciclient.Token, error) {
	if w.client.ID == "" {
		return nil, errors.New("the way over the browser is for wallets that the issuer knows: give --client-id")
	}
	a, err := w.client.Push(ctx, s.issuer, s.server, vciclient.AuthorizationRequest{Configurations: configurations, ByScope: w.ways.byScope, IssuerState: issuerState})
	if err != nil {
		return nil, err
	}
	back, err := w.ways.open(ctx, a.URL)
	if err != nil {
		return nil, err
	}
	code, err := a.Code(back)
	if err != nil {
		return nil, err
	}
	return w.client.Exchange(ctx, a, code)
}

// takeAll takes one credential of each configuration, or as many copies as asked.
func (w *wallet) takeAll(ctx context.Context, s *source, configurations []string) ([]kept, error) {
	var all []kept
	for _, id := range configurations {
		some, err := w.take(ctx, s, id)
		all = append(all, some...)
		if err != nil {
			return all, fmt.Errorf("%s: %w", id, err)
		}
	}
	return all, nil
}
