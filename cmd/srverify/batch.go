package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"socialregistry/issuer/verify"
)

// batch is one run over credentials: several are checked at once, and answered in
// their order.
type batch struct {
	*commandLine
	bundle *verify.Bundle
	at     time.Time
	out    io.Writer // answers
	words  io.Writer // all else
	many   bool      // it may be more than one
	bar    *bar

	told    map[verify.Outcome]int
	failed  int  // how many could not be read
	unheld  int  // how many were genuine, and not shown as was asked
	code    int  // of the worst
	stopped bool // by a signal
}

// task is one credential on its way through.
type task struct {
	source
	line   int    // of a file that is read by lines, from 1
	data   []byte // of such a line
	result verify.Result
	done   chan struct{} // closed when result, or err, is there
}

// run checks all, until ctx is done. It returns the error of writing an answer.
//
// It does not wait for its goroutines then: reading standard input cannot be called off,
// and the process is about to end.
func (b *batch) run(ctx context.Context, list []source, in io.Reader) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	work := make(chan *task)
	order := make(chan *task, 4*b.Jobs) // bounds how far the checks run ahead of the answers
	go func() {
		defer close(order)
		defer close(work)
		for _, s := range list {
			if !feed(ctx, s, in, work, order) {
				return
			}
		}
	}()
	for range b.Jobs {
		go func() {
			for t := range work {
				b.verify(t, in)
			}
		}()
	}
	return b.answers(ctx, order)
}

// feed hands out the credentials of a source; false means that it is time to stop.
func feed(ctx context.Context, s source, in io.Reader, work, order chan<- *task) bool {
	send := func(line int, data []byte, err error) bool {
		t := &task{source: s, line: line, data: data, done: make(chan struct{})}
		if err != nil {
			t.err = err
		}
		for _, to := range []chan<- *task{order, work} {
			select {
			case to <- t:
			case <-ctx.Done():
				return false
			}
		}
		return true
	}
	if s.err != nil || !s.lines {
		return send(0, nil, nil)
	}
	if s.name != stdin {
		f, err := os.Open(s.name)
		if err != nil {
			return send(0, nil, err)
		}
		defer f.Close() // it was only read
		in = f
	}
	going := true
	parts := series{give: func(number int, line []byte) bool {
		going = going && send(number, line, nil)
		return going
	}}
	err := eachLine(in, parts.line)
	if parts.rest(); err != nil {
		return send(0, nil, err)
	}
	return going
}

// verify fills in what became of a task.
func (b *batch) verify(t *task, in io.Reader) {
	defer close(t.done)
	if t.err == nil && t.line == 0 {
		t.data, t.err = readFile(t.name, in, maxCredential)
	}
	if t.err == nil {
		t.result = b.judge(t.data)
	}
	t.data = nil
}

func (b *batch) judge(data []byte) verify.Result {
	if isPart(data) {
		whole, err := joined(data)
		if err != nil {
			return verify.Unread(err.outcome, err.reason)
		}
		data = whole
	}
	if b.Nonce == nil {
		return b.bundle.Verify(data, b.at)
	}
	return b.bundle.VerifyHeld(data, b.at, verify.Binding{Nonce: *b.Nonce, Audience: *b.Audience})
}

// notHeld says whether a credential is good, and nobody showed to hold it though that
// was asked: it may be a copy, also of one from which the proof was cut off.
func (b *batch) notHeld(r verify.Result) bool {
	held := b.held(r)
	return held != nil && !*held && (r.Outcome == verify.Genuine || r.Outcome == verify.GenuineStatusUnknown)
}

// held says whether its holder signed what was asked for; nil if nothing was.
func (b *batch) held(r verify.Result) *bool {
	if b.Nonce == nil {
		return nil
	}
	held := slices.ContainsFunc(r.Checks, func(c verify.Check) bool { return c.Name == verify.CheckHolder && c.Result == verify.Passed })
	return &held
}

