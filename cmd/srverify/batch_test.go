package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	main "socialregistry/cmd/srverify"
	"socialregistry/issuer/sdjwt"
)

// answered gives the outcomes of --quiet, each with its file from the desk on.
func (d *desk) answered(out string) string {
	return strings.ReplaceAll(out, d.dir+string(filepath.Separator), "")
}

func TestFolders(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.folder("in/b/deeper")
	d.folder("in/.git")
	d.folder("in/none")
	for name, entry := range map[string]int{"in/a.txt": 0, "in/c": 1, "in/b/2": 2, "in/b/10": 0, "in/b/deeper/x": 99, "in/.hidden": 1, "in/.git/object": 1, "outside": 1} {
		d.credential(name, entry, nil)
	}
	if err := os.Symlink(filepath.Join(d.dir, "outside"), filepath.Join(d.dir, "in", "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(d.dir, "in"), filepath.Join(d.dir, "way")); err != nil {
		t.Fatal(err)
	}
	want := "genuine\tin/a.txt\ngenuine\tin/b/10\nsuspended\tin/b/2\ngenuine_status_unknown\tin/b/deeper/x\nwithdrawn\tin/c\n"
	const told = "srverify: 5 checked: 2 genuine, 1 genuine_status_unknown, 1 withdrawn, 1 suspended\n"
	out, words, code := d.run(nil, "--quiet", filepath.Join(d.dir, "in"))
	if d.answered(out) != want || words != told || code != 3 {
		t.Errorf("%d, %q\n%s", code, words, out)
	}
	if out, _, _ := d.run(nil, "--quiet", filepath.Join(d.dir, "way")); d.answered(out) != strings.ReplaceAll(want, "in/", "way/") {
		t.Errorf("by a link that is named:\n%s", out)
	}
}

// The bundle often lies beside the credentials: it is none of them.
func TestFolderLeavesOutBundleAndPins(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.credential("a", 0, nil)
	d.folder("sub")
	d.write("sub/bundle.json", []byte("another file of that name"))
	d.write("pins", []byte("{}"))
	out, _, code := d.run(nil, "--quiet", "--pins", filepath.Join(d.dir, "pins"), d.dir)
	if d.answered(out) != "genuine\ta\nunreadable_code\tsub/bundle.json\n" || code != 5 {
		t.Errorf("%d\n%s", code, out)
	}
}

func TestFoldersAreBounded(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	deep := filepath.Join("in", filepath.Join(strings.Split(strings.Repeat("f", 17), "")...))
	d.folder(deep)
	d.credential(filepath.Join(filepath.Dir(deep), "ok"), 0, nil)
	d.credential(filepath.Join(deep, "too deep"), 0, nil)
	out, words, code := d.run(nil, "--quiet", filepath.Join(d.dir, "in"))
	if !strings.Contains(out, "genuine\t") || !strings.Contains(out, "not_read\t") || strings.Contains(out, "too deep") || !strings.Contains(words, "more than 16 folders") || code != 2 {
		t.Errorf("%d, %q\n%s", code, words, out)
	}
	d.folder("many")
	for i := range 3 {
		d.credential(fmt.Sprintf("many/%d", i), 0, nil)
	}
	if _, words, code := d.run(nil, "--max-files=3", "--quiet", filepath.Join(d.dir, "many")); code != 0 {
		t.Errorf("as many as may be: %d, %s", code, words)
	}
	if out, words, code := d.run(nil, "--max-files=2", "--quiet", filepath.Join(d.dir, "many")); code != 2 || out != "" || !strings.Contains(words, "more than 2 files") {
		t.Errorf("one too many: %d, %q, %s", code, out, words)
	}
}

func TestOnePerLine(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var lines []string
	for i := range 3 {
		raw, err := os.ReadFile(d.credential("x", i, nil))
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.TrimSpace(string(raw)))
	}
	text, err := json.Marshal(lines[1])
	if err != nil {
		t.Fatal(err)
	}
	content := lines[0] + "\r\n\n  \n" + string(text) + "\n" + strings.Repeat("x", 9<<20) + "\n" + lines[2]
	const want = "genuine\tFILE:1\nwithdrawn\tFILE:4\nunreadable_code\tFILE:5\nsuspended\tFILE:6\n"
	for _, c := range []struct {
		file string
		args []string
	}{{"list.jsonl", nil}, {"LIST.NDJSON", nil}, {"list.txt", []string{"--lines"}}} {
		file := d.write(c.file, []byte(content))
		out, words, code := d.run(nil, append(c.args, "--quiet", file)...)
		if d.answered(out) != strings.ReplaceAll(want, "FILE", c.file) || code != 3 || !strings.HasPrefix(words, "srverify: 4 checked: ") {
			t.Errorf("%s: %d, %q\n%s", c.file, code, words, out)
		}
	}
	out, _, _ := d.run(strings.NewReader(content), "--quiet", "--lines", "-")
	if out != strings.ReplaceAll(want, "FILE", "-") {
		t.Errorf("standard input:\n%s", out)
	}
	out, _, _ = d.run(strings.NewReader(content), "--json", "--lines", "-")
	objects := strings.Split(strings.TrimSpace(out), "\n")
	if len(objects) != 4 || !strings.HasPrefix(objects[1], `{"file":"-","line":4,"outcome":"withdrawn"`) {
		t.Errorf("JSON:\n%s", out)
	}
	if out, words, code := d.run(strings.NewReader("\n\n"), "--lines", "-"); code != 2 || out != "" || !strings.Contains(words, "nothing to check") {
		t.Errorf("nothing: %d, %q, %q", code, out, words)
	}
}

