package web

import (
	"context"

	"github.com/google/uuid"

	"socialregistry/registry"
)

// waitingChange is a change that waits for somebody's approval, as a page shows it.
type waitingChange struct {
	Label    words
	Old, New shown
	Asked    string // by whom, and when
	Told     bool   // a note to the office, and no value
	Href     string
}

// waitingOf lists what waits for approval about one person, oldest first: the first
// page of it.
func (p *Pages) waitingOf(ctx context.Context, l *locale, actor registry.Actor, id uuid.UUID, fields []registry.Field, value func(*locale, registry.Field, string) shown) ([]waitingChange, error) {
	page, err := p.registry.RequestsOf(ctx, actor, id, registry.RequestQuery{State: registry.RequestSent})
	if err != nil {
		return nil, err
	}
	byKey := map[string]registry.Field{}
	for _, f := range fields {
		byKey[f.Key] = f
	}
	var out []waitingChange
	base := deskRequestsPath
	if actor.RegistrantID == id {
		base = requestsPath
	}
	for _, q := range page.Requests {
		f := byKey[q.Field]
		out = append(out, waitingChange{Label: p.label(l, f), Old: value(l, f, q.Current), New: value(l, f, q.Value), Told: f.Approval.Note, Href: base + "/" + q.ID.String(),
			Asked: l.t("wait.asked", "who", q.Author, "when", l.dateTime(q.SentAt))})
	}
	return out, nil
}
