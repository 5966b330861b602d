// Package sdjwt makes and checks SD-JWTs: signed claims of which the holder
// shows only those that are asked for.
//
// It implements RFC 9901 (Selective Disclosure for JWTs) in the form of SD-JWT
// VC (draft-ietf-oauth-sd-jwt-vc, media type dc+sd-jwt): claims, members of objects
// and elements of arrays can be disclosed on their own, and decoys hide how many
// there are. It answers whether a key signed the claims and whether each disclosure
// belongs to them. Who the issuer is, dates and status are asked in issuer/verify; a
// key binding JWT is kept, not checked.
package sdjwt
