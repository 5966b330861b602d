package conformance_test

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"slices"
	"testing"
	"time"
)

// Versions as they stand in a hello, and types of records (RFC 5246 §6.2.1, §7.4).
const (
	ssl30 = 0x0300

	recordAlert     = 21
	recordHandshake = 22
	helloOfServer   = 2
)

// testTLS: FAPI 2.0 §5.2.2, RFC 9325: TLS 1.2 with ECDHE and AES-GCM alone, TLS 1.3,
// and nothing older. Hellos up to TLS 1.2 are written out as bytes.
func testTLS(r *run) {
	ours := []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384}
	for _, version := range []uint16{ssl30, tls.VersionTLS10, tls.VersionTLS11} {
		if a := r.suite.greet(r.T, version, slices.Concat(ours, oldSuites())); a.record != recordAlert {
			r.Errorf("version %04x is not refused: %+v", version, a)
		}
	}
	for _, suite := range ours {
		if a := r.suite.greet(r.T, tls.VersionTLS12, []uint16{suite}); a.record != recordHandshake || a.version != tls.VersionTLS12 || a.suite != suite {
			r.Errorf("TLS 1.2 with %s: %+v", tls.CipherSuiteName(suite), a)
		}
	}
	for _, suite := range oldSuites() {
		if a := r.suite.greet(r.T, tls.VersionTLS12, []uint16{suite}); a.record != recordAlert {
			r.Errorf("TLS 1.2 with %s is not refused: %+v", tls.CipherSuiteName(suite), a)
		}
	}
	modern := r.suite.tls()
	modern.MinVersion = tls.VersionTLS13
	connection, err := tls.Dial("tcp", r.suite.host(r.T), modern)
	must(r, err)
	must(r, connection.Close())
}

// oldSuites are suites that FAPI 2.0 does not let anybody offer: all others of TLS 1.2
// that Go knows, and of those that it does not, a few of each kind (RFC 9325 §4.1).
func oldSuites() []uint16 {
	old := []uint16{
		0x0000, 0x0001, 0x003B, // no encryption
		0x0018, 0x0034, 0x006D, // anonymous
		0x0009, 0x0015, // DES
		0x0033, 0x0039, 0x0067, 0x009E, 0x009F, // DHE
	}
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		allowed := s.ID == tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 || s.ID == tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
		if !allowed && slices.Contains(s.SupportedVersions, tls.VersionTLS12) {
			old = append(old, s.ID)
		}
	}
	return old
}

// greeting is how a server answers a hello.
type greeting struct {
	record         byte
	version, suite uint16 // of its own hello
}

func (s *suite) host(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(s.url)
	must(t, err)
	return u.Host
}

// greet sends one hello and reads the first record of the answer.
func (s *suite) greet(t *testing.T, version uint16, suites []uint16) greeting {
	t.Helper()
	connection, err := net.Dial("tcp", s.host(t))
	must(t, err)
	defer connection.Close()
	must(t, connection.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = connection.Write(hello(version, suites))
	must(t, err)
	head := make([]byte, 5)
	_, err = io.ReadFull(connection, head)
	must(t, err)
	body := make([]byte, binary.BigEndian.Uint16(head[3:]))
	_, err = io.ReadFull(connection, body)
	must(t, err)
	a := greeting{record: head[0]}
	const session = 4 + 2 + 32 // before it: header, version, random (RFC 5246 §7.4.1.3)
	if a.record != recordHandshake || body[0] != helloOfServer {
		return a
	}
	a.version = binary.BigEndian.Uint16(body[4:])
	a.suite = binary.BigEndian.Uint16(body[session+1+int(body[session]):])
	return a
}

// hello is a ClientHello in its record (RFC 5246 §7.4.1.2), with P-256 and the
// signatures of TLS 1.2, and without supported_versions: the version counts.
func hello(version uint16, suites []uint16) []byte {
	body := binary.BigEndian.AppendUint16(nil, version)
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	body = append(append(body, random...), 0)
	var list []byte
	for _, id := range suites {
		list = binary.BigEndian.AppendUint16(list, id)
	}
	body = append(prefixed(body, list), 1, 0) // no compression
	extensions := []byte{
		0, 10, 0, 4, 0, 2, 0, 23, // supported_groups: P-256
		0, 11, 0, 2, 1, 0, // ec_point_formats: uncompressed
		0, 13, 0, 8, 0, 6, 4, 3, 4, 1, 2, 3, // signature_algorithms: ECDSA and RSA with SHA-256, ECDSA with SHA-1
	}
	body = prefixed(body, extensions)
	message := append([]byte{1, 0}, prefixed(nil, body)...)
	return prefixed([]byte{recordHandshake, 3, 1}, message)
}

// prefixed appends a list after its length in bytes.
func prefixed(b, list []byte) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(list))), list...)
}
