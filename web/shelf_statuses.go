package web

import (
	"context"
	"net/url"
	"strings"

	"socialregistry/registry"
)

// decisionStatus is a status of decisions as a thing of the settings.
type decisionStatus struct{ registry.AttestationStatus }

// AttestationStatuses are the pages of the statuses of decisions.
func (p *Pages) AttestationStatuses() Shelf {
	return Shelf{p: p, path: "/admin/attestation-statuses", words: "statuses", aliases: map[string]string{"label": "label_en", "state": "means"},
		blank: func() thing { return decisionStatus{registry.AttestationStatus{State: registry.StateRejected}} },
		load: func(d *desk, key string) (thing, error) {
			s, err := p.registry.AttestationStatus(d.ctx, d.actor, key)
			return decisionStatus{s}, err
		},
		save: func(ctx context.Context, d *desk, t thing, reason string) error {
			return store(ctx, d, t, t.(decisionStatus).AttestationStatus, reason, p.registry.DefineAttestationStatus, p.registry.ChangeAttestationStatus)
		},
		list: func(d *desk) (deskTable, error) {
			all, err := p.registry.AttestationStatuses(d.ctx, d.actor)
			t := d.table("desk.no_statuses", "desk.name", "desk.in_key", "desk.in_means", "desk.in_office", "credentials.state")
			for _, s := range all {
				name := p.words(d.l, s.Label, s.Key).cell()
				name.Href = "/admin/attestation-statuses/" + s.Key
				office := codeCell(s.Office)
				if s.Office == "" {
					office = plainCell(d.l.t("desk.everybody"))
				}
				t.Rows = append(t.Rows, []deskCell{name, codeCell(s.Key), plainCell(d.l.t("desk.means_" + string(s.State))), office, {Badges: []badge{d.used(!s.Retired)}}})
			}
			return t, err
		}}
}

func (s decisionStatus) key() string          { return s.Key }
func (s decisionStatus) version() int         { return s.Version }
func (s decisionStatus) title(d *desk) string { return d.p.words(d.l, s.Label, s.Key).Text }

func (s decisionStatus) groups(d *desk) ([]deskGroup, error) {
	there := s.Version > 0
	what := []deskControl{d.orFixed(there, needed(d.code("key", s.Key))),
		d.orFixed(there, d.choice("means", string(s.State), d.options("desk.means_", "NEW", "ATTESTED", "REJECTED", "REVOKED")...)), d.orFixed(there, d.code("office", s.Office))}
	if there {
		what = append(what, d.tick("active", !s.Retired))
	}
	return []deskGroup{{Title: d.l.t("desk.group_what"), Two: true, Controls: what}, {Title: d.l.t("desk.group_labels"), Two: true, Controls: d.perLanguage("label", s.Label)}}, nil
}

func (s decisionStatus) read(form url.Values) thing {
	if s.Version == 0 {
		s.Key, s.State, s.Office = strings.TrimSpace(form.Get("key")), registry.State(form.Get("means")), strings.TrimSpace(form.Get("office"))
	} else {
		s.Version, s.Retired = atoi(form.Get("version")), form.Get("active") == ""
	}
	s.Label = labelsIn(form, "label")
	return s
}