// answers tells them in their order.
func (b *batch) answers(ctx context.Context, order <-chan *task) error {
	for {
		select {
		case <-ctx.Done():
			b.stopped = true
			return nil
		case t, more := <-order:
			if !more {
				b.stopped = ctx.Err() != nil
				return nil
			}
			select {
			case <-ctx.Done():
				b.stopped = true
				return nil
			case <-t.done:
			}
			if err := b.tell(t); err != nil {
				return err
			}
			b.bar.add()
		}
	}
}

// tell counts and writes one answer.
func (b *batch) tell(t *task) error {
	if t.err != nil {
		b.failed++
		b.bar.clear()
		fmt.Fprintln(b.words, "srverify: read the credential:", clean(t.err.Error()))
	}
	if t.err == nil {
		b.count(t.result)
	}
	switch {
	case b.JSON:
		return b.object(t)
	case b.Quiet && b.many:
		return b.short(t)
	case t.err != nil:
		return nil
	case b.Quiet:
		_, err := fmt.Fprintln(b.out, b.word(t))
		return err
	}
	shown := text{lang: b.Lang, result: t.result, shown: b.bundle.Types[t.result.Type], at: b.at, notHeld: b.notHeld(t.result)}
	_, err := io.WriteString(b.out, shown.render(t.where()))
	return err
}

func (b *batch) count(r verify.Result) {
	b.told[r.Outcome]++
	b.code = worse(b.code, exitCode(r.Outcome))
	if b.notHeld(r) {
		b.unheld++
		b.code = worse(b.code, codeNotHeld)
	}
}

// where names a credential: its file, and its line there.
func (t *task) where() string {
	if t.line == 0 {
		return t.name
	}
	return t.name + ":" + strconv.Itoa(t.line)
}

// What stands where an outcome would: for a file that cannot be read, and for what is
// genuine but was not shown as was asked.
const (
	notRead          = "not_read"
	holderNotChecked = "holder_not_checked"
)

// word is the answer in one.
func (b *batch) word(t *task) string {
	switch {
	case t.err != nil:
		return notRead
	case t.result.Outcome == verify.Genuine && b.notHeld(t.result):
		return holderNotChecked
	}
	return string(t.result.Outcome)
}

func (b *batch) short(t *task) error {
	_, err := fmt.Fprintf(b.out, "%s\t%s\n", b.word(t), clean(t.where()))
	return err
}

// object writes one line of JSON.
func (b *batch) object(t *task) error {
	enc := json.NewEncoder(b.out)
	enc.SetEscapeHTML(false)
	if t.err != nil {
		return enc.Encode(struct {
			File  string `json:"file"`
			Error string `json:"error"`
		}{t.name, t.err.Error()})
	}
	return enc.Encode(struct {
		File string `json:"file"`
		Line int    `json:"line,omitempty"`
		verify.Result
		Held *bool  `json:"held,omitempty"` // whether its holder signed what --nonce asks for
		At   string `json:"at"`             // as of when it was checked
	}{t.name, t.line, t.result, b.held(t.result), b.at.UTC().Format(time.RFC3339)})
}

// end says what became of many, and gives the exit code.
func (b *batch) end() (int, error) {
	checked := 0
	for _, n := range b.told {
		checked += n
	}
	if b.many || b.stopped {
		fmt.Fprintln(b.words, "srverify: "+b.summary(checked))
	}
	switch {
	case b.stopped:
		return codeStopped, nil
	case b.failed > 0:
		return codeUnusable, nil
	case checked == 0:
		return 0, errors.New("there is nothing to check")
	}
	return b.code, nil
}

// summary counts the outcomes in one line.
func (b *batch) summary(checked int) string {
	s := strconv.Itoa(checked) + " checked"
	if b.stopped {
		s = "stopped, with " + s
	}
	var parts []string
	for _, o := range verify.Outcomes() {
		if n := b.told[o]; n > 0 {
			parts = append(parts, strconv.Itoa(n)+" "+string(o))
		}
	}
	if len(parts) > 0 {
		s += ": " + strings.Join(parts, ", ")
	}
	if b.unheld > 0 {
		s += "; of " + strconv.Itoa(b.unheld) + " nobody showed to hold it"
	}
	if b.failed > 0 {
		s += "; " + strconv.Itoa(b.failed) + " could not be read"
	}
	return s
}
