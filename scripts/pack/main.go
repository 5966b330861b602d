// Command pack makes what scripts/dist.sh gives out, the same bytes from the same input
// wherever it runs:
//
//	pack command BINARY OUT [NPM...]    an archive of a command, with its SBOM and the licences of what is in it
//	pack folder BINARY NAME FOLDER OUT [NPM...]    an archive of a folder under that name, with its SBOM, of the
//	    version that a command of the same commit has
//	pack sums OUT    SHA256SUMS of the archives and SBOMs that lie in OUT
//
// NPM is a folder with the package-lock.json of packages that are carried along.
// SOURCE_DATE_EPOCH is the time of every file, in seconds; without it they are of 1980.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: pack command BINARY OUT [NPM...] | pack folder BINARY NAME FOLDER OUT [NPM...] | pack sums OUT")

func run(args []string, epoch string) error {
	at, err := timeOf(epoch)
	if err != nil {
		return err
	}
	switch {
	case len(args) >= 3 && args[0] == "command":
		return packCommand(args[1], args[2], args[3:], at)
	case len(args) >= 5 && args[0] == "folder":
		return packFolder(args[1], args[2], args[3], args[4], args[5:], at)
	case len(args) == 2 && args[0] == "sums":
		return writeSums(args[1])
	}
	return errUsage
}

// timeOf reads SOURCE_DATE_EPOCH. No zip holds a time before 1980.
func timeOf(epoch string) (time.Time, error) {
	first := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	if epoch == "" {
		return first, nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return first, fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	if at := time.Unix(seconds, 0).UTC(); at.After(first) {
		return at, nil
	}
	return first, nil
}

// packCommand writes NAME_VERSION_OS_ARCH.tar.gz (.zip for Windows), and the SBOM beside it.
func packCommand(binary, out string, npm []string, at time.Time) error {
	p, err := readProgram(binary)
	if err != nil {
		return err
	}
	if err := p.addPackages(npm); err != nil {
		return err
	}
	name := p.name + "_" + p.version + "_" + p.os + "_" + p.arch
	content, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	own, err := os.ReadFile("LICENSE")
	if err != nil {
		return err
	}
	program := p.name
	if p.os == windows {
		program += ".exe"
	}
	files := []file{{program, content, true}, {"LICENSE", own, false}, {"LICENSES-OF-MODULES.txt", p.licenceTexts(), false}}
	return p.archive(out, name, p.os == windows, files, at)
}

// archive writes an archive with the SBOM in it and beside it.
func (p *program) archive(out, name string, asZip bool, files []file, at time.Time) error {
	bom, err := p.sbom(at)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, name+".cdx.json"), bom, 0o644); err != nil {
		return err
	}
	return archive(out, name, asZip, append(files, file{"sbom.cdx.json", bom, false}), at)
}

const windows = "windows"

// packFolder writes NAME_VERSION.tar.gz, and the SBOM beside it.
func packFolder(binary, name, folder, out string, npm []string, at time.Time) error {
	files, err := filesOf(folder)
	if err != nil {
		return err
	}
	p, err := folderProgram(binary, name, files)
	if err != nil {
		return err
	}
	if err := p.addPackages(npm); err != nil {
		return err
	}
	return p.archive(out, name+"_"+p.version, false, files, at)
}

// folderProgram is a folder that is given out: of the version of a command that was built
// from the same commit.
func folderProgram(binary, name string, files []file) (*program, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", binary, err)
	}
	sum := sha256.New()
	for _, f := range files {
		fmt.Fprintf(sum, "%q %x\n", f.name, sha256.Sum256(f.content))
	}
	return &program{name: name, version: versionOf(info), sum: [sha256.Size]byte(sum.Sum(nil))}, nil
}

func (p *program) addPackages(folders []string) error {
	for _, folder := range folders {
		list, err := npmModules(folder)
		if err != nil {
			return err
		}
		p.modules = append(p.modules, list...)
	}
	return nil
}

func archive(out, name string, asZip bool, files []file, at time.Time) error {
	var b bytes.Buffer
	write, kind := writeTar, ".tar.gz"
	if asZip {
		write, kind = writeZip, ".zip"
	}
	if err := write(&b, name, files, at); err != nil {
		return fmt.Errorf("pack %s: %w", name, err)
	}
	return os.WriteFile(filepath.Join(out, name+kind), b.Bytes(), 0o644)
}

// sumsName is the file that sha256sum --check reads.
const sumsName = "SHA256SUMS"

func writeSums(out string) error {
	files, err := filesOf(out)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, f := range files {
		if isGivenOut(f.name) {
			fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(f.content), f.name)
		}
	}
	return os.WriteFile(filepath.Join(out, sumsName), []byte(b.String()), 0o644)
}

func isGivenOut(name string) bool {
	return slices.ContainsFunc([]string{".tar.gz", ".zip", ".cdx.json"}, func(kind string) bool { return strings.HasSuffix(name, kind) })
}

// copyLines writes text with one end of line, whatever it had.
func copyLines(w io.Writer, text []byte) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		fmt.Fprintln(w, strings.TrimRight(lines.Text(), " \t\r"))
	}
}
