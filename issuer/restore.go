package issuer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"socialregistry/internal/fault"
	"socialregistry/internal/secret"
	"socialregistry/issuer/journal"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/status"
)

// ErrWentBack says that the database went back in time while the service ran: a
// backup was put in its place. The service has to start again.
var ErrWentBack = errors.New("the database is older than it was: a backup was put in its place; start the service again")

// Restored says what a start found.
type Restored struct {
	Generation int64 // 0: the database was not brought back from a backup
	Again      int   // credentials that were withdrawn or suspended again
}

// Restored tells whether this start found a database that was brought back from a
// backup.
func (i *Issuer) Restored() Restored { return i.restored }

// openJournal opens the journal of this installation and compares the database
// with it. Codes, nonces and tokens of an earlier generation open no more: what
// was used up or revoked after the backup must not count again.
func (i *Issuer) openJournal(ctx context.Context, c Config) error {
	s, err := i.ledger.Standing(ctx)
	if err != nil {
		return err
	}
	if c.StateDir != "" {
		i.journal, err = journal.Open(filepath.Join(c.StateDir, s.Installation), i.derive(c.Master, "journal"))
		if err != nil {
			return err
		}
	}
	return i.begin(ctx, s, c.Master)
}

// begin finds out which generation it is, and derives what seals and hashes its codes,
// nonces and tokens.
func (i *Issuer) begin(ctx context.Context, s ledger.Standing, m secret.Master) error {
	if err := i.reconcile(ctx, s); err != nil {
		return err
	}
	name := fmt.Sprintf("k%d", i.generation)
	i.tokens = secret.NewTokens(name, i.derive(m, "tokens").Derive(name))
	i.refreshes = i.derive(m, "refresh-tokens").Derive(name)
	return nil
}

// join brings all issuers of a database to one generation, before any is served: one
// may have found out that a backup was put in its place when others had begun, and a
// quiet one has no trace of what was revoked after the backup. An issuer of an earlier
// generation than another's counts as brought back (see older), so two servers that
// start at once, and one that starts after another failed halfway, come to the same.
func (s *Issuers) join(ctx context.Context, m secret.Master) error {
	newest := int64(0)
	for _, i := range s.all {
		newest = max(newest, i.generation)
	}
	for _, i := range s.all {
		if i.generation == newest {
			continue
		}
		standing, err := i.ledger.Standing(ctx)
		if err == nil {
			err = i.begin(ctx, standing, m)
		}
		if err != nil {
			return fmt.Errorf("start the issuer %s: %w", i.url, err)
		}
	}
	return nil
}

// reconcile compares the database with the journal outside of it, before anything
// is issued or served. A database that is older than the journal was brought back
// from a backup: a new generation begins (see ledger.Recover). A journal that
// knows nothing of a database that has status lists is Conflict "no_journal":
// nobody can tell then what became of them.
func (i *Issuer) reconcile(ctx context.Context, s ledger.Standing) error {
	i.generation = s.Generation
	if i.journal == nil {
		return nil
	}
	known := i.journal.State()
	if err := i.checkJournal(ctx, s, known); err != nil {
		return err
	}
	older, err := i.older(ctx, s, known)
	if err != nil {
		return err
	}
	if older {
		why := ledger.Entry{Actor: "the issuer", Reason: "the database is older than the journal of this issuer or another"}
		if err := i.recover(ctx, s, known, why); err != nil {
			return err
		}
	}
	return i.KeepJournal(ctx)
}

