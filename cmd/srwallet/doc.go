// Command srwallet is the reference wallet: it takes a credential offer, keeps
// keys and credentials in a folder, and says in plain words what it does.
//
// It goes every way of OpenID4VCI 1.0 (Final) by internal/vciclient: offers and
// its own requests, pre-authorized codes and the browser, DPoP, client
// authentication, encryption, copies, issuing later, notification, refresh tokens,
// signed metadata. What came it checks here, in every format: dc+sd-jwt, ldp_vc,
// jwt_vc_json and mso_mdoc. It takes nothing on trust that the specification lets
// it check, and it shares no protocol code with the issuer, so that one misreading
// cannot pass on both sides.
//
// What came is on disk before it is checked. Only what is found wrong is removed;
// what could not be checked stays in a folder unchecked-*, which is not listed.
//
// It does not present credentials, and its keys are protected by file modes
// alone: it is for the demo, the tests and integrators, not for people.
package main
