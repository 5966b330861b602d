package web

import (
	"context"
	"strconv"
	"strings"
	"time"

	"socialregistry/issuer"
	"socialregistry/registry"
)

// dataPart is one part of what is kept about somebody. Each asks the registry and the
// issuer as the pages do, so that it tells nothing that they hide.
type dataPart struct {
	name string
	rows func(ctx context.Context, tell func(dataRow) error) error
}

// dataPage is how much of a long part is read at once.
const dataPage = 200

// ownData is every part of the reader's data.
func (p *Pages) ownData(l *locale, a registry.Actor) []dataPart {
	part := func(name string, rows func(context.Context, *locale, registry.Actor, func(dataRow) error) error) dataPart {
		return dataPart{name, func(ctx context.Context, tell func(dataRow) error) error { return rows(ctx, l, a, tell) }}
	}
	return []dataPart{part("details", p.tellDetails), part("identifiers", p.tellIdentifiers), part("history", p.tellHistory), part("versions", p.tellVersions),
		part("requests", p.tellRequests), part("appeals", p.tellAppeals), part("documents", p.tellDocuments), part("groups", p.tellGroups), part("family", p.tellFamily),
		part("programmes", p.tellProgrammes), part("credentials", p.tellCredentials), part("consents", p.tellConsents), part("messages", p.tellMessages), part("looks", p.tellLooks), part("downloads", p.tellDownloads)}
}

// eachPage reads a list to its end, page by page.
func eachPage(page func(after string) (next string, err error)) error {
	for after := ""; ; {
		next, err := page(after)
		if err != nil || next == "" {
			return err
		}
		after = next
	}
}

// tellAll tells a row of everything in a list, unless that could not be read.
func tellAll[T any](tell func(dataRow) error, list []T, err error, row func(T) dataRow) error {
	for _, x := range list {
		if err := tell(row(x)); err != nil {
			return err
		}
	}
	return err
}

