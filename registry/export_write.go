package registry

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/registry/csvio"
	"socialregistry/registry/seal"
	"socialregistry/registry/xlsx"
)

// exportPartRows is how many rows are recorded, and then handed on, at a time.
const exportPartRows = 8192

// exportPartBytes hands rows on earlier where they are long.
const exportPartBytes = 4 << 20

// writeExport streams the rows of one moment and tells how many were handed on.
func (r *Registry) writeExport(ctx context.Context, a Actor, id uuid.UUID, w io.Writer, req ExportRequest, progress func(done, total int64)) (int64, error) {
	x := &exportWriter{r: r, ctx: ctx, id: id, out: w, progress: progress}
	err := r.db.Stream(ctx, func(tx *gorm.DB, rows db.Rows) error {
		plan, err := r.planExport(tx, a, req)
		if err != nil {
			return err
		}
		if progress != nil {
			if x.total, err = plan.count(tx); err != nil {
				return err
			}
		}
		if err := x.begin(plan); err != nil {
			return err
		}
		query, args := plan.query()
		if err := rows(query, args, x.row); err != nil {
			return err
		}
		return x.end()
	})
	if errors.Is(err, xlsx.ErrTooManyRows) {
		err = errTooManyRows()
	}
	return x.released, err
}

// exportFile is a file of rows.
type exportFile interface {
	Write(cells []string) error
	Flush() error
}

// exportWriter turns rows of the query into rows of the file. No byte of a row is
// handed on before it is recorded whose row it is.
type exportWriter struct {
	r        *Registry
	ctx      context.Context
	id       uuid.UUID // of the export
	out      io.Writer
	progress func(done, total int64) // may be nil

	plan     *exportPlan
	file     exportFile
	held     bytes.Buffer // written, and not handed on
	text     []byte       // of one row
	ends     []int        // of its cells in text
	cells    []string
	states   []decision  // by place of the field
	key      seal.Record // of the row
	opened   bool        // key is
	numbers  []int64     // whose rows are held
	parts    int
	written  int64
	released int64
	total    int64
}

// decision is what stands about one field.
type decision struct {
	state                           State
	status, comment, by, attestedAt string
}

func (x *exportWriter) begin(plan *exportPlan) (err error) {
	x.plan, x.states = plan, make([]decision, len(plan.fields))
	if x.file = exportFile(csvio.NewWriter(&x.held)); plan.req.Format == ExportXLSX {
		if x.file, err = xlsx.NewWriter(&x.held, "Registry"); err != nil {
			return err
		}
	}
	return x.file.Write(plan.headers())
}

// row is called for each row of the query.
func (x *exportWriter) row(cells [][]byte) error {
	number, err := counterOf(string(cells[cellNumber]))
	if err != nil {
		return err
	}
	if err := x.fill(cells); err != nil {
		return err
	}
	if err := x.file.Write(x.cells); err != nil {
		return err
	}
	x.written++
	x.numbers = append(x.numbers, number)
	if len(x.numbers) < exportPartRows && x.held.Len() < exportPartBytes {
		return nil
	}
	return x.release()
}

// fill makes the cells of one row of the file, in one string.
func (x *exportWriter) fill(cells [][]byte) error {
	x.opened = false
	values, err := x.open(cells)
	if err != nil {
		return err
	}
	if x.plan.states {
		if err := x.readStates(cells); err != nil {
			return err
		}
	}
	x.text, x.ends = x.text[:0], x.ends[:0]
	x.add(cells[cellNumber])
	x.add(cells[cellVersion])
	for i, def := range x.plan.fields {
		d, value := x.states[i], values[i]
		if x.plan.req.AttestedOnly && d.state != StateAttested {
			value = nil
		}
		x.add(value)
		if x.plan.req.Attestations && def.Attestable {
			if len(values[i]) == 0 {
				d = decision{}
			} else if d.state == "" {
				d.state = StateNew
			}
			x.add([]byte(cmp.Or(d.status, string(d.state))))
			x.add([]byte(d.comment))
			x.add([]byte(d.by))
			x.add([]byte(d.attestedAt))
		}
	}
	row, start := string(x.text), 0
	x.cells = x.cells[:0]
	for _, end := range x.ends {
		x.cells, start = append(x.cells, row[start:end]), end
	}
	return nil
}

