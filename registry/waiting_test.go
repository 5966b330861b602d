package registry_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"socialregistry/internal/fault"
	"socialregistry/registry"
	"socialregistry/registry/attestation"
)

// whoWaits gives the rows of waiting, or of what it has to hold, as lines of text.
func (x *fixture) whoWaits(t *testing.T, table string) []string {
	t.Helper()
	var rows []struct {
		ID     string `gorm:"column:id"`
		Queue  string
		Since  int64
		Fields string
	}
	err := x.DB.WithContext(t.Context()).Raw(`SELECT CAST(registrant_id AS text) AS id, queue, since, fields FROM ` + table).Scan(&rows).Error
	if err != nil {
		t.Fatal(err)
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		fields := strings.Split(r.Fields, ",")
		slices.Sort(fields)
		lines[i] = fmt.Sprint(r.ID, " ", r.Queue, " ", r.Since, fields)
	}
	slices.Sort(lines)
	return lines
}

// waitingHolds fails if what is kept is not what a recomputation gives.
func (x *fixture) waitingHolds(t *testing.T, after string) (kept []string) {
	t.Helper()
	kept, should := x.whoWaits(t, "waiting"), x.whoWaits(t, "waiting_now")
	if !slices.Equal(kept, should) {
		t.Fatalf("after %s\nkept   %s\nshould %s", after, strings.Join(kept, "\n       "), strings.Join(should, "\n       "))
	}
	return kept
}

// Whatever is done in whatever order, the queues are those that values, decisions
// and definitions say.
func TestTheQueuesFollowWhateverIsDone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, x *fixture) {
		const seed = 20_261_123
		w := &wanderer{fixture: x, random: rand.New(rand.NewPCG(seed, seed))}
		x.define(t, registry.Field{Key: "income", Type: registry.TypeText, Label: label("Income"), Attestable: true, Attestation: attestation.Policy{ValidDays: 20}})
		x.define(t, registry.Field{Key: "ward", Type: registry.TypeText, Label: label("Ward"), Attestable: true, Attestation: attestation.Policy{Attesters: 2}})
		x.define(t, registry.Field{Key: "note", Type: registry.TypeText, Label: label("Note")})
		did, held := map[string]int{}, map[string]bool{}
		for i := range 200 {
			x.Clock.Add(time.Duration(1+w.random.IntN(72)) * time.Hour)
			name := w.step(t)
			did[name]++
			for _, line := range x.waitingHolds(t, fmt.Sprintf("step %d: %s", i, name)) {
				held[strings.Fields(line)[1]] = true
			}
		}
		for _, s := range w.steps() {
			if did[s.name] == 0 {
				t.Errorf("never did: %s", s.name)
			}
		}
		if len(held) != 6 {
			t.Errorf("only some queues were used: %v", held)
		}
		if found := x.drift(t); len(found) != 0 {
			t.Errorf("drift: %v", found)
		}
		for _, q := range registry.Queues() {
			x.pagesOf(t, q)
		}
	})
}

