// Package verify checks a credential without a network: bytes, a trust bundle
// and a time go in, one named outcome and the list of what was checked come out.
//
// It knows five formats: dc+sd-jwt (RFC 9901, SD-JWT VC), ldp_vc (VCDM 2.0 with
// eddsa-rdfc-2022 or ecdsa-rdfc-2019), jwt_vc_json (VCDM 1.1 with a vc claim),
// mso_mdoc (ISO/IEC 18013-5, the issuer's part) and claim169 (the code on paper).
// Each is read at bounded cost: bytes, depth, members, inflated bytes and work of
// canonicalisation. Issuers with their keys and
// anchors, status lists and further JSON-LD contexts come from the bundle, and from
// nowhere else. Who holds the credential is checked only where VerifyHeld asked for a
// proof and an SD-JWT VC has one. Nothing that it says is about a person's record now:
// a status list is as old as the bundle. The time is the caller's to give: a bundle was not
// made in the future, so take the later of the clock and its Created.
//
// It can be imported by its published path once the module has one. Until then a module
// of your own takes it from a checkout of the source:
//
//	go mod edit -require=socialregistry@v0.0.0 -replace=socialregistry=FOLDER
//	go mod tidy
package verify