func (x *exportWriter) add(cell []byte) {
	x.text = append(x.text, cell...)
	x.ends = append(x.ends, len(x.text))
}

// open gives the values of the fields, the sealed ones unsealed.
func (x *exportWriter) open(cells [][]byte) ([][]byte, error) {
	values := cells[x.plan.valuesAt:]
	if !x.plan.sealed {
		return values, nil
	}
	key, err := x.openKey(cells)
	if err != nil {
		return nil, err
	}
	open := make([][]byte, len(values))
	for i, def := range x.plan.fields {
		if open[i] = values[i]; !def.Sealed || len(values[i]) == 0 {
			continue
		}
		text, err := key.OpenText(sealedValue, def.Key, string(values[i]))
		if err != nil {
			return nil, err
		}
		open[i] = []byte(text)
	}
	return open, nil
}

// openKey gives the key of the record, opened when it is first asked for.
func (x *exportWriter) openKey(cells [][]byte) (seal.Record, error) {
	if x.opened {
		return x.key, nil
	}
	id, wrapped, err := x.plan.wrappedKey(cells)
	if err != nil {
		return seal.Record{}, err
	}
	x.key, err = x.r.keys.OpenRecord(id, wrapped)
	x.opened = err == nil
	return x.key, err
}

// readStates reads the decisions that stand into x.states.
func (x *exportWriter) readStates(cells [][]byte) error {
	clear(x.states)
	cell := cells[x.plan.statesAt]
	if len(cell) == 0 {
		return nil
	}
	for one := range strings.SplitSeq(string(cell), recordSeparator) {
		parts := strings.Split(one, unitSeparator)
		no, err := strconv.Atoi(parts[0])
		if err != nil {
			return fmt.Errorf("read the states of a download: %w", err)
		}
		d, err := x.decisionOf(cells, no, parts[1:])
		if err != nil {
			return err
		}
		for i, def := range x.plan.fields {
			if def.No == no {
				x.states[i] = d
			}
		}
	}
	return nil
}

// decisionOf reads what follows the field in the cell of decisions: see stateCell.
func (x *exportWriter) decisionOf(cells [][]byte, field int, parts []string) (decision, error) {
	if len(parts) != 6 || len(parts[5]) < 19 {
		return decision{state: StateAttested}, nil
	}
	at := parts[5] // 2006-01-02 15:04:05 or with a T, in UTC
	d := decision{state: State(parts[1]), status: parts[2], by: parts[4], attestedAt: at[:10] + "T" + at[11:19] + "Z"}
	if parts[3] == "" {
		return d, nil
	}
	seq, err := strconv.Atoi(parts[0])
	if err != nil {
		return d, fmt.Errorf("read the states of a download: %w", err)
	}
	key, err := x.openKey(cells)
	if err != nil {
		return d, err
	}
	d.comment, err = openComment(key, field, seq, parts[3])
	return d, err
}

// release records whose rows are held, and then hands them on.
func (x *exportWriter) release() error {
	if err := x.file.Flush(); err != nil {
		return err
	}
	if len(x.numbers) > 0 {
		if err := x.r.storeExportPart(x.ctx, x.id, x.parts, x.numbers); err != nil {
			return err
		}
		x.parts, x.numbers = x.parts+1, x.numbers[:0]
	}
	if _, err := x.out.Write(x.held.Bytes()); err != nil {
		return fmt.Errorf("write a download: %w", err)
	}
	x.held.Reset()
	x.released = x.written
	if x.progress != nil {
		x.progress(x.released, x.total)
	}
	return nil
}

func (x *exportWriter) end() error {
	if err := x.release(); err != nil {
		return err
	}
	closer, ok := x.file.(io.Closer)
	if !ok {
		return nil
	}
	if err := closer.Close(); err != nil {
		return err
	}
	return x.release()
}
