package mapping_test

import (
	"errors"
	"strings"
	"testing"

	"socialregistry/registry/mapping"
)

func TestPageRowsAndCursor(t *testing.T) {
	t.Parallel()
	p, err := mapping.ReadPage([]byte(`{"data":{"items":[{"n":{"given":"Amina"},"a.b":"dotted","age":7,"ok":true,"no":null,"tags":["x",2],"bad":[{}]},"text"]},"next":12,"deep":{"c":"abc"},"deep.e":"own","t":true,"line":"a\nb","nul":"\u0000","del":"\u007f","twice":1,"twice":2}`))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := p.Rows("data.items")
	if err != nil || len(rows) != 2 {
		t.Fatalf("rows %v, %v", rows, err)
	}
	row, none := read(t, rows[0]), read(t, rows[1])
	if row == nil || none != nil {
		t.Fatalf("read as %v and %v", row, none)
	}
	for path, want := range map[string]string{"n.given": "Amina", "a.b": "dotted", "age": "7", "ok": "true", "no": "", "tags": "x, 2", "tags.1": "2", "gone": "", "n.given.x": "", "bad": "!", "n": "!"} {
		got, ok := row.Text(path)
		if want == "!" && ok || want != "!" && (!ok || got != want) {
			t.Errorf("%s: %q %v, want %q", path, got, ok, want)
		}
	}
	if text, ok := none.Text("n"); text != "" || !ok {
		t.Errorf("a row that is none has %q", text)
	}
	for path, want := range map[string]string{"next": "12", "deep.c": "abc", "deep.e": "own", "gone": "", "next.c": "", "deep": "!", "t": "!", "line": "!", "nul": "!", "del": "!", "twice": "2", "data.items.1": "text"} {
		got, err := p.Cursor(path)
		if want == "!" != errors.Is(err, mapping.ErrBadCursor) || want != "!" && got != want {
			t.Errorf("cursor %s: %q %v, want %q", path, got, err, want)
		}
	}
	if _, err := p.Rows("next"); !errors.Is(err, mapping.ErrNoRows) {
		t.Errorf("rows in a number: %v", err)
	}
}

func read(t *testing.T, r mapping.RawRow) mapping.Row {
	t.Helper()
	row, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// A page is not boxed as a whole: its rows are parts of its text, and each is bounded.
func TestPageIsReadRowByRow(t *testing.T) {
	const n = 4000
	text := []byte(`{"data":[{"list":[` + strings.Repeat("[],", n) + `[]]}` + strings.Repeat(`,{"list":[`+strings.Repeat("[],", 1000)+`[]]}`, 1000) + `],"next":"b"}`)
	boxed := testing.AllocsPerRun(1, func() {
		p, err := mapping.ReadPage(text)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := p.Rows("data")
		next, wrong := p.Cursor("next")
		if err != nil || wrong != nil || len(rows) != 1001 || next != "b" {
			t.Fatalf("%d rows, %q, %v, %v", len(rows), next, err, wrong)
		}
	})
	if boxed > 2*1001 {
		t.Errorf("%.0f allocations for a million values", boxed)
	}
	for size, want := range map[int]error{mapping.MaxRow: nil, mapping.MaxRow + 1: mapping.ErrRowTooLarge} {
		row := mapping.RawRow(`{"a":"` + strings.Repeat("x", size-len(`{"a":""}`)) + `"}`)
		if _, err := row.Read(); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v, want %v", size, err, want)
		}
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
		for _, raw := range list {
			row, err := raw.Read()
			if err != nil && !errors.Is(err, mapping.ErrRowTooLarge) {
				t.Errorf("a row of a valid page: %v", err)
			}
			if got, ok := row.Text(field); !ok && got != "" {
				t.Errorf("%q and not a text", got)
			}
		}
		if c, err := p.Cursor(field); err == nil && len(c) > mapping.MaxCursor {
			t.Errorf("a cursor of %d bytes", len(c))
		}
	})
}
