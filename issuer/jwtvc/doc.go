// Package jwtvc makes and reads verifiable credentials as JSON Web Tokens with a
// vc claim: jwt_vc_json of OID4VCI 1.0 appendix A.1.1.
//
// It implements Verifiable Credentials Data Model 1.1 §6.3.1, which is what
// wallets mean by that name: a payload of data model 2.0 is refused by them. What
// the registered claims say (iss, sub, jti, nbf, exp) stands there and not in vc
// again. It knows no keys of issuers and no status lists.
package jwtvc
