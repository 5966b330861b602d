package registry

import (
	"maps"
	"strconv"

	"socialregistry/registry/seal"
)

// replay is what a change log makes of a record when it is played from its
// beginning. After every entry the record is its default version.
//
//	values alone                 an edit: they make the next version, and it is the default
//	KindVersion                  the next version, with a name if it has one; its values are the record's with
//	                             those of KindVersionValue, or of the record as it is now
//	KindDefault                  the default moves, and the values say what that changes
type replay struct {
	key      seal.Record
	text     map[string]string // the record
	versions []replayed        // 1, 2, 3, ...
	number   int               // of the default; 0: the person is not registered yet
	ids      map[string]string // members of identifiers, by their name in the log
}

// replayed is one version as the log tells it.
type replayed struct {
	label string
	basis int // see Version.Basis
	text  map[string]string
}

func newReplay(key seal.Record) *replay {
	return &replay{key: key, text: map[string]string{}, ids: map[string]string{}}
}

// play does what an entry did, and tells whether the default version became
// another. It returns an error that wraps ErrChainBroken.
func (p *replay) play(row changeRow) (moved bool, err error) {
	diff, err := row.diff(p.key)
	if err != nil {
		return false, broken("entry %d cannot be opened", row.ChainNo)
	}
	before := p.number
	named, chosen, aside := p.split(diff)
	if !p.change(p.text, diff, "") {
		return false, broken("entry %d does not start from the value before", row.ChainNo)
	}
	if !p.identify(diff) {
		return false, broken("entry %d does not start from the identifier before", row.ChainNo)
	}
	edited := row.ChainNo == 1 || hasValues(diff)
	switch {
	case named != nil && !p.addNamed(*named, aside):
		return false, broken("entry %d makes a version that cannot follow", row.ChainNo)
	case named == nil && chosen == nil && edited:
		p.versions = append(p.versions, replayed{text: maps.Clone(p.text)})
		p.number = len(p.versions)
	}
	if chosen != nil && !p.choose(*chosen) {
		return false, broken("entry %d chooses a version that is not there", row.ChainNo)
	}
	if p.number > 0 && !maps.Equal(p.versions[p.number-1].text, p.text) {
		return false, broken("after entry %d the record is not its default version", row.ChainNo)
	}
	return p.number != before, nil
}

// split picks out what a diff says of versions.
func (p *replay) split(diff []diffEntry) (named, chosen *diffEntry, aside []diffEntry) {
	for i, d := range diff {
		switch d.Kind {
		case KindVersion:
			named = &diff[i]
		case KindDefault:
			chosen = &diff[i]
		case KindVersionValue:
			aside = append(aside, d)
		}
	}
	return named, chosen, aside
}

func hasValues(diff []diffEntry) bool {
	for _, d := range diff {
		if d.Kind == "" {
			return true
		}
	}
	return false
}

// change applies the entries of one kind to text, each from the value before.
func (p *replay) change(text map[string]string, diff []diffEntry, kind string) bool {
	for _, d := range diff {
		if d.Kind != kind {
			continue
		}
		if text[d.Field] != d.Old {
			return false
		}
		if text[d.Field] = d.New; d.New == "" {
			delete(text, d.Field)
		}
	}
	return true
}

func (p *replay) addNamed(d diffEntry, aside []diffEntry) bool {
	text := maps.Clone(p.text)
	if d.Old != strconv.Itoa(p.number) || d.New != strconv.Itoa(len(p.versions)+1) || !p.change(text, aside, KindVersionValue) {
		return false
	}
	p.versions = append(p.versions, replayed{label: d.Comment, text: text})
	return true
}

func (p *replay) choose(d diffEntry) bool {
	n, err := strconv.Atoi(d.New)
	if err != nil || n < 1 || n > len(p.versions) || d.Old != strconv.Itoa(p.number) {
		return false
	}
	p.number = n
	if d.Comment != "" {
		basis, err := strconv.Atoi(d.Comment)
		p.versions[n-1].basis = basis
		return err == nil && 0 < basis && basis < n
	}
	return true
}
