package main

import (
	"context"
	"errors"

	"socialregistry/internal/jose"
	"socialregistry/internal/vciclient"
)

// inspectJWT checks a W3C credential of data model 1.1 as a JWT (VCDM 1.1 §6.3.1).
func (w *wallet) inspectJWT(ctx context.Context, i *vciclient.Issuer, c vciclient.Configuration, key *vciclient.Key, token string) error {
	claims, err := jwtClaims(token)
	if err != nil {
		return err
	}
	vc, _ := claims["vc"].(map[string]any)
	switch {
	case !hasAll(texts(vc["type"]), c.Definition.Type):
		return errors.New("it has not the types of the offered configuration")
	case claims["sub"] != key.ID:
		return errNotBound
	}
	issuer, err := w.didIssuer(ctx, i, claims["iss"])
	if err != nil {
		return err
	}
	return w.genuine([]byte(token), issuer, nil)
}

func jwtClaims(token string) (map[string]any, error) {
	payload, err := jose.Payload(token)
	if err != nil {
		return nil, err
	}
	return jose.DecodeObject(payload)
}

// jwtDetails are the claims about the holder.
func jwtDetails(token string) (map[string]any, error) {
	claims, err := jwtClaims(token)
	if err != nil {
		return nil, err
	}
	vc, _ := claims["vc"].(map[string]any)
	subject, _ := vc["credentialSubject"].(map[string]any)
	return subject, nil
}
