package web

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/registry/csvio"
)

// dataRow is one thing that is kept about the reader. The same rows are the JSON and
// the CSV: what is told does not depend on the form.
type dataRow struct {
	ID     string    `json:"id,omitempty"`
	What   string    `json:"what"`            // a key: of a field, a kind, a programme
	Label  string    `json:"label,omitempty"` // of What, in the reader's language
	Value  string    `json:"value,omitempty"`
	Before string    `json:"before,omitempty"` // the value until then
	State  string    `json:"state,omitempty"`
	At     time.Time `json:"at,omitzero"`
	From   string    `json:"from,omitempty"`  // a day, or a moment
	Until  string    `json:"until,omitempty"` // a day, or a moment
	By     string    `json:"by,omitempty"`
	Note   string    `json:"note,omitempty"` // words that somebody wrote
}

func dataHeader() []string {
	return []string{"part", "id", "what", "label", "value", "before", "state", "at", "from", "until", "by", "note"}
}

func (r dataRow) cells(part string) []string {
	at := ""
	if !r.At.IsZero() {
		at = r.At.UTC().Format(time.RFC3339)
	}
	return []string{part, r.ID, r.What, r.Label, r.Value, r.Before, r.State, at, r.From, r.Until, r.By, r.Note}
}

// dataView is the page about the reader's own data.
type dataView struct{ Parts []string }

// MyData is GET /me/data.
func (p *Pages) MyData(c *gin.Context) error {
	l := p.localeOf(c)
	v := dataView{}
	for _, part := range p.ownData(l, auth.Actor(c.Request.Context())) {
		v.Parts = append(v.Parts, l.t("data.part_"+part.name))
	}
	return p.show(c, http.StatusOK, look{page: "my_data", title: l.t("data.title"), nav: "/me/data"}, v)
}

// MyDataJSON is GET /me/data.json: everything that is kept about the reader, part by
// part as it is read: no more than a page of it is in memory.
func (p *Pages) MyDataJSON(c *gin.Context) error {
	return p.sendData(c, "application/json", "my-data.json", func(w *bufio.Writer) dataWriter { return &jsonData{w: w} })
}

// MyDataCSV is GET /me/data.csv: the same as a table.
func (p *Pages) MyDataCSV(c *gin.Context) error {
	return p.sendData(c, "text/csv; charset=utf-8", "my-data.csv", func(w *bufio.Writer) dataWriter { return &csvData{w: csvio.NewWriter(w)} })
}

// dataWriter is a form of the reader's data.
type dataWriter interface {
	begin(of string, at time.Time) error
	part(name string) error
	row(dataRow) error
	end() error
}

func (p *Pages) sendData(c *gin.Context, mediaType, name string, form func(*bufio.Writer) dataWriter) error {
	ctx := c.Request.Context()
	actor := auth.Actor(ctx)
	person, err := p.registry.Person(ctx, actor, actor.RegistrantID) // before anything is sent
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	c.Header("Content-Type", mediaType)
	c.Header("Content-Disposition", `attachment; filename="`+name+`"`)
	c.Header("X-Content-Type-Options", "nosniff")
	out := bufio.NewWriter(c.Writer)
	w := form(out)
	if err := w.begin(person.Number, p.now()); err != nil {
		return fmt.Errorf("send somebody's data: %w", err)
	}
	for _, part := range p.ownData(p.localeOf(c), actor) {
		if err := w.part(part.name); err != nil {
			return fmt.Errorf("send somebody's data: %w", err)
		}
		if err := part.rows(ctx, w.row); err != nil {
			return fmt.Errorf("send somebody's data, %s: %w", part.name, err)
		}
	}
	if err := w.end(); err != nil {
		return fmt.Errorf("send somebody's data: %w", err)
	}
	return out.Flush()
}

// jsonData writes one object: a member for each part.
type jsonData struct {
	w     io.Writer
	parts int
	rows  int
}

func (d *jsonData) begin(of string, at time.Time) error {
	number, err := json.Marshal(of)
	if err == nil {
		_, err = fmt.Fprintf(d.w, "{\"registration_number\":%s,\"made_at\":%q", number, at.UTC().Format(time.RFC3339))
	}
	return err
}

func (d *jsonData) part(name string) error {
	closing := ","
	if d.parts > 0 {
		closing = "],"
	}
	d.parts, d.rows = d.parts+1, 0
	_, err := fmt.Fprintf(d.w, "%s\n%q:[", closing, name)
	return err
}

func (d *jsonData) row(r dataRow) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	before := "\n"
	if d.rows > 0 {
		before = ",\n"
	}
	d.rows++
	_, err = fmt.Fprintf(d.w, "%s%s", before, text)
	return err
}

func (d *jsonData) end() error {
	_, err := io.WriteString(d.w, "]}\n")
	return err
}

// csvData writes one table: the part is its first column.
type csvData struct {
	w    *csvio.Writer
	name string
}

func (d *csvData) begin(string, time.Time) error { return d.w.Write(dataHeader()) }

func (d *csvData) part(name string) error {
	d.name = name
	return nil
}

func (d *csvData) row(r dataRow) error { return d.w.Write(slices.Clip(r.cells(d.name))) }
func (d *csvData) end() error          { return d.w.Flush() }
