// Command srverify checks credentials against a trust bundle, without a network
// and without a database. What it says and how it ends is documented by
// srverify --help; what is checked, in issuer/verify.
package main
