package journal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"socialregistry/internal/secret"
)

// The files of a journal.
const (
	linesFile = "journal"
	markFile  = "mark"
)

// Journal is one folder. It is safe for concurrent use.
type Journal struct {
	dir string
	key secret.Key

	mu    sync.Mutex
	state State // guarded by mu
}

// Open reads the journal in a folder, which is made if there is none. Lines that
// are torn, or not made with this key, are counted and passed over.
func Open(dir string, key secret.Key) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the journal: %w", err)
	}
	if err := syncFolder(filepath.Dir(dir)); err != nil {
		return nil, fmt.Errorf("make the folder of the journal: %w", err)
	}
	j := &Journal{dir: dir, key: key, state: newState()}
	if err := j.readLines(); err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	if err := j.readMark(); err != nil {
		return nil, fmt.Errorf("read the mark of the journal: %w", err)
	}
	return j, nil
}

func (j *Journal) readLines() error {
	file, err := os.Open(filepath.Join(j.dir, linesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		if l, err := openLine(lines.Bytes(), j.key); err == nil {
			j.state.apply(l)
		} else {
			j.state.Torn++
		}
	}
	return lines.Err()
}

// Dir is the folder.
func (j *Journal) Dir() string { return j.dir }

// State gives what the journal says, as this process knows it.
func (j *Journal) State() State {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.state.clone()
}

// Append writes those lines that say anything new, all in one write, and returns
// when they are on the disk. The result of an error is unknown: write them again.
func (j *Journal) Append(lines ...Line) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var batch bytes.Buffer
	news := slices.DeleteFunc(split(lines), j.state.knows)
	for _, l := range news {
		sealed, err := l.seal(j.key)
		if err != nil {
			return fmt.Errorf("write the journal: %w", err)
		}
		// The newline comes first: it ends what a crash may have torn before.
		batch.WriteByte('\n')
		batch.Write(sealed)
	}
	if batch.Len() == 0 {
		return nil
	}
	if err := j.write(batch.Bytes()); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	for _, l := range news {
		j.state.apply(l)
	}
	return nil
}

// Leased gives, for each list, how many positions are known to be leased.
func (j *Journal) Leased() map[string]int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := map[string]int64{}
	for id, l := range j.state.Lists {
		if l.Kind != "" {
			out[id] = l.Leased
		}
	}
	return out
}

// Mark gives the furthest point of the issuer's life that is known, "" for none.
func (j *Journal) Mark() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.state.Mark
}

// In gives the indices of a list that were last heard of in a state.
func (j *Journal) In(list, state string) map[int64]bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := map[int64]bool{}
	for n, s := range j.state.Lists[list].States {
		if s == state {
			out[n] = true
		}
	}
	return out
}

// split keeps lines short.
func split(lines []Line) []Line {
	var out []Line
	for _, l := range lines {
		if len(l.Indices) == 0 {
			out = append(out, l)
			continue
		}
		for part := range slices.Chunk(l.Indices, maxIndices) {
			l.Indices = part
			out = append(out, l)
		}
	}
	return out
}

// write opens the file anew each time: a folder that was put in its place
// meanwhile is written too. A new file is on the disk when its folder is.
func (j *Journal) write(data []byte) error {
	path := filepath.Join(j.dir, linesFile)
	_, missing := os.Stat(path)
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err = file.Write(data); err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil || missing == nil {
		return err
	}
	return syncFolder(j.dir)
}

// syncFolder puts on the disk which files a folder holds.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// SetMark keeps how far the issuer's life had come, if that is further than what
// is kept: marks are ordered as text. The file is replaced as a whole.
func (j *Journal) SetMark(mark string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if mark <= j.state.Mark {
		return nil
	}
	sealed := fmt.Sprintf("%x %s\n", j.key.MAC([]byte("mark"), []byte(mark)), mark)
	temp, err := os.CreateTemp(j.dir, "."+markFile+"-*")
	if err != nil {
		return fmt.Errorf("write the mark of the journal: %w", err)
	}
	if _, err = io.WriteString(temp, sealed); err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), filepath.Join(j.dir, markFile))
	}
	if err != nil {
		return fmt.Errorf("write the mark of the journal: %w", errors.Join(err, os.Remove(temp.Name())))
	}
	if err := syncFolder(j.dir); err != nil {
		return fmt.Errorf("write the mark of the journal: %w", err)
	}
	j.state.Mark = mark
	return nil
}

// readMark takes a mark that cannot be read for none: the lines still stand.
func (j *Journal) readMark() error {
	raw, err := os.ReadFile(filepath.Join(j.dir, markFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	mac, mark, _ := strings.Cut(strings.TrimSuffix(string(raw), "\n"), " ")
	if secret.Equal(mac, fmt.Sprintf("%x", j.key.MAC([]byte("mark"), []byte(mark)))) {
		j.state.Mark = mark
	} else {
		j.state.Torn++
	}
	return nil
}
