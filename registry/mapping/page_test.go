package mapping_test

import (
	"errors"
	"strings"
	"testing"

	"socialregistry/registry/mapping"
)

func TestPageRowsAndCursor(t *testing.T) {
	t.Parallel()
	p, err := mapping.ReadPage([]byte(`{"data":{"items":[{"n":{"given":"Amina"},"a.b":"dotted","age":7,"ok":true,"no":null,"tags":["x",2],"bad":[{}]},"text"]},"next":12,"deep":{"c":"abc"},"t":true}`))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := p.Rows("data.items")
	if err != nil || len(rows) != 2 || rows[1] != nil {
		t.Fatalf("rows %v, %v", rows, err)
	}
	for path, want := range map[string]string{"n.given": "Amina", "a.b": "dotted", "age": "7", "ok": "true", "no": "", "tags": "x, 2", "tags.1": "2", "gone": "", "n.given.x": "", "bad": "!", "n": "!"} {
		got, ok := rows[0].Text(path)
		if want == "!" && ok || want != "!" && (!ok || got != want) {
			t.Errorf("%s: %q %v, want %q", path, got, ok, want)
		}
	}
	if text, ok := rows[1].Text("n"); text != "" || !ok {
		t.Errorf("a row that is none has %q", text)
	}
	for path, want := range map[string]string{"next": "12", "deep.c": "abc", "gone": "", "deep": "!", "t": "!"} {
		got, err := p.Cursor(path)
		if want == "!" != errors.Is(err, mapping.ErrBadCursor) || want != "!" && got != want {
			t.Errorf("cursor %s: %q %v, want %q", path, got, err, want)
		}
	}
	if _, err := p.Rows("next"); !errors.Is(err, mapping.ErrNoRows) {
		t.Errorf("rows in a number: %v", err)
	}
}

func TestPageLimits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		"":      mapping.ErrNotJSON,
		"{} {}": mapping.ErrNotJSON,
		strings.Repeat("[", mapping.MaxDepth) + strings.Repeat("]", mapping.MaxDepth):     nil,
		strings.Repeat("[", mapping.MaxDepth+1) + strings.Repeat("]", mapping.MaxDepth+1): mapping.ErrTooDeep,
		`"` + strings.Repeat("[", 100) + `\"["`:                                           nil,
	} {
		if _, err := mapping.ReadPage([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%.40s: %v, want %v", text, err, want)
		}
	}
	for n, want := range map[int]error{mapping.MaxPageRow: nil, mapping.MaxPageRow + 1: mapping.ErrTooManyRows} {
		p, err := mapping.ReadPage([]byte("[" + strings.Repeat("{},", n-1) + "{}]"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Rows(""); !errors.Is(err, want) {
			t.Errorf("%d rows: %v, want %v", n, err, want)
		}
	}
}

func FuzzReadPage(f *testing.F) {
	f.Add([]byte(`{"rows":[{"a":"x"}],"next":"c"}`), "rows", "a")
	f.Add([]byte(`[[{"a":[1,null]}]]`), "0", "a.0")
	f.Fuzz(func(t *testing.T, text []byte, rows, field string) {
		p, err := mapping.ReadPage(text)
		if err != nil {
			return
		}
		list, err := p.Rows(rows)
		if err == nil && len(list) > mapping.MaxPageRow {
			t.Errorf("%d rows", len(list))
		}
		for _, row := range list {
			if got, ok := row.Text(field); !ok && got != "" {
				t.Errorf("%q and not a text", got)
			}
		}
		if c, err := p.Cursor(field); err == nil && len(c) > mapping.MaxCursor {
			t.Errorf("a cursor of %d bytes", len(c))
		}
	})
}
