// Command srwallet is the reference wallet: it takes a credential offer, keeps
// keys and credentials in a folder, and says in plain words what it does.
//
// It implements the wallet's side of OpenID4VCI 1.0 (Final): offer by value and
// by reference, pre-authorized code with and without transaction code, nonce,
// proof by JWT, immediate issuance of dc+sd-jwt and ldp_vc. It takes nothing on
// trust that the specification lets it check, and it shares no protocol code
// with the issuer, so that one misreading cannot pass on both sides.
//
// What came is on disk before it is checked. Only what is found wrong is removed;
// what could not be checked stays in a folder unchecked-*, which is not listed.
//
// It does not present credentials, and its keys are protected by file modes
// alone: it is for the demo, the tests and integrators, not for people.
package main