func (p *Pages) tellDetails(ctx context.Context, l *locale, a registry.Actor, tell func(dataRow) error) error {
	rec, err := p.load(ctx, a, a.RegistrantID)
	if err != nil {
		return err
	}
	for _, f := range rec.fields {
		value, state := rec.person.Values[f.Key], rec.states[f.Key]
		if value.Text == "" && state.State == "" {
			continue
		}
		row := dataRow{What: f.Key, Label: p.label(l, f).Text, Value: value.Text, State: string(state.State), At: state.At, From: dayOrNothing(value.CollectedAt),
			Until: momentOrNothing(state.ExpiresAt), By: state.By, Note: state.Comment}
		if err := tell(row); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pages) tellIdentifiers(ctx context.Context, _ *locale, a registry.Actor, tell func(dataRow) error) error {
	list, err := p.registry.Identifiers(ctx, a, a.RegistrantID)
	return tellAll(tell, list, err, func(id registry.Identifier) dataRow {
		return dataRow{ID: strconv.Itoa(id.Seq), What: id.Type, Value: id.Value, State: string(id.Status), At: id.RecordedAt, From: id.ValidFrom, Until: id.ValidTo, By: id.RecordedBy, Note: id.IssuedBy}
	})
}

func (p *Pages) tellHistory(ctx context.Context, _ *locale, a registry.Actor, tell func(dataRow) error) error {
	return eachPage(func(after string) (string, error) {
		page, err := p.registry.HistoryPage(ctx, a, a.RegistrantID, after, dataPage)
		for _, e := range page.Entries {
			row := dataRow{ID: strconv.FormatInt(e.ChainNo, 10), What: "entry", At: e.At, By: e.Actor + " (" + string(e.Channel) + ")", Note: e.Reason}
			if err := tell(row); err != nil {
				return "", err
			}
			for _, ch := range e.Changes {
				if err := tell(dataRow{ID: row.ID, What: ch.Field, State: ch.Kind, Before: ch.Old, Value: ch.New, At: e.At, By: row.By, Note: ch.Comment}); err != nil {
					return "", err
				}
			}
		}
		return page.Next, err
	})
}

func (p *Pages) tellVersions(ctx context.Context, _ *locale, a registry.Actor, tell func(dataRow) error) error {
	return eachPage(func(after string) (string, error) {
		page, err := p.registry.VersionPage(ctx, a, a.RegistrantID, after, dataPage)
		return page.Next, tellAll(tell, page.Versions, err, func(v registry.Version) dataRow {
			row := dataRow{ID: strconv.Itoa(v.No), What: "version", Value: v.Label, At: v.At, By: v.Author + " (" + string(v.Channel) + ")", Note: v.Reason}
			if v.No == page.DefaultNo {
				row.State = "default"
			}
			return row
		})
	})
}

func (p *Pages) tellRequests(ctx context.Context, _ *locale, a registry.Actor, tell func(dataRow) error) error {
	return eachPage(func(after string) (string, error) {
		page, err := p.registry.RequestsOf(ctx, a, a.RegistrantID, registry.RequestQuery{After: after, Limit: dataPage})
		return page.Next, tellAll(tell, page.Requests, err, func(q registry.ChangeRequest) dataRow {
			return dataRow{ID: q.ID.String(), What: q.Field, Value: q.Value, Before: q.Base, State: string(q.State), At: q.CreatedAt, From: momentOrNothing(q.SentAt),
				Until: momentOrNothing(q.DecidedAt), By: q.Author, Note: joinNotes(q.Reason, q.Words)}
		})
	})
}

func (p *Pages) tellAppeals(ctx context.Context, _ *locale, a registry.Actor, tell func(dataRow) error) error {
	return eachPage(func(after string) (string, error) {
		page, err := p.registry.AppealsOf(ctx, a, a.RegistrantID, after, dataPage)
		return page.Next, tellAll(tell, page.Appeals, err, func(x registry.Appeal) dataRow {
			return dataRow{ID: x.ID.String(), What: x.Field, Value: x.Text, Before: x.Rejection, State: string(x.State), At: x.At, Until: momentOrNothing(x.AnsweredAt), By: x.AnsweredBy, Note: x.Answer}
		})
	})
}

func (p *Pages) tellDocuments(ctx context.Context, _ *locale, a registry.Actor, tell func(dataRow) error) error {
	list, err := p.registry.Documents(ctx, a, a.RegistrantID)
	return tellAll(tell, list, err, func(d registry.Document) dataRow {
		return dataRow{ID: d.ID.String(), What: d.MediaType, Label: d.Name, Value: d.SHA256, At: d.UploadedAt, By: d.UploadedBy}
	})
}

func (p *Pages) tellGroups(ctx context.Context, _ *locale, a registry.Actor, tell func(dataRow) error) error {
	return eachPage(func(after string) (string, error) {
		page, err := p.registry.Memberships(ctx, a, a.RegistrantID, after, dataPage)
		return page.Next, tellAll(tell, page.Memberships, err, func(m registry.Membership) dataRow {
			return dataRow{ID: m.GroupID.String(), What: m.Kind, Value: m.Role, At: m.RecordedAt, From: m.Start, Until: m.End, By: m.RecordedBy, Note: m.EndReason}
		})
	})
}

func (p *Pages) tellFamily(ctx context.Context, l *locale, a registry.Actor, tell func(dataRow) error) error {
	k, err := p.registry.Kinship(ctx, a, a.RegistrantID)
	if err != nil {
		return err
	}
	for _, t := range familyOf(l, k) {
		if err := tell(dataRow{What: t.Key, Label: t.Relation, Value: t.Number, From: t.From, Until: t.To}); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pages) tellProgrammes(ctx context.Context, _ *locale, a registry.Actor, tell func(dataRow) error) error {
	list, err := p.registry.Enrolments(ctx, a, a.RegistrantID)
	return tellAll(tell, list, err, func(e registry.Enrolment) dataRow {
		return dataRow{ID: strconv.Itoa(e.Seq), What: e.Programme, Value: e.Since, State: string(e.Status), At: e.RecordedAt, From: e.Start, Until: e.End, By: e.RecordedBy, Note: e.Reason}
	})
}

func (p *Pages) tellCredentials(ctx context.Context, _ *locale, a registry.Actor, tell func(dataRow) error) error {
	list, err := p.issuer.Issued(ctx, a, a.RegistrantID)
	return tellAll(tell, list, err, func(i issuer.Issued) dataRow {
		return dataRow{ID: i.ID.String(), What: i.ConfigID, Label: i.Issuer, Value: strings.Join(i.Fields, " "), Before: strconv.Itoa(i.VersionNo), State: i.State, At: i.IssuedAt,
			From: momentOrNothing(i.ValidFrom), Until: momentOrNothing(i.ValidUntil), Note: i.Reason}
	})
}

func (p *Pages) tellConsents(ctx context.Context, _ *locale, a registry.Actor, tell func(dataRow) error) error {
	list, err := p.issuer.Consents(ctx, a, a.RegistrantID)
	for _, x := range list {
		state := "given"
		if !x.WithdrawnAt.IsZero() {
			state = "withdrawn"
		}
		for config, fields := range x.Details {
			row := dataRow{ID: x.ID, What: config, Label: x.ClientName, Value: strings.Join(fields, " "), State: state, At: x.GivenAt, Until: momentOrNothing(x.ExpiresAt)}
			if !x.LastUsed.IsZero() {
				row.From = momentOrNothing(x.LastUsed)
			}
			if err := tell(row); err != nil {
				return err
			}
		}
	}
	return err
}

func (p *Pages) tellMessages(ctx context.Context, l *locale, a registry.Actor, tell func(dataRow) error) error {
	fields, err := p.registry.Fields(ctx)
	if err != nil {
		return err
	}
	return eachPage(func(after string) (string, error) {
		page, err := p.issuer.MessagesOf(ctx, a, a.RegistrantID, after, dataPage)
		return page.Next, tellAll(tell, page.Messages, err, func(m issuer.Message) dataRow {
			return dataRow{ID: m.ID.String(), What: m.Kind, Value: plainText(p.messageText(l, fields, m)), At: m.At, Until: momentOrNothing(m.ReadAt), Note: m.Reason}
		})
	})
}

func (p *Pages) tellLooks(ctx context.Context, _ *locale, a registry.Actor, tell func(dataRow) error) error {
	return eachPage(func(after string) (string, error) {
		page, err := p.registry.Looks(ctx, a, a.RegistrantID, after, dataPage)
		return page.Next, tellAll(tell, page.Looks, err, func(x registry.Look) dataRow {
			return dataRow{ID: x.ID.String(), What: string(x.Channel), At: x.At, By: strings.Join(textsOf(x.Roles), " "), Note: x.Purpose}
		})
	})
}

func momentOrNothing(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func dayOrNothing(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

func joinNotes(words ...string) string {
	var out []string
	for _, w := range words {
		if w != "" {
			out = append(out, w)
		}
	}
	return strings.Join(out, " / ")
}
