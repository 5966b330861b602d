package demodata

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// MaxPeople is how many people have a national id and a telephone number of
// their own.
const MaxPeople = 50_000_000

// Options say which people to invent.
type Options struct {
	People int       // 0 to MaxPeople
	Seed   uint64    // the same seed gives the same people
	AsOf   time.Time // ages are reckoned on this day
}

// Header are the columns of the file.
func Header() []string {
	return []string{"National ID", "Given Name", "Family Name", "Sex", "Date of Birth", "Phone Number", "Email", "Region"}
}

// Write writes the header and o.People rows, household by household.
func Write(out io.Writer, o Options) error {
	if o.People < 0 || o.People > MaxPeople {
		return fmt.Errorf("demodata: number of people must be from 0 to %d", MaxPeople)
	}
	g, err := newGenerator(o.Seed, o.AsOf)
	if err != nil {
		return err
	}
	buf := bufio.NewWriterSize(out, 64<<10)
	w := csv.NewWriter(buf)
	if err := w.Write(Header()); err != nil {
		return err
	}
	for left := o.People; left > 0; {
		rows := g.household(left)
		if err := w.WriteAll(rows); err != nil {
			return err
		}
		left -= len(rows)
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	return buf.Flush()
}

// generator makes one household after the other.
type generator struct {
	rnd     *rand.Rand // seeded: nothing here is secret
	asOf    time.Time
	figures figures
	places  weights
	made    uint64
}

func newGenerator(seed uint64, asOf time.Time) (*generator, error) {
	f, err := readFigures()
	if err != nil {
		return nil, err
	}
	g := &generator{rnd: rand.New(rand.NewPCG(seed, 0)), asOf: asOf, figures: f}
	g.places = logNormal(g.rnd, len(f.Regions))
	return g, nil
}

// household gives the rows of one household of at most limit people. Its people
// share a family name, a place and the way they are named.
func (g *generator) household(limit int) [][]string {
	size := min(1+g.figures.sizes.pick(g.rnd), limit)
	p := g.figures.Peoples[g.figures.peoples.pick(g.rnd)]
	family, region := pick(g.rnd, p.Family), g.figures.Regions[g.places.pick(g.rnd)]
	rows := make([][]string, size)
	for i := range rows {
		bands, male := g.figures.others, g.figures.Male.Other
		if i == 0 {
			bands, male = g.figures.heads, g.figures.Male.Head
		}
		band := g.figures.AgeBands[bands.pick(g.rnd)]
		age := band.From + g.rnd.IntN(band.To-band.From+1)
		rows[i] = g.person(p, family, region, age, g.rnd.Float64() < male)
	}
	return rows
}

func (g *generator) person(p people, family, region string, age int, male bool) []string {
	no := g.made
	g.made++
	sex, given := "Female", pick(g.rnd, p.Female)
	if male {
		sex, given = "Male", pick(g.rnd, p.Male)
	}
	phone, email := "", ""
	if age >= 15 && g.rnd.Float64() < 0.7 {
		phone = fmt.Sprintf("%s9%08d", p.Dial, scatter(no, 100_000_000, 61_803_399))
		if g.rnd.Float64() < 0.3 {
			email = fmt.Sprintf("person%d@example.org", no+1)
		}
	}
	born := g.asOf.AddDate(-age, 0, -g.rnd.IntN(365)).Format(time.DateOnly)
	return []string{nationalID(no), given, family, sex, born, phone, email, region}
}

// nationalID gives the ten digits of person number n. The first is never 0, so
// that no spreadsheet drops it.
func nationalID(n uint64) string {
	return fmt.Sprintf("%d", 1_000_000_000+scatter(n, 9_000_000_000, 5_562_305_899))
}

// scatter maps 0..size-1 onto itself so that neighbours lie apart. step and
// size must have no common divisor.
func scatter(n, size, step uint64) uint64 { return (n%size*step + step/2) % size }

func pick(rnd *rand.Rand, list []string) string { return list[rnd.IntN(len(list))] }
