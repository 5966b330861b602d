// Package verify checks a credential without a network: bytes, a trust bundle
// and a time go in, one named outcome and the list of what was checked come out.
//
// It knows two formats: dc+sd-jwt (RFC 9901, SD-JWT VC) and ldp_vc (VCDM 2.0 with
// eddsa-rdfc-2022). Issuers and their keys, status lists and further JSON-LD
// contexts come from the bundle, and from nowhere else. It does not check who
// holds the credential, and nothing that it says is about a person's record now:
// a status list is as old as the bundle.
package verify