// checkJournal refuses a journal that knows nothing of a database with status
// lists, unless a process that runs now vouches for the database: then this one
// only joins it.
func (i *Issuer) checkJournal(ctx context.Context, s ledger.Standing, known journal.State) error {
	if known.Generation > 0 || len(s.Lists) == 0 {
		return nil
	}
	vouched, err := i.ledger.Vouched(ctx)
	if err != nil || vouched {
		return err
	}
	return fault.New(fault.Conflict, "no_journal", fmt.Sprintf("The folder %s (in SR_STATE_DIR) holds no record of the status lists of this database."+
		" If the folder is new or was lost, and the database is no restored backup: socialregistry backup accept --reason WHY."+
		" If the database was restored from a backup: socialregistry backup restored --reason WHY."+
		" If another server has the folder, copy it from there.", i.journal.Dir()))
}

// recover begins the next generation.
func (i *Issuer) recover(ctx context.Context, s ledger.Standing, known journal.State, why ledger.Entry) error {
	next := max(s.Generation+1, known.Generation+1, s.Newest)
	again, err := i.ledger.Recover(ctx, recovery(next, known), why)
	if err != nil {
		return err
	}
	i.generation, i.restored = next, Restored{Generation: next, Again: i.restored.Again + again}
	return nil
}

func recovery(next int64, known journal.State) ledger.Recovery {
	r := ledger.Recovery{Generation: next}
	for id, l := range known.Lists {
		list := ledger.RecoveredList{StandingList: ledger.StandingList{Seq: l.Seq, Leased: l.Leased,
			StatusList: ledger.StatusList{ID: id, Kind: l.Kind, EndsAt: l.Ends, Size: l.Size}}}
		for index, state := range l.States {
			switch ledger.State(state) {
			case ledger.Withdrawn, ledger.Failed:
				list.Withdrawn = append(list.Withdrawn, index)
			case ledger.Suspended:
				list.Suspended = append(list.Suspended, index)
			}
		}
		r.Lists = append(r.Lists, list)
	}
	for kid := range known.Revoked {
		r.Revoked = append(r.Revoked, kid)
	}
	return r
}

// older says whether the journal knows of anything that the database does not, or
// another issuer of the database found that it was brought back.
func (i *Issuer) older(ctx context.Context, s ledger.Standing, known journal.State) (bool, error) {
	if s.Newest > s.Generation || known.Generation > s.Generation || known.WentBack >= s.Generation || known.Mark > markOf(s) {
		return true, nil
	}
	// A key that the database has not got says nothing: no recovery brings it there.
	if slices.ContainsFunc(s.Unrevoked, func(kid string) bool { return known.Revoked[kid] }) {
		return true, nil
	}
	lists := map[string]ledger.StandingList{}
	for _, l := range s.Lists {
		lists[l.ID] = l
	}
	for id, l := range known.Lists {
		stored, ok := lists[id]
		if !ok && l.Kind == "" {
			continue
		}
		if !ok || stored.Leased < l.Leased {
			return true, nil
		}
		back, err := i.cameBack(ctx, stored, l)
		if err != nil || back {
			return back, err
		}
	}
	return false, nil
}

// markOf says how far the life of the issuer has come, in an order of text.
func markOf(s ledger.Standing) string { return fmt.Sprintf("%010d/%s", s.Generation, s.Mark) }

// cameBack says whether anything that had ended is valid in the database, or has
// no credential there and is not void.
func (i *Issuer) cameBack(ctx context.Context, stored ledger.StandingList, known journal.List) (bool, error) {
	if len(known.States) == 0 {
		return false, nil
	}
	states, err := i.ledger.States(ctx, stored.ID)
	if err != nil {
		return false, err
	}
	for index, state := range known.States {
		now, there := states[index]
		if stored.VoidBelow > 0 && !there {
			continue
		}
		ended := state == string(ledger.Withdrawn) || state == string(ledger.Failed)
		if ended && now != ledger.Withdrawn && now != ledger.Failed {
			return true, nil
		}
	}
	return false, nil
}