// pagesOf reads a queue page by page: the oldest first, everybody once, as many as
// are counted.
func (x *fixture) pagesOf(t *testing.T, q registry.Queue) (all []uuid.UUID) {
	t.Helper()
	var last time.Time
	for after := ""; ; {
		page, err := x.QueuePage(t.Context(), attester(), q, after, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.People {
			waits := page.Waits[p.ID]
			if len(waits) == 0 || waits[0].Since.Before(last) || slices.Contains(all, p.ID) {
				t.Errorf("%s: %s waits for %v after %s", q, p.ID, waits, last)
				continue
			}
			last = waits[0].Since
			all = append(all, p.ID)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if n, err := x.QueueCount(t.Context(), attester(), q); err != nil || n != len(all) {
		t.Errorf("%s counts %d, %v, and lists %d", q, n, err, len(all))
	}
	return all
}

// wanderer does one thing after the other.
type wanderer struct {
	*fixture
	random *rand.Rand
	people []uuid.UUID
	files  int         // of new people
	undone []uuid.UUID // imports that can be taken back
}

type wanderStep struct {
	name string
	do   func(t *testing.T) error
}

func (w *wanderer) steps() []wanderStep {
	return []wanderStep{
		{"register", w.doRegister}, {"edit", w.doEdit}, {"edit again", w.doEdit}, {"attest", w.doAttest}, {"attest again", w.doAttest}, {"attest more", w.doAttest},
		{"propose", w.doPropose}, {"resubmit", w.doResubmit}, {"define", w.doDefine}, {"define again", w.doDefine}, {"name a version", w.doVersion}, {"switch", w.doSwitch}, {"switch many", w.doSwitchMany},
		{"import", w.doImport}, {"update", w.doUpdate}, {"undo", w.doUndo}, {"decide by file", w.doDecide}, {"expire", w.doExpire}, {"group", w.doGroup},
	}
}

// step does something. That it is refused is no mistake: so is much of what people try.
func (w *wanderer) step(t *testing.T) string {
	t.Helper()
	steps := w.steps()
	s := steps[w.random.IntN(len(steps))]
	if len(w.people) < 4 {
		s = steps[0]
	}
	var f *fault.Error
	if err := s.do(t); err != nil && (!errors.As(err, &f) || f.Kind == fault.Internal) {
		t.Fatalf("%s: %v", s.name, err)
	}
	return s.name
}

func (w *wanderer) somebody(t *testing.T) registry.Person {
	t.Helper()
	p, err := w.Person(t.Context(), admin(), w.people[w.random.IntN(len(w.people))])
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (w *wanderer) one(of ...string) string { return of[w.random.IntN(len(of))] }

// values are some, with others gone.
func (w *wanderer) values() map[string]string {
	set := map[string]string{}
	for _, key := range []string{"region", "income", "ward", "sex", "email", "note"} {
		if w.random.IntN(2) == 0 {
			set[key] = map[string]string{"region": w.one("Coast", "Rift", ""), "income": w.one("low", "high", ""), "ward": w.one("North", "South", ""),
				"sex": w.one("male", "female"), "note": w.one("x", "y"), "email": w.one("a@example.org", "b@example.org", "")}[key]
		}
	}
	return set
}

func (w *wanderer) doRegister(t *testing.T) error {
	set := w.values()
	set["full_name"] = fmt.Sprint("Person ", len(w.people))
	p, err := w.Register(t.Context(), registrar(), registry.Change{Set: set, Reason: "visit"})
	if err == nil {
		w.people = append(w.people, p.ID)
	}
	return err
}

func (w *wanderer) doEdit(t *testing.T) error {
	p := w.somebody(t)
	_, err := w.Edit(t.Context(), admin(), p.ID, registry.Change{Set: w.values(), Reason: "visit", ExpectVersion: p.VersionNo})
	return err
}

func (w *wanderer) doAttest(t *testing.T) error {
	p := w.somebody(t)
	var list []registry.Decision
	for _, key := range []string{"full_name", "region", "income", "ward", "sex"} {
		if p.Values[key].Text != "" && w.random.IntN(2) == 0 {
			state := []registry.State{registry.StateAttested, registry.StateAttested, registry.StateRejected, registry.StateRevoked, registry.StateNew}[w.random.IntN(5)]
			list = append(list, registry.Decision{Field: key, State: state, Comment: "seen"})
		}
	}
	who := attester()
	if who.Name = w.one("one", "two"); len(list) == 0 {
		return nil
	}
	return w.Attest(t.Context(), who, p.ID, p.VersionNo, list[:1+w.random.IntN(len(list))])
}

// doPropose is one of two attesters.
func (w *wanderer) doPropose(t *testing.T) error {
	p := w.somebody(t)
	if _, err := w.Edit(t.Context(), admin(), p.ID, registry.Change{Set: map[string]string{"ward": w.one("East", "West")}, Reason: "visit", ExpectVersion: p.VersionNo}); err != nil {
		return err
	}
	p, err := w.Person(t.Context(), admin(), p.ID)
	if err != nil {
		t.Fatal(err)
	}
	return w.Attest(t.Context(), attester(), p.ID, p.VersionNo, []registry.Decision{{Field: "ward", State: registry.StateAttested}})
}

// doResubmit is a rejection, an appeal against it or not, and another value after it.
func (w *wanderer) doResubmit(t *testing.T) error {
	p := w.somebody(t)
	if p.Values["sex"].Text == "" {
		p = w.edit(t, p, map[string]string{"sex": "female"})
	}
	err := w.Attest(t.Context(), attester(), p.ID, p.VersionNo, []registry.Decision{{Field: "sex", State: registry.StateRejected, Comment: "no proof"}})
	if err == nil && w.random.IntN(2) == 0 {
		_, err = w.AppealDecision(t.Context(), self(p.ID), p.ID, "sex", "It is right.")
	}
	if err != nil || w.random.IntN(3) == 0 {
		return err
	}
	w.waitingHolds(t, "a rejection")
	_, err = w.Edit(t.Context(), admin(), p.ID, registry.Change{Set: map[string]string{"sex": map[string]string{"female": "male"}[p.Values["sex"].Text]}, Reason: "visit", ExpectVersion: p.VersionNo})
	return err
}

func (w *wanderer) doDefine(t *testing.T) error {
	key := w.one("income", "ward", "region", "note")
	f, err := w.Field(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case f.Retired:
		_, err = w.ReviveField(t.Context(), admin(), key, f.Version, "again")
	case f.Attestable:
		_, err = w.RetireField(t.Context(), admin(), key, f.Version, "no more")
	case len(w.people) > 12:
		f.Attestable = true
		_, err = w.UpdateField(t.Context(), admin(), f, "otherwise")
	}
	return err
}

func (w *wanderer) doVersion(t *testing.T) error {
	p := w.somebody(t)
	_, err := w.AddVersion(t.Context(), admin(), p.ID, w.one("Survey", "Census"), registry.Change{Set: w.values(), Reason: "visit", ExpectVersion: p.VersionNo}, w.random.IntN(2) == 0)
	return err
}

func (w *wanderer) doSwitch(t *testing.T) error {
	p := w.somebody(t)
	_, err := w.SetDefault(t.Context(), admin(), p.ID, 1+w.random.IntN(p.LatestNo), p.VersionNo, "so it was")
	return err
}

func (w *wanderer) doSwitchMany(t *testing.T) error {
	_, err := w.SetDefaultByLabel(t.Context(), admin(), registry.DefaultSwitch{Label: w.one("Survey", "Census"), ExpectCount: 1000, Reason: "all"})
	return err
}

func (w *wanderer) doImport(t *testing.T) error {
	w.files++
	text := "full_name,national_id,region,income,sex\n"
	for i := range 3 {
		text += fmt.Sprintf("Row %d,KE-%d-%d,%s,%s,\n", i, w.files, i, w.one("Coast", "Rift"), w.one("low", ""))
	}
	return w.file(t, registry.ImportCreate, text)
}

// file imports one, and knows whom it made.
func (w *wanderer) file(t *testing.T, mode registry.ImportMode, text string) error {
	res, err := w.Import(t.Context(), admin(), strings.NewReader(text), registry.ImportOptions{Name: "a.csv", Mode: mode, Reason: "by file"})
	if err == nil && res.Created+res.Updated > 0 {
		w.undone = append(w.undone, res.Batch)
	}
	if err != nil || mode != registry.ImportCreate {
		return err
	}
	page, err := w.Search(t.Context(), admin(), registry.Query{Limit: 200})
	for _, p := range page.People {
		if !slices.Contains(w.people, p.ID) {
			w.people = append(w.people, p.ID)
		}
	}
	return err
}

func (w *wanderer) doUpdate(t *testing.T) error {
	if w.files == 0 {
		return nil
	}
	text := "national_id,region,income\n"
	for i := range 3 {
		text += fmt.Sprintf("KE-%d-%d,%s,%s\n", 1+w.random.IntN(w.files), i, w.one("Coast", "Rift", "Nyanza"), w.one("low", "high"))
	}
	return w.file(t, registry.ImportUpdate, text)
}

func (w *wanderer) doUndo(t *testing.T) error {
	if len(w.undone) == 0 {
		return nil
	}
	i := w.random.IntN(len(w.undone))
	id := w.undone[i]
	w.undone = slices.Delete(w.undone, i, i+1)
	undo, err := w.UndoImport(t.Context(), admin(), id, "the wrong file")
	if err == nil {
		_, err = w.CheckImport(t.Context(), admin(), undo, nil)
	}
	if err == nil {
		_, err = w.ApplyImport(t.Context(), admin(), undo, nil)
	}
	return err
}

func (w *wanderer) doDecide(t *testing.T) error {
	text := "registration_number,region,region:attestation,sex,sex:attestation,income,income:attestation\n"
	for _, id := range w.people {
		p, err := w.Person(t.Context(), admin(), id)
		if err != nil {
			t.Fatal(err)
		}
		if w.random.IntN(3) > 0 {
			continue
		}
		text += p.Number
		for _, key := range []string{"region", "sex", "income"} {
			value, state := p.Values[key].Text, w.one("ATTESTED", "REJECTED", "")
			if value == "" {
				state = ""
			}
			text += "," + value + "," + state
		}
		text += "\n"
	}
	carries := registry.CarriesAttestations
	who := attester()
	if w.random.IntN(2) == 0 {
		carries, who = registry.CarriesBoth, admin()
	}
	text = strings.ReplaceAll(text, "REJECTED", "ATTESTED") // a rejection needs a column of words
	_, err := w.Import(t.Context(), who, strings.NewReader(text), registry.ImportOptions{Name: "d.csv", Mode: registry.ImportUpdate, Carries: carries, Reason: "by file"})
	return err
}

func (w *wanderer) doExpire(t *testing.T) error {
	_, err := w.ExpireAttestations(t.Context(), registry.System())
	return err
}

func (w *wanderer) doGroup(t *testing.T) error {
	_, err := w.CreateGroup(t.Context(), admin(), registry.HouseholdKind, registry.Change{Set: map[string]string{}, Reason: "visit"},
		[]registry.NewMember{{MemberID: w.somebody(t).ID, Role: registry.HeadRole}})
	return err
}
