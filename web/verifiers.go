package web

import (
	_ "embed" // the samples
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
)

// sampleFile holds one credential for each format and outcome; scripts/vectors makes it.
//
//go:embed samples/samples.json
var sampleFile []byte

//go:embed samples/verify.go.txt
var sampleGo string

//go:embed samples/verify.mjs
var sampleJS string

//go:embed samples/verify.sh
var sampleShell string

const verifiersPath = "/verifiers"

// sample is a credential for makers of verifiers, with the outcome that it must have.
type sample struct {
	Name, Format, Outcome, At, Data string
}

// readSamples reads the file of samples.
func readSamples(raw []byte) (list []sample, err error) {
	var f struct{ Vectors []sample }
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fmt.Errorf("read samples: %w", err)
	}
	return f.Vectors, nil
}

// verifiersView is the page for those who make verifiers.
type verifiersView struct {
	Root, Number string
	Addresses    []address
	Formats      []sampleFormat
	Code         []sampleCode
}

type sampleFormat struct {
	ID, Name string
	Rows     []sampleRow
}

type sampleRow struct{ Href, Name, Outcome, Means, At string }

type sampleCode struct{ ID, Name, Text string }

// Verifiers is GET /verifiers: the trust bundle, samples good and bad, and code.
func (p *Pages) Verifiers(c *gin.Context) error {
	l, ctx := p.localeOf(c), c.Request.Context()
	bundle, _, err := p.issuer.CurrentBundle(ctx)
	if err != nil {
		return err
	}
	v := verifiersView{Number: strconv.FormatInt(bundle.Seq, 10), Code: []sampleCode{{"code-go", "Go", sampleGo}, {"code-js", "JavaScript", sampleJS}, {"code-sh", "Shell", sampleShell}}}
	if v.Root, err = p.issuer.RootKey(); err != nil {
		return err
	}
	for _, path := range []string{bundlePath, "/.well-known/did.json", "/jwks.json", "/issuer-ca.pem", "/status/aggregation", verifiersPath + "/samples.json"} {
		v.Addresses = append(v.Addresses, address{l.t("verifiers.at." + path), p.publicURL + path})
	}
	for n, s := range p.samples {
		row := sampleRow{verifiersPath + "/samples/" + strconv.Itoa(n+1), s.Name, s.Outcome, l.t("verify.outcome_" + s.Outcome), s.At}
		if k := len(v.Formats) - 1; k >= 0 && v.Formats[k].Name == s.Format {
			v.Formats[k].Rows = append(v.Formats[k].Rows, row)
			continue
		}
		v.Formats = append(v.Formats, sampleFormat{"format-" + strconv.Itoa(len(v.Formats)+1), s.Format, []sampleRow{row}})
	}
	return p.show(c, http.StatusOK, look{page: "verifiers", title: l.t("verifiers.title")}, v)
}

// SampleFile is GET /verifiers/samples.json: all samples with the bundle that they are
// checked against.
func (p *Pages) SampleFile(c *gin.Context) error {
	return respond.Document(c, respond.Doc{Body: sampleFile, ContentType: "application/json", ETag: newAsset("", sampleFile).hash, MaxAge: time.Hour})
}

// Sample is GET /verifiers/samples/:n: the text of one credential.
func (p *Pages) Sample(c *gin.Context) error {
	n, err := strconv.Atoi(c.Param("n"))
	if err != nil || n < 1 || n > len(p.samples) {
		return fault.New(fault.NotFound, "no_such_sample", "There is no such sample.")
	}
	body := []byte(p.samples[n-1].Data)
	return respond.Document(c, respond.Doc{Body: body, ContentType: "text/plain; charset=utf-8", ETag: newAsset("", body).hash, MaxAge: time.Hour})
}
