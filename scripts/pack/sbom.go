package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// The parts of CycloneDX 1.6 that are written (https://cyclonedx.org/docs/1.6/json/).
type (
	bom struct {
		Schema       string       `json:"$schema"`
		Format       string       `json:"bomFormat"`
		Spec         string       `json:"specVersion"`
		Serial       string       `json:"serialNumber"`
		Version      int          `json:"version"`
		Metadata     metadata     `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	metadata struct {
		Time      string    `json:"timestamp"`
		Component component `json:"component"`
	}
	component struct {
		Type       string     `json:"type"`
		Ref        string     `json:"bom-ref"`
		Name       string     `json:"name"`
		Version    string     `json:"version"`
		Hashes     []hash     `json:"hashes,omitempty"`
		Licences   []licence  `json:"licenses,omitempty"`
		PURL       string     `json:"purl,omitempty"`
		Evidence   *evidence  `json:"evidence,omitempty"`
		Properties []property `json:"properties,omitempty"`
	}
	hash struct {
		Alg     string `json:"alg"`
		Content string `json:"content"`
	}
	licence struct {
		Licence struct {
			ID string `json:"id"`
		} `json:"license"`
		Acknowledged string `json:"acknowledgement,omitempty"`
	}
	evidence struct {
		Licences []licence `json:"licenses"`
	}
	property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	dependency struct {
		Ref string   `json:"ref"`
		On  []string `json:"dependsOn,omitempty"`
	}
)

// sbom says what is linked into a program and carried by it. A licence that was found by
// its text is evidence, and not what the makers of the module declared in a form for
// machines.
func (p *program) sbom(at time.Time) ([]byte, error) {
	own := component{Type: "application", Ref: p.name, Name: p.name, Version: p.version, Licences: []licence{licenceOf("Apache-2.0")}}
	if p.goVersion != "" { // a folder is no single file with a hash
		own.Hashes = []hash{{"SHA-256", hex.EncodeToString(p.sum[:])}}
		own.Properties = []property{{"go:version", p.goVersion}, {"go:os", p.os}, {"go:arch", p.arch}}
	}
	if p.revision != "" {
		own.Properties = append(own.Properties, property{"vcs:revision", p.revision})
	}
	out := bom{Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", Format: "CycloneDX", Spec: "1.6", Serial: serial(p.sum), Version: 1,
		Metadata: metadata{at.Format(time.RFC3339), own}}
	top := dependency{Ref: own.Ref}
	for _, m := range p.modules {
		c := m.component()
		out.Components = append(out.Components, c)
		top.On = append(top.On, c.Ref)
	}
	out.Dependencies = []dependency{top}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err := enc.Encode(out)
	return b.Bytes(), err
}

func (m module) component() component {
	if m.npm {
		return m.npmComponent()
	}
	c := component{Type: "library", Name: m.path, Version: m.version,
		// A purl of Go is in lower case, and has a version percent-encoded.
		PURL: "pkg:golang/" + strings.ToLower(m.path) + "@" + strings.ReplaceAll(url.PathEscape(m.version), "+", "%2B")}
	c.Ref = c.PURL
	if m.sum != "" {
		c.Properties = []property{{"go:h1", m.sum}} // as in go.sum: of the module's files, not of one
	}
	if id := m.licence(); id != "" {
		c.Evidence = &evidence{[]licence{licenceOf(id)}}
	}
	return c
}

// npmComponent has the hash of the archive at the registry of npm, as package-lock.json does.
func (m module) npmComponent() component {
	ref := "pkg:npm/" + strings.Replace(m.path, "@", "%40", 1) + "@" + m.version
	c := component{Type: "library", Ref: ref, Name: m.path, Version: m.version, Hashes: []hash{{"SHA-512", m.sum}}, PURL: ref}
	if m.declared != "" {
		declared := licenceOf(m.declared)
		declared.Acknowledged = "declared"
		c.Licences = []licence{declared}
	}
	return c
}

func licenceOf(id string) (l licence) {
	l.Licence.ID = id
	return l
}

// serial makes a UUID of version 8 (RFC 9562 §5.8) from the hash of the program: the
// same program has the same one.
func serial(sum [32]byte) string {
	b := sum[:16]
	u := append([]byte(nil), b...)
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
