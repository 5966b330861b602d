package web

import (
	"context"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"socialregistry/api/auth"
	"socialregistry/internal/fault"
	"socialregistry/issuer"
	"socialregistry/registry"
)

// aboutMember is the query member that names whose credentials a page is about, if not
// the reader's own.
const aboutMember = "for"

// other is a record that the reader represents, in a list.
type other struct {
	Name, Kind, Path string
	Current          bool
}

// subject reads the record that a page about credentials is about: the reader's own,
// or one that the address names and that the reader represents.
func (p *Pages) subject(c *gin.Context) (record, error) {
	ctx := c.Request.Context()
	actor := auth.Actor(ctx)
	id, err := aboutOf(c)
	if err != nil {
		return record{}, err
	}
	if id == uuid.Nil {
		id = actor.RegistrantID
	}
	return p.loadAbout(ctx, actor, id)
}

// besidesWard refuses a record that is not the ward's while the reader acts for one:
// the band would say one name, and the page be about another.
func besidesWard(ctx context.Context, id uuid.UUID) error {
	if ward := auth.Ward(ctx).ID; ward != uuid.Nil && id != ward {
		return fault.New(fault.NotFound, "not_found", "There is no such record.")
	}
	return nil
}

// aboutOf reads whose record the address names; zero: none.
func aboutOf(c *gin.Context) (uuid.UUID, error) {
	raw := c.Query(aboutMember)
	if raw == "" {
		return auth.Ward(c.Request.Context()).ID, nil
	}
	id, err := uuid.Parse(raw)
	if err != nil {
		return uuid.Nil, fault.New(fault.NotFound, "not_found", "There is no such record.")
	}
	return id, nil
}

// loadAbout reads the own record, or what is attested of one that the reader represents.
func (p *Pages) loadAbout(ctx context.Context, actor registry.Actor, id uuid.UUID) (record, error) {
	if err := besidesWard(ctx, id); err != nil {
		return record{}, err
	}
	if id == actor.RegistrantID {
		return p.load(ctx, actor, id)
	}
	r, err := p.issuer.RepresentedRecord(ctx, actor, id)
	if err != nil {
		return record{}, err
	}
	fields, err := p.fieldsFor(ctx, r.For)
	return recordOf(fields, r), err
}

// fieldsFor gives what can be known of a person or a household.
func (p *Pages) fieldsFor(ctx context.Context, about issuer.Subject) ([]registry.Field, error) {
	if about != issuer.ForHousehold {
		return p.registry.Fields(ctx)
	}
	fields, err := p.registry.FieldsOf(ctx, registry.HouseholdKind)
	return append(fields, registry.CountedFields()...), err
}

// recordOf is the record of somebody else as who represents it may see it: what is
// attested, and what waits for that, without its value.
func recordOf(fields []registry.Field, r issuer.Represented) record {
	rec := record{fields: fields, states: map[string]registry.FieldState{}, about: r.RegistrantID,
		person: registry.Person{ID: r.RegistrantID, Number: r.Number, VersionNo: r.VersionNo, Values: map[string]registry.Value{}}}
	for key, v := range r.Values {
		rec.person.Values[key] = v.Value
		rec.states[key] = registry.FieldState{Field: key, State: registry.StateAttested}
	}
	for key := range r.Waiting {
		rec.states[key] = registry.FieldState{Field: key, State: registry.StateNew}
	}
	return rec
}

// name is what the person or household is called, as it is attested; else the end of
// its number.
func (r record) name() string {
	if parts := nameOf(r.fields, r.person); len(parts) > 0 {
		return strings.Join(parts, " ")
	}
	number := []rune(r.person.Number)
	return "••••\u00a0" + string(number[max(0, len(number)-4):])
}

// path is the address of a page about the record's credentials.
func (r record) path(path string) string { return r.pathAt("", path) }

// pathAt is path with the issuer that it is about; "" for the one at the root.
func (r record) pathAt(issuerName, path string) string {
	query := url.Values{}
	if r.about != uuid.Nil {
		query.Set(aboutMember, r.about.String())
	}
	if issuerName != "" {
		query.Set("issuer", issuerName)
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// offerPath is where the credential of a configuration is offered, or one offer of it is
// shown.
func (r record) offerPath(issuerName, configID, offer string) string {
	path := credentialsPath + "/" + url.PathEscape(configID) + "/offer"
	if offer != "" {
		path += "/" + url.PathEscape(offer)
	}
	return r.pathAt(issuerName, path)
}

// printPath is the address where a configuration is printed for the record, or of one
// paper.
func (r record) printPath(issuerName, configID, paper string) string {
	path := credentialsPath + "/" + url.PathEscape(configID) + "/print"
	if paper != "" {
		path += "/" + url.PathEscape(paper)
	}
	return r.pathAt(issuerName, path)
}

// others lists the records that the reader represents.
func (p *Pages) others(ctx context.Context, l *locale, actor registry.Actor) ([]other, error) {
	list, err := p.issuer.Represented(ctx, actor)
	if err != nil {
		return nil, err
	}
	var out []other
	for _, r := range list {
		fields, err := p.fieldsFor(ctx, r.For)
		if err != nil {
			return nil, err
		}
		rec := recordOf(fields, r)
		out = append(out, other{Name: rec.name(), Kind: l.t("others." + string(r.For)), Path: rec.path(credentialsPath)})
	}
	return out, nil
}
