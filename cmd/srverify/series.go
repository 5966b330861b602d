package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"socialregistry/issuer/verify"
)

// A long credential is shown as a series of codes, each a part of its text:
// SRV1:<n>/<m>:<id>:<part>, in any order, and more than once.
const seriesMark = "SRV1:"

// Bounds of a series: a code holds no more than its longest part, and nobody scans more
// codes than two digits number.
const (
	maxPart   = 4296
	maxSeries = 64 // that are not whole, at once
)

var partForm = regexp.MustCompile(`^SRV1:([1-9]\d?)/([1-9]\d?):([A-Za-z0-9_-]{1,64}):([^\r\n]*)$`)

func isPart(data []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(data), []byte(seriesMark)) }

// part is one code of a series.
type part struct {
	place, size int
	id, text    string
}

func partOf(line string) (part, bool) {
	m := partForm.FindStringSubmatch(strings.TrimSpace(line))
	if m == nil || len(m[4]) > maxPart {
		return part{}, false
	}
	place, _ := strconv.Atoi(m[1])
	size, _ := strconv.Atoi(m[2])
	return part{place, size, m[3], m[4]}, place <= size
}

// notWhole is why a series is no credential.
type notWhole struct {
	outcome verify.Outcome
	reason  string
}

// joined puts the parts of one series together, which stand in lines.
func joined(data []byte) ([]byte, *notWhole) {
	texts := map[int]string{}
	var first part
	for line := range strings.Lines(strings.TrimSpace(string(data))) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		p, ok := partOf(line)
		if !ok {
			return nil, &notWhole{verify.UnreadableCode, "One of these codes is no part of a series."}
		}
		if first.id == "" {
			first = p
		}
		if text, twice := texts[p.place]; p.id != first.id || p.size != first.size || twice && text != p.text {
			return nil, &notWhole{verify.UnreadableCode, "These codes are parts of several series."}
		}
		texts[p.place] = p.text
	}
	var whole strings.Builder
	var missing []string
	for n := 1; n <= first.size; n++ {
		if text, ok := texts[n]; ok {
			whole.WriteString(text)
		} else {
			missing = append(missing, strconv.Itoa(n))
		}
	}
	if len(missing) > 0 {
		return nil, &notWhole{verify.IncompleteCode, fmt.Sprintf("Of %d codes these are missing: %s.", first.size, strings.Join(missing, ", "))}
	}
	return []byte(whole.String()), nil
}

// series gathers the parts that stand in lines, and gives each series as one, under the
// number of its first line. All other lines go by.
type series struct {
	give func(number int, line []byte) bool
	open []*gathering
}

// gathering is a series that is not whole.
type gathering struct {
	number int
	id     string
	size   int
	lines  map[int]string
}

func (s *series) line(number int, line []byte) bool {
	p, ok := partOf(string(line))
	if !ok {
		return s.give(number, line)
	}
	g := s.of(p, number)
	if text, twice := g.lines[p.place]; twice && text != p.text {
		return s.give(number, line) // it contradicts what was there, and stands alone
	}
	g.lines[p.place] = p.text
	switch {
	case len(g.lines) == g.size:
		return s.end(g)
	case len(s.open) > maxSeries:
		return s.end(s.open[0])
	}
	return true
}

// of finds the series that a part is of, or begins it.
func (s *series) of(p part, number int) *gathering {
	for _, g := range s.open {
		if g.id == p.id && g.size == p.size {
			return g
		}
	}
	g := &gathering{number: number, id: p.id, size: p.size, lines: map[int]string{}}
	s.open = append(s.open, g)
	return g
}

// rest gives those that never became whole.
func (s *series) rest() {
	for len(s.open) > 0 && s.end(s.open[0]) {
	}
}

// end gives a series and forgets it.
func (s *series) end(g *gathering) bool {
	var b strings.Builder
	for n := 1; n <= g.size; n++ {
		if text, ok := g.lines[n]; ok {
			fmt.Fprintf(&b, "%s%d/%d:%s:%s\n", seriesMark, n, g.size, g.id, text)
		}
	}
	for i, o := range s.open {
		if o == g {
			s.open = append(s.open[:i], s.open[i+1:]...)
			break
		}
	}
	return s.give(g.number, []byte(b.String()))
}