// KeepJournal writes into the journal what any process has done since. Call it
// every few seconds. It returns ErrWentBack.
func (i *Issuer) KeepJournal(ctx context.Context) error {
	if i.journal == nil {
		return nil
	}
	before, mark := i.journal.Leased(), i.journal.Mark() // read first: the database is never behind them
	s, err := i.ledger.Standing(ctx)
	if err != nil {
		return err
	}
	if s.Generation > i.generation {
		return ErrWentBack
	}
	if s.Generation < i.generation || markOf(s) < mark || i.wentBack.Load() {
		return i.sawBackup()
	}
	lines := []journal.Line{{Generation: s.Generation}}
	for _, kid := range s.Revoked {
		lines = append(lines, journal.Line{Revoked: kid})
	}
	for _, l := range s.Lists {
		if l.Leased < before[l.ID] {
			return i.sawBackup()
		}
		delete(before, l.ID)
		lines = append(lines, journal.Line{List: l.ID, Kind: l.Kind, Ends: l.EndsAt, Seq: l.Seq, Size: l.Size, Leased: l.Leased})
		if i.seen[l.ID] == l.Revision {
			continue
		}
		entries, err := i.ledger.StatusEntries(ctx, l.ID)
		if err != nil {
			return err
		}
		lines = append(lines, i.statesOf(l.ID, entries)...)
	}
	if len(before) > 0 {
		return i.sawBackup()
	}
	if err := i.journal.Append(lines...); err != nil {
		return err
	}
	for _, l := range s.Lists {
		i.seen[l.ID] = l.Revision
	}
	if err := i.journal.SetMark(markOf(s)); err != nil {
		return err
	}
	return i.vouch(ctx)
}

// sawBackup remembers for this process and for the next start that the database
// went back: it may have caught up by then, and look as if it had not. It returns
// ErrWentBack.
func (i *Issuer) sawBackup() error {
	i.wentBack.Store(true)
	return errors.Join(ErrWentBack, i.journal.Append(journal.Line{WentBack: i.generation}))
}

// vouchEvery is how often a process says that the database is in order.
const vouchEvery = 5 * time.Second

func (i *Issuer) vouch(ctx context.Context) error {
	now := i.now()
	if now.Sub(i.vouched) < vouchEvery {
		return nil
	}
	if err := i.ledger.Vouch(ctx, i.process); err != nil {
		return err
	}
	i.vouched = now
	return nil
}

// Vouch lets an operator decide about a database whose journal is lost. Restored
// says that it was brought back from a backup: a new generation of all issuers begins.
// Otherwise it is taken as it is, and journals of other issuers that are there are left
// as they are. It returns Conflict "journal_there" if none is lost, and what New
// returns.
func Vouch(ctx context.Context, c Config, restored bool, by, reason string) (out Restored, err error) {
	names, err := issuerNames(ctx, c)
	if err != nil {
		return Restored{}, err
	}
	all, lost := make([]*Issuer, len(names)), 0
	for n, name := range names {
		if all[n], err = openForVouch(ctx, c, name); err != nil {
			return Restored{}, err
		}
		if all[n].journalLost() {
			lost++
		}
	}
	if lost == 0 {
		return Restored{}, fault.New(fault.Conflict, "journal_there", "The journal is there: start the service, and it finds out by itself whether the database was restored.")
	}
	for _, i := range all {
		if err := i.vouchFor(ctx, restored, ledger.Entry{Actor: by, Reason: reason}); err != nil {
			return Restored{}, err
		}
		out.Generation = max(out.Generation, i.restored.Generation)
		out.Again += i.restored.Again
	}
	return out, nil
}

// issuerNames are the names of all issuers of a database.
func issuerNames(ctx context.Context, c Config) ([]string, error) {
	named, err := ledger.New(c.DB, c.Now).NamedIssuers(ctx)
	names := []string{""}
	for _, n := range named {
		names = append(names, n.Name)
	}
	return names, err
}

