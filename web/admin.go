package web

import (
	"slices"

	"socialregistry/registry"
)

// peoplePage is how many people one page of a list has.
const peoplePage = 25

func findInput(l *locale, text string) input {
	return input{ID: "q", Kind: "search", Label: words{Text: l.t("people.find")}, Hint: words{Text: l.t("people.find_hint")}, Value: text, Dir: "auto", Autocomplete: "off", MaxLength: 200}
}

// registrars and attesters are the roles that pages name when they are needed,
// and for whom they show the buttons. What may be done is decided in registry.
func registrars() []registry.Role {
	return []registry.Role{registry.RoleRegistrar, registry.RoleFieldWorker, registry.RoleAdmin}
}

func attesters() []registry.Role { return []registry.Role{registry.RoleAttester, registry.RoleAdmin} }

// officers do what field workers do not: codes, files, the default version.
func officers() []registry.Role { return []registry.Role{registry.RoleRegistrar, registry.RoleAdmin} }

func mayRegister(a registry.Actor) bool { return slices.ContainsFunc(registrars(), a.Has) }

func isOfficer(a registry.Actor) bool { return slices.ContainsFunc(officers(), a.Has) }
