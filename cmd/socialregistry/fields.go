package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"socialregistry/registry"
)

// fieldsCmd shows and defines what can be known about a person.
type fieldsCmd struct {
	List fieldsListCmd `cmd:"" default:"1" help:"List the defined fields."`
	Add  fieldsAddCmd  `cmd:"" help:"Define a field."`

	Retire fieldsRetireCmd `cmd:"" help:"Take a field out of use, or back with --revive. Nothing is lost."`
	Index  fieldsIndexCmd  `cmd:"" help:"Make a field that became searchable find everybody. Others work on meanwhile."`
}

type fieldsListCmd struct{}

// Run prints one field per line.
func (fieldsListCmd) Run(ctx context.Context, a *app) error {
	d, r, err := a.openRegistry(ctx, mustBeThere)
	if err != nil {
		return err
	}
	defer d.Close()
	list, err := r.Fields(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KEY\tTYPE\tSECTION\tLABEL\tRULES")
	for _, f := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", f.Key, f.Type, f.Section, f.Label["en"], rules(f))
	}
	return w.Flush()
}

func rules(f registry.Field) string {
	var words []string
	for _, rule := range []struct {
		word string
		set  bool
	}{
		{"required", f.Required}, {"unique", f.Unique}, {"lookup", f.Lookup}, {"searchable", f.Searchable}, {"sealed", f.Sealed},
		{"name", f.Name}, {"attestable", f.Attestable}, {"issuable", f.Issuable}, {"computed", f.Type == registry.TypeComputed}, {"note", f.Approval.Note}, {"retired", f.Retired},
	} {
		if rule.set {
			words = append(words, rule.word)
		}
	}
	return strings.Join(words, " ")
}

type fieldsAddCmd struct {
	Key        string            `arg:"" help:"Small letters, digits and underscores, such as household_size."`
	Type       string            `default:"text" enum:"text,date,choice,number,boolean,phone,email,identifier,multi_choice,location,document,repeat,computed" help:"${enum}"`
	Label      map[string]string `required:"" mapsep:"none" placeholder:"LANG=WORDS" help:"Label per language, such as en=\"Household size\". May be repeated."`
	Choice     []string          `sep:"none" placeholder:"VALUE=WORDS" help:"A choice and its English label, in order. May be repeated."`
	Section    string            `help:"Heading under which it is shown, such as contact."`
	Position   int               `help:"Order among all fields."`
	Pattern    string            `help:"Regular expression (RE2) for the whole value."`
	Min        string            `help:"Least date or number."`
	Max        string            `help:"Greatest date or number; today for a date."`
	MaxLength  int               `help:"Characters."`
	EditBy     []string          `enum:"admin,registrar,registrant" placeholder:"ROLE,..." help:"Who edits it: admin, registrar, registrant."`
	IRI        string            `name:"iri" help:"Meaning, as an absolute IRI."`
	Required   bool              `help:"Nobody is registered without it."`
	Unique     bool              `help:"No two people share a value."`
	Lookup     bool              `help:"People are found by the whole value."`
	Searchable bool              `help:"People are found by the whole plain value."`
	SeeBy      []string          `enum:"admin,registrar,field_worker,attester,auditor,registrant" placeholder:"ROLE,..." help:"Who is told the values; nobody named: whoever reads the record."`
	Rule       string            `help:"What a computed field is made of (CEL)."`
	Result     string            `help:"What a computed field is: text, number, boolean or date."`
	ShowIf     string            `help:"When the field takes a value (CEL)."`
	RequiredIf string            `help:"When the field needs a value (CEL)."`
	Sealed     bool              `help:"Stored encrypted."`
	Name       bool              `help:"Part of the name search."`
	Attestable bool              `help:"Staff attest it."`
	Reason     string            `help:"Why, for the history of the definition."`
	Issuable   bool              `help:"It may go into a credential."`
}

// Run defines the field.
func (c *fieldsAddCmd) Run(ctx context.Context, a *app) error {
	d, r, err := a.openRegistry(ctx, mustBeThere)
	if err != nil {
		return err
	}
	defer d.Close()
	f, err := r.DefineField(ctx, commandLine(), c.field(), c.Reason)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "Field %s is defined (number %d).\n", f.Key, f.No)
	return nil
}

func (c *fieldsAddCmd) field() registry.Field {
	f := registry.Field{
		Key: c.Key, Type: registry.FieldType(c.Type), Label: c.Label, Section: c.Section, Position: c.Position,
		Pattern: c.Pattern, Min: c.Min, Max: c.Max, MaxLength: c.MaxLength, IRI: c.IRI, Required: c.Required, Unique: c.Unique,
		Searchable: c.Searchable, Rule: c.Rule, Result: registry.FieldType(c.Result), ShowIf: c.ShowIf, RequiredIf: c.RequiredIf,
		Lookup: c.Lookup, Sealed: c.Sealed, Name: c.Name, Attestable: c.Attestable, Issuable: c.Issuable,
	}
	for _, text := range c.Choice {
		value, words, ok := strings.Cut(text, "=")
		if !ok {
			words = value
		}
		f.Choices = append(f.Choices, registry.Choice{Value: value, Label: map[string]string{"en": words}})
	}
	for _, role := range slices.Compact(c.EditBy) {
		f.EditBy = append(f.EditBy, registry.Role(role))
	}
	for _, role := range slices.Compact(c.SeeBy) {
		f.SeeBy = append(f.SeeBy, registry.Role(role))
	}
	return f
}
