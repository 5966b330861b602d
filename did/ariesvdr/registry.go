package ariesvdr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hyperledger/aries-framework-go/pkg/doc/did"
	vdrapi "github.com/hyperledger/aries-framework-go/pkg/framework/aries/api/vdr"
	"github.com/hyperledger/aries-framework-go/pkg/vdr"
	"github.com/hyperledger/aries-framework-go/pkg/vdr/key"
	"github.com/hyperledger/aries-framework-go/pkg/vdr/web"
)

// Limits in bytes. Decoding base58 takes quadratic time, so did:key has its own.
const (
	maxDID    = 2048
	maxDIDKey = 128
)

// What can go wrong; neither ever quotes the document.
var (
	ErrNotFound = errors.New("ariesvdr: DID cannot be resolved")
	ErrBlocked  = errors.New("ariesvdr: DID points to a place that is not allowed")
)

// Method is one verification method that a DID's subject may sign with. Either
// JWK or Raw is set. Raw is the key as its Type encodes it, for Multikey and
// the 2020 types with the multicodec prefix.
type Method struct {
	ID   string // DID URL with fragment
	Type string
	JWK  map[string]any
	Raw  []byte
}

// Registry resolves DIDs. It holds no state and is safe for concurrent use.
type Registry struct {
	aries *vdr.Registry
	hosts []string
	base  http.RoundTripper
	wait  time.Duration
}

// New makes a registry. webHosts lists the hosts, with port if it is not 443,
// whose did:web documents may be fetched; none listed, none fetched.
func New(webHosts []string) *Registry {
	return &Registry{
		aries: vdr.New(vdr.WithVDR(key.New()), vdr.WithVDR(web.New()), vdr.WithVDR(jwkVDR{})),
		hosts: webHosts,
		base:  guardedTransport(),
		wait:  fetchTime,
	}
}

// Resolve gives the verification methods of a DID that stand for
// authentication or assertionMethod. didID must already have the syntax of DID
// Core §3.1. It returns ErrNotFound, or ErrBlocked for a did:web host that is
// not listed or a private address.
func (r *Registry) Resolve(ctx context.Context, didID string) ([]Method, error) {
	if len(didID) > maxDID || strings.HasPrefix(didID, "did:key:") && len(didID) > maxDIDKey {
		return nil, fmt.Errorf("%w: too long", ErrNotFound)
	}
	var opts []vdrapi.DIDMethodOption
	if strings.HasPrefix(didID, "did:web:") {
		if !slices.Contains(r.hosts, webHost(didID)) {
			return nil, fmt.Errorf("%w: host is not on the list", ErrBlocked)
		}
		bounded, cancel := context.WithTimeout(ctx, r.wait)
		defer cancel()
		opts = append(opts, vdrapi.WithOption(web.HTTPClientOpt, fetchClient(bounded, r.base)))
	}
	doc, err := r.read(didID, opts)
	if err != nil {
		return nil, err
	}
	return signingMethods(doc)
}

// read asks aries. Its parsers panic on some malformed keys (a multicodec
// prefix that overflows, for one); that must stay a DID that is not found.
func (r *Registry) read(didID string, opts []vdrapi.DIDMethodOption) (doc *did.Doc, err error) {
	defer func() {
		if p := recover(); p != nil {
			doc, err = nil, fmt.Errorf("%w: aries panicked", ErrNotFound)
		}
	}()
	res, err := r.aries.Resolve(didID, opts...)
	if errors.Is(err, ErrBlocked) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, innermost(err))
	}
	if res == nil || res.DIDDocument == nil || res.DIDDocument.ID != didID { // aries compares no id
		return nil, fmt.Errorf("%w: the document is of another DID", ErrNotFound)
	}
	return res.DIDDocument, nil
}

// innermost gives the first cause in a few words: the layers above it quote
// whole documents.
func innermost(err error) string {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	words := err.Error()
	return words[:min(len(words), 120)]
}

// signingMethods keeps each method of authentication and assertionMethod once.
func signingMethods(doc *did.Doc) ([]Method, error) {
	var out []Method
	for _, v := range slices.Concat(doc.Authentication, doc.AssertionMethod) {
		vm := v.VerificationMethod
		if slices.ContainsFunc(out, func(m Method) bool { return m.ID == vm.ID }) {
			continue
		}
		m := Method{ID: vm.ID, Type: vm.Type, Raw: vm.Value}
		if j := vm.JSONWebKey(); j != nil {
			raw, err := j.MarshalJSON()
			if err != nil {
				return nil, fmt.Errorf("%w: key as JSON: %w", ErrNotFound, err)
			}
			m.Raw = nil
			if err := json.Unmarshal(raw, &m.JWK); err != nil {
				return nil, fmt.Errorf("%w: key as JSON: %w", ErrNotFound, err)
			}
		}
		out = append(out, m)
	}
	return out, nil
}