// openForVouch makes as much of an issuer as Vouch needs.
func openForVouch(ctx context.Context, c Config, name string) (*Issuer, error) {
	i := &Issuer{name: name, ledger: ledger.New(c.DB, c.Now).Of(name), now: c.Now, seen: map[string]int64{}, process: secret.RandomID(8)}
	s, err := i.ledger.Standing(ctx)
	if err != nil {
		return nil, err
	}
	i.journal, err = journal.Open(filepath.Join(c.StateDir, s.Installation), i.derive(c.Master, "journal"))
	return i, err
}

func (i *Issuer) journalLost() bool { return i.journal.State().Generation == 0 }

// vouchFor is Vouch for one issuer.
func (i *Issuer) vouchFor(ctx context.Context, restored bool, why ledger.Entry) error {
	s, err := i.ledger.Standing(ctx)
	if err != nil {
		return err
	}
	i.generation = s.Generation
	switch {
	case restored:
		err = i.recover(ctx, s, i.journal.State(), why)
	case i.journalLost():
		err = i.ledger.Accept(ctx, why)
	default:
		return nil
	}
	if err != nil {
		return err
	}
	return i.KeepJournal(ctx)
}

// statesOf puts the entries of a list into lines. One that was suspended and has
// nothing to say any more was restored.
func (i *Issuer) statesOf(list string, entries []ledger.StatusEntry) []journal.Line {
	by, restored := map[ledger.State][]int64{}, i.journal.In(list, string(ledger.Suspended))
	for _, e := range entries {
		by[e.State] = append(by[e.State], e.Index)
		delete(restored, e.Index)
	}
	if len(restored) > 0 {
		by[ledger.Issued] = append(by[ledger.Issued], slices.Sorted(maps.Keys(restored))...)
	}
	var lines []journal.Line
	for state, indices := range by {
		lines = append(lines, journal.Line{List: list, State: string(state), Indices: indices})
	}
	return lines
}

// publish writes what a status list is about to show into the journal: what
// verifiers have seen end never comes back to life.
func (i *Issuer) publish(list ledger.StatusList, entries []ledger.StatusEntry) error {
	if i.journal == nil {
		return nil
	}
	return i.journal.Append(i.statesOf(list.ID, entries)...)
}

// lease takes the next block of a class of lists. It returns ErrWentBack if the
// journal knows that positions of it were leased before.
func (i *Issuer) lease(ctx context.Context, class listClass) (ledger.Block, error) {
	var before map[string]int64
	if i.journal != nil {
		before = i.journal.Leased() // read first: KeepJournal may write this very block
	}
	b, err := i.ledger.Lease(ctx, class.kind, class.ends, blockSize)
	if err == nil && b.First < before[b.List.ID] {
		err = i.sawBackup()
	}
	return b, err
}

// leased writes a block into the journal before any index of it is given.
func (i *Issuer) leased(b ledger.Block) error {
	if i.journal == nil {
		return nil
	}
	if i.wentBack.Load() {
		return ErrWentBack
	}
	return i.journal.Append(journal.Line{List: b.List.ID, Kind: b.List.Kind, Ends: b.List.EndsAt, Seq: b.Seq, Size: b.List.Size, Leased: b.First + b.Count})
}

// void gives the entries of a list that was restored which the database knows no
// credential of: they were given away and forgotten, so nobody could withdraw
// them any more.
func (i *Issuer) void(ctx context.Context, list ledger.StatusList) ([]ledger.StatusEntry, error) {
	if list.VoidBelow == 0 {
		return nil, nil
	}
	known, err := i.ledger.States(ctx, list.ID)
	if err != nil {
		return nil, err
	}
	var out []ledger.StatusEntry
	perm := status.NewPermutation(i.indices.key.Derive(list.ID), uint32(list.Size))
	for position := range uint32(list.VoidBelow) {
		index := int64(perm.At(position))
		if _, ok := known[index]; !ok {
			out = append(out, ledger.StatusEntry{Index: index, State: ledger.Failed})
		}
	}
	return out, nil
}
