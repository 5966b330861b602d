package web

import (
	"context"
	"sync"
	"time"

	"socialregistry/registry"
)

const (
	areaKept = time.Minute     // how long a name is not asked for again
	areaMost = 20_000          // texts that are kept
	areaWait = 2 * time.Second // for the registry
)

// areaWords keeps the names of areas for a while: a list of people has the same few
// in every row. A text that is no area is kept as well. It is safe for concurrent
// use.
type areaWords struct {
	ask func(ctx context.Context, codes []string) (map[string]map[string]string, error)
	now func() time.Time

	mu    sync.Mutex
	known map[string]areaWord
}

type areaWord struct {
	name  map[string]string // nil: the text is no area
	until time.Time
}

func newAreaWords(ask func(context.Context, []string) (map[string]map[string]string, error), now func() time.Time) *areaWords {
	return &areaWords{ask: ask, now: now, known: map[string]areaWord{}}
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