// failing is a reader that breaks off.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestWhatCannotBeReadEndsNoBatch(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	missing, list := filepath.Join(d.dir, "missing\x1b"), filepath.Join(d.dir, "none.jsonl")
	a, b := d.credential("a", 0, nil), d.credential("b", 1, nil)
	out, words, code := d.run(nil, "--quiet", a, missing, list, b)
	if d.answered(out) != "genuine\ta\nnot_read\tmissing\uFFFD\nnot_read\tnone.jsonl\nwithdrawn\tb\n" || code != 2 {
		t.Errorf("%d\n%s", code, out)
	}
	if !strings.HasSuffix(words, "srverify: 2 checked: 1 genuine, 1 withdrawn; 2 could not be read\n") || strings.Contains(words, "\x1b") || strings.Count(words, "\n") != 3 {
		t.Errorf("%q", words)
	}
	out, _, _ = d.run(nil, "--json", missing, b)
	var first struct{ File, Error, Outcome string }
	lines := strings.Split(out, "\n")
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || first.File != missing || first.Error == "" || first.Outcome != "" || !strings.Contains(lines[1], "withdrawn") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, args := range [][]string{{"--lines", "-"}, {"-"}} {
		if out, words, code := d.run(failing{}, args...); code != 2 || out != "" || !strings.Contains(words, "read the credential: unexpected EOF") {
			t.Errorf("%q: %d, %q, %q", args, code, out, words)
		}
	}
}

// However many are checked at once, the answers are those of one after the other.
func TestAnswersKeepTheirOrder(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.folder("in")
	for i := range 120 {
		d.credential(fmt.Sprintf("in/%03d", i), i%4, nil)
	}
	want, _, _ := d.run(nil, "--jobs=1", "--json", filepath.Join(d.dir, "in"))
	if strings.Count(want, "\n") != 120 {
		t.Fatal(want)
	}
	for _, jobs := range []string{"2", "16", "256"} {
		if out, _, code := d.run(nil, "--jobs", jobs, "--json", filepath.Join(d.dir, "in")); out != want || code != 3 {
			t.Errorf("%s jobs: %d, or other answers", jobs, code)
		}
	}
}

// notify tells when so many lines were written.
type notify struct {
	bytes.Buffer
	lines int
	then  func()
}

func (n *notify) Write(b []byte) (int, error) {
	if n.lines -= bytes.Count(b, []byte("\n")); n.lines == 0 {
		n.then()
	}
	return n.Buffer.Write(b)
}

// A signal ends it, also while standard input gives nothing; what was answered is told.
func TestStopped(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	raw, err := os.ReadFile(d.credential("a", 0, nil))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	in, write := io.Pipe()
	t.Cleanup(func() { write.Close() })
	go write.Write(bytes.Repeat(raw, 2)) // and no end
	out, words := notify{lines: 2, then: stop}, bytes.Buffer{}
	code := main.Run(ctx, []string{"--unsigned", "--quiet", "--lines", "--bundle", filepath.Join(d.dir, "bundle.json"), "-"}, in, &out, &words, now)
	if code != 130 || out.String() != "genuine\t-:1\ngenuine\t-:2\n" || words.String() != "srverify: stopped, with 2 checked: 2 genuine\n" {
		t.Errorf("%d, %q, %q", code, &out, &words)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestAnAnswerThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var words bytes.Buffer
	if code := main.Run(t.Context(), []string{"--unsigned", "--bundle", filepath.Join(d.dir, "bundle.json"), d.credential("a", 0, nil)}, nil, full{}, &words, now); code != 2 || !strings.HasPrefix(words.String(), "srverify: write the answer") {
		t.Errorf("%d, %q", code, &words)
	}
}

// A picture is told by its kind and size: its bytes are nothing to read.
func TestPicturesAreNotPrinted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	picture := "data:image/webp;base64," + strings.Repeat("QUJD", 200) + "QQ=="
	file := d.credential("a", 0, func(i *sdjwt.Issue) {
		i.Disclose["photo"] = picture
		i.Disclose["all"] = map[string]any{"faces": []any{picture, "data:audio/wav;base64,QUI="}}
		i.Disclose["story"] = strings.Repeat("é", 401)
	})
	out, _, _ := d.run(nil, file)
	for _, want := range []string{
		"photo        (image/webp, 601 bytes)\n",
		`["(image/webp, 601 bytes)","(audio/wav, 2 bytes)"]`,
		"story        " + strings.Repeat("é", 80) + "… (401 characters)\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if out, _, _ := d.run(nil, "--json", file); !strings.Contains(out, picture) {
		t.Error("JSON leaves it out")
	}
	for _, c := range []struct {
		in   any
		want string
	}{
		{strings.Repeat("é", 400), strings.Repeat("é", 400)}, {[]byte{1, 2, 3}, "(data, 3 bytes)"},
		{"data:image/\x1b[2J;base64,QQ", "(image/\uFFFD[2J, 1 bytes)"},
		{"data:text/html;base64,QQ==", "(text/html, 1 bytes)"}, {"data:" + strings.Repeat("x", 41) + ";base64,QQ==", "(data, 1 bytes)"}, {"image;base64,QQ==", "image;base64,QQ=="}, {nil, "null"}, {true, "true"},
	} {
		if got := main.Value(c.in); got != c.want {
			t.Errorf("%v: %q, want %q", c.in, got, c.want)
		}
	}
}
