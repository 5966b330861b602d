package web

import (
	"context"
	"maps"
)

// staleView is the page for a form that somebody else was quicker than: both
// values of every field that differs.
type staleView struct {
	Action, Back string
	Who          identity
	Rows         []staleRow
	Hidden       []hidden
	Version      int // the one that is there now
	Token        string
	Reason       string
}

type staleRow struct {
	Label       words
	Mine, There shown
}

// stale compares what was typed with the record as it is now. What is sent on
// from here is only what differs.
func (e *editing) stale(ctx context.Context) (staleView, error) {
	if err := e.keepTyped(ctx); err != nil {
		return staleView{}, err
	}
	token, err := e.p.registry.NewForm(e.actor)
	if err != nil {
		return staleView{}, err
	}
	v := staleView{Action: e.action, Back: e.back, Version: e.rec.person.VersionNo, Token: token, Reason: e.reason,
		Who: e.p.identityOf(e.rec.fields, e.rec.person, e.back)}
	for _, f := range e.fields {
		mine, there := e.values[f.Key], e.rec.person.Values[f.Key].Text
		if _, sent := e.values[f.Key]; sent && mine != there {
			v.Rows = append(v.Rows, staleRow{Label: e.p.label(e.l, f), Mine: e.p.shownValue(e.l, f, mine), There: e.p.shownValue(e.l, f, there)})
		} else {
			delete(e.values, f.Key)
		}
	}
	v.Hidden = e.hidden()
	return v, nil
}

// keepTyped drops the values that stand in the form as it was filled: those that
// somebody else has changed meanwhile must not be changed back.
func (e *editing) keepTyped(ctx context.Context) error {
	versions, err := e.p.registry.Versions(ctx, e.actor, e.rec.person.ID)
	if err != nil {
		return err
	}
	for _, version := range versions {
		if version.No == e.version {
			maps.DeleteFunc(e.values, func(key, text string) bool { return text == version.Values[key].Text })
		}
	}
	return nil
}
