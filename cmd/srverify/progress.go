package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// bar shows how far a batch is; a nil one shows nothing.
type bar struct{ drawn *progressbar.ProgressBar }

// newBar draws a bar where words go to a terminal and answers do not: on one terminal
// the answers themselves show how far it is.
func newBar(out, words io.Writer, many bool, list []source) *bar {
	if !many || !isTerminal(words) || isTerminal(out) {
		return nil
	}
	size := int64(len(list))
	for _, s := range list {
		if s.lines {
			size = -1 // nobody knows how many lines there are
		}
	}
	return &bar{progressbar.NewOptions64(size, progressbar.OptionSetWriter(words), progressbar.OptionSetDescription("checking"),
		progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))}
}

// add, clear and stop leave errors: a bar that cannot be drawn stops nothing.
func (b *bar) add() {
	if b != nil {
		_ = b.drawn.Add(1)
	}
}

// clear makes room for words.
func (b *bar) clear() {
	if b != nil {
		_ = b.drawn.Clear()
	}
}

func (b *bar) stop() {
	if b != nil {
		_ = b.drawn.Finish()
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
