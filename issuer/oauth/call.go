package oauth

// Call is what the checks of this package need of an HTTP request. URL is the
// endpoint's own public URL, without query: it comes from the configuration,
// never from the Host header of the request. The others are the values of the
// header fields, each as often as it was sent.
type Call struct {
	Method, URL          string
	Authorization        []string
	DPoP                 []string // RFC 9449 §4.1
	ClientAttestation    []string // OAuth-Client-Attestation
	ClientAttestationPoP []string // OAuth-Client-Attestation-PoP
}
