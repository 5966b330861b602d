package conformance_test

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"io"
	"slices"
	"strings"

	"socialregistry/internal/jose"
)

// reference is where the status of a credential stands (Token Status List §6).
type reference struct {
	uri string
	idx int
}

// statusOf is what a credential says of its status: each one here says it.
func statusOf(r *run, credential string) reference {
	r.Helper()
	if r.variant.format == sdjwt {
		status, _ := payloadOf(r, strings.Split(credential, "~")[0])["status"].(map[string]any)
		list, _ := status["status_list"].(map[string]any)
		uri, _ := list["uri"].(string)
		idx, _ := list["idx"].(float64)
		return reference{uri, int(idx)}
	}
	content := mdocOf(r, credential)
	if content.Status == nil {
		r.Fatal("the mdoc has no status")
	}
	return reference{content.Status.URI, int(content.Status.Index)}
}

// checkStatus fetches the status list as the suite does: the media type that was asked
// for, the explicit type, the own address as sub, a signature by x5c (HAIP §6.1), and
// an entry that says valid.
func checkStatus(r *run, credential string) {
	r.Helper()
	const media = "application/statuslist+jwt"
	ref := statusOf(r, credential)
	a, err := r.client.Get(r.Context(), ref.uri, media)
	must(r, err)
	if a.Status != 200 || a.Header.Get("Content-Type") != media {
		r.Fatalf("%s: %d %s", ref.uri, a.Status, a.Header.Get("Content-Type"))
	}
	header, err := jose.Header(string(a.Body))
	must(r, err)
	_, err = jose.Verify(string(a.Body), leafKey(r, header), jose.ES256)
	must(r, err)
	claims := payloadOf(r, string(a.Body))
	if header["typ"] != "statuslist+jwt" || claims["sub"] != ref.uri || claims["iat"] == nil {
		r.Errorf("status list: typ %v, sub %v, iat %v", header["typ"], claims["sub"], claims["iat"])
	}
	list, _ := claims["status_list"].(map[string]any)
	if got := entry(r, list, ref.idx); got != 0 {
		r.Errorf("the status of a new credential is %d", got)
	}
}

// entry reads one status (§4.1): the first is in the lowest bits of the first byte.
func entry(r *run, list map[string]any, idx int) byte {
	r.Helper()
	bits, _ := list["bits"].(float64)
	text, _ := list["lst"].(string)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	must(r, err)
	inflater, err := zlib.NewReader(bytes.NewReader(raw))
	must(r, err)
	all, err := io.ReadAll(inflater)
	must(r, err)
	n := int(bits)
	if !slices.Contains([]int{1, 2, 4, 8}, n) || idx*n/8 >= len(all) {
		r.Fatalf("%d bits, entry %d of a list of %d bytes", n, idx, len(all))
	}
	return all[idx*n/8] >> (idx * n % 8) & (1<<n - 1)
}

// checkType fetches the type metadata of an SD-JWT VC (§6): the type's own name, and
// that what is never to be disclosed selectively stands in the clear, and what always
// is does not.
func checkType(r *run, credential string) {
	r.Helper()
	claims := payloadOf(r, strings.Split(credential, "~")[0])
	vct, _ := claims["vct"].(string)
	m := r.document(vct)
	if m["vct"] != vct {
		r.Errorf("type metadata of %s are about %v", vct, m["vct"])
	}
	list, _ := m["claims"].([]any)
	if len(list) == 0 {
		r.Errorf("type metadata of %s name no claims", vct)
	}
	for _, e := range list {
		c, _ := e.(map[string]any)
		path, _ := c["path"].([]any)
		if len(path) != 1 {
			continue
		}
		name, _ := path[0].(string)
		_, clear := claims[name]
		if c["sd"] == "always" && clear || c["sd"] == "never" && c["mandatory"] == true && !clear {
			r.Errorf("%s is to be disclosed %v, and stands in the clear: %v", name, c["sd"], clear)
		}
	}
}
