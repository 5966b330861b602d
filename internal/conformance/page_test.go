package conformance_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"testing"
)

// page is what a browser shows in the end, or the foreign address that it was
// sent to.
type page struct {
	status  int
	address *url.URL
	body    []byte
	away    *url.URL
}

// htmlForm is a form of a page as it would be sent without a button being pressed.
type htmlForm struct {
	action string
	values url.Values
	ids    map[string]control
}

// control is one input or button.
type control struct{ name, value string }

// set writes what a person types, or which button is pressed.
func (f htmlForm) set(t *testing.T, id, value string) {
	t.Helper()
	c, ok := f.ids[id]
	if !ok {
		t.Fatalf("the form has no element with the id %s", id)
	}
	f.values.Set(c.name, value)
}

// each reads the start tags of the page in their order.
func (p page) each(visit func(tag string, attributes map[string]string)) error {
	d := xml.NewDecoder(bytes.NewReader(p.body))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		attributes := map[string]string{}
		for _, a := range start.Attr {
			attributes[a.Name.Local] = a.Value
		}
		visit(start.Name.Local, attributes)
	}
}

// has says whether the page has an element with the id.
func (p page) has(id string) bool { return p.attribute(id, "id") == id }

// attribute is one of the element with the id, "" for none.
func (p page) attribute(id, name string) (value string) {
	err := p.each(func(_ string, attributes map[string]string) {
		if attributes["id"] == id {
			value = attributes[name]
		}
	})
	if err != nil {
		return ""
	}
	return value
}

// formOf is the form that the element with the id stands in.
func (p page) formOf(t *testing.T, id string) htmlForm {
	t.Helper()
	var all []htmlForm
	must(t, p.each(func(tag string, attributes map[string]string) {
		if tag == "form" {
			all = append(all, htmlForm{attributes["action"], url.Values{}, map[string]control{}})
		}
		if len(all) == 0 || tag != "input" && tag != "button" {
			return
		}
		f := all[len(all)-1]
		f.ids[attributes["id"]] = control{attributes["name"], attributes["value"]}
		if tag == "input" && attributes["name"] != "" {
			f.values.Set(attributes["name"], attributes["value"])
		}
	}))
	for _, f := range all {
		if _, ok := f.ids[id]; ok {
			return f
		}
	}
	t.Fatalf("no form has an element with the id %s in\n%s", id, p.body)
	return htmlForm{}
}
