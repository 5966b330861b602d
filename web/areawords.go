package web

import (
	"context"
	"sync"
	"time"

	"socialregistry/registry"
)

const (
	areaKept    = time.Minute     // how long a name is not asked for again
	areaMost    = 20_000          // texts that are kept
	areaOffered = 300             // areas in a list of a form
	areaWait    = 2 * time.Second // for the registry
)

// areaWords keeps the names of areas for a while: a list of people has the same few
// in every row. A text that is no area is kept as well. It is safe for concurrent
// use.
type areaWords struct {
	ask func(ctx context.Context, codes []string) (map[string]map[string]string, error)
	all func(ctx context.Context) (registry.AreaPage, error)
	now func() time.Time

	mu    sync.Mutex
	known map[string]areaWord
	list  registry.AreaPage // from the top
	until time.Time         // of the list
}

type areaWord struct {
	name  map[string]string // nil: the text is no area
	until time.Time
}

func newAreaWords(ask func(context.Context, []string) (map[string]map[string]string, error), all func(context.Context) (registry.AreaPage, error), now func() time.Time) *areaWords {
	return &areaWords{ask: ask, all: all, now: now, known: map[string]areaWord{}}
}

// listAreas reads the areas that a form offers, those at the top first where there are
// too many. Their names are no secret: whoever edits a record is asked for one.
func listAreas(r *registry.Registry) func(context.Context) (registry.AreaPage, error) {
	return func(ctx context.Context) (registry.AreaPage, error) {
		page, err := r.Areas(ctx, registry.System(), registry.AreaQuery{Limit: areaOffered})
		if err != nil || page.Next == "" {
			return page, err
		}
		top := ""
		some, err := r.Areas(ctx, registry.System(), registry.AreaQuery{Of: &top, Limit: areaOffered})
		some.Next = page.Next
		return some, err
	}
}

// options are the areas to choose from, by their names; all says that there are no more.
// There are none if they cannot be read now.
func (w *areaWords) options(p *Pages, l *locale) (out []option, all bool) {
	now := w.now()
	w.mu.Lock()
	list, fresh := w.list, now.Before(w.until)
	w.mu.Unlock()
	if !fresh {
		ctx, stop := context.WithTimeout(context.Background(), areaWait)
		defer stop()
		var err error
		if list, err = w.all(ctx); err != nil {
			return nil, false
		}
		w.mu.Lock()
		w.list, w.until = list, now.Add(areaKept)
		w.mu.Unlock()
	}
	names := map[string]words{}
	for _, a := range list.Areas {
		names[a.Code] = p.words(l, a.Name, a.Code)
		o := option{Value: a.Code, Label: names[a.Code]}
		if above, ok := names[a.Parent]; ok {
			o.Label.Text += " (" + above.Text + ")"
		}
		out = append(out, o)
	}
	return out, list.Next == ""
}

// name gives the words of the area with a code, nil if there is none or it cannot
// be read now: the code is shown then.
func (w *areaWords) name(code string) map[string]string {
	now := w.now()
	w.mu.Lock()
	word, ok := w.known[code]
	w.mu.Unlock()
	if ok && now.Before(word.until) {
		return word.name
	}
	ctx, stop := context.WithTimeout(context.Background(), areaWait)
	defer stop()
	names, err := w.ask(ctx, []string{code})
	if err != nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.known) >= areaMost {
		clear(w.known)
	}
	w.known[code] = areaWord{names[code], now.Add(areaKept)}
	return names[code]
}

// areaName gives the words of the area that a value names by its code, nil for any
// other value.
func (p *Pages) areaName(f registry.Field, text string) map[string]string {
	if text == "" || !registry.NamesArea(f.Key) {
		return nil
	}
	return p.areas.name(text)
}
