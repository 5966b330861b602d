package xlsx

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"socialregistry/registry/csvio"
)

// What a workbook may hold where Options leaves it zero.
const (
	DefaultMaxUnpacked = 4 << 30  // bytes of one part
	DefaultMaxStrings  = 32 << 20 // bytes of all shared strings
)

const (
	maxRatio     = 200      // unpacked to packed; lists of people stay below 30
	ratioFrom    = 16 << 20 // bytes below which no ratio is suspicious
	maxParts     = 1000
	maxDirectory = 1 << 20 // bytes of the ZIP directory
	endRecord    = 22      // bytes of the end of the directory, without its comment
	maxComment   = 1 << 16
)

var (
	zipMagic   = []byte("PK\x03\x04")
	emptyMagic = []byte("PK\x05\x06")
	oleMagic   = []byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1}
)

// SniffLength is how many bytes Sniff wants to see.
const SniffLength = 8

// Sniff tells from the first bytes of a file whether it is for this package: a
// workbook of today, or one of those that NewReader refuses with a code. A name
// says nothing about a file.
func Sniff(head []byte) bool {
	return bytes.HasPrefix(head, zipMagic) || bytes.HasPrefix(head, emptyMagic) || bytes.HasPrefix(head, oleMagic)
}

// container is the ZIP that a workbook lies in.
type container struct {
	parts map[string]*zip.File
	limit int64 // bytes that a part may unpack to
}

// openContainer refuses what is no workbook before anything is unpacked.
func openContainer(src io.ReaderAt, size, maxUnpacked int64) (*container, error) {
	at := markedReader{src}
	head := make([]byte, SniffLength)
	n, err := at.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, asFileError(err, 0)
	}
	switch head = head[:n]; {
	case n == 0:
		return nil, fileError(0, csvio.CodeEmptyFile, "the file is empty")
	case bytes.HasPrefix(head, oleMagic):
		return nil, compound(at, size)
	case !Sniff(head):
		return nil, fileError(0, CodeNotXLSX, "the file is no XLSX workbook")
	}
	if err := checkDirectory(at, size); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(at, size)
	if err != nil {
		return nil, asFileError(err, 0)
	}
	if len(z.File) > maxParts {
		return nil, errTooManyParts()
	}
	c := &container{parts: make(map[string]*zip.File, len(z.File)), limit: min(maxUnpacked, max(ratioFrom, size*maxRatio))}
	for _, f := range z.File {
		if f.Flags&1 != 0 {
			return nil, errEncrypted()
		}
		if c.parts[f.Name] != nil {
			return nil, damaged(0) // two parts of one name: programs differ in which they show
		}
		c.parts[f.Name] = f
	}
	return c, nil
}

func errTooManyParts() error {
	return fileError(0, CodeTooManyParts, "the workbook has more than %d parts: copy the list into a new one", maxParts)
}

func errEncrypted() error {
	return fileError(0, CodeEncrypted, "the workbook is protected by a password: save it without one and upload it again")
}

// checkDirectory looks at the end of the ZIP, so that no list of a million parts
// is ever read. archive/zip reads on behind the count that the file claims.
func checkDirectory(src io.ReaderAt, size int64) error {
	tail := make([]byte, min(size, endRecord+maxComment))
	if _, err := src.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return asFileError(err, 0)
	}
	i := bytes.LastIndex(tail, emptyMagic)
	if i < 0 || len(tail)-i < endRecord {
		return damaged(0)
	}
	end := tail[i:]
	count, length, start := binary.LittleEndian.Uint16(end[10:]), binary.LittleEndian.Uint32(end[12:]), binary.LittleEndian.Uint32(end[16:])
	switch {
	case count == 0xffff, length == 0xffffffff, start == 0xffffffff, int64(start) >= size: // the true figures stand elsewhere (ZIP64)
		return errTooManyParts()
	case count > maxParts, length > maxDirectory, size-int64(start) > maxDirectory+int64(len(tail)):
		return errTooManyParts()
	}
	return nil
}

// compound tells the two workbooks apart that lie in a compound file: one with a
// password, and one of Excel 97-2003.
func compound(src io.ReaderAt, size int64) error {
	name := []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")
	head := make([]byte, 512)
	if _, err := src.ReadAt(head, 0); err != nil && err != io.EOF {
		return asFileError(err, 0)
	}
	shift := min(binary.LittleEndian.Uint16(head[30:]), 12)
	directory := make([]byte, 4096)
	at := (int64(binary.LittleEndian.Uint32(head[48:])) + 1) << shift
	if at < size {
		if _, err := src.ReadAt(directory, at); err != nil && err != io.EOF {
			return asFileError(err, 0)
		}
	}
	if bytes.Contains(directory, name) {
		return errEncrypted()
	}
	return fileError(0, CodeLegacy, "the file is of Excel 97-2003 or another old program: save it as XLSX or CSV and upload it again")
}

// open unpacks one part as far as it is read.
func (c *container) open(name string) (io.ReadCloser, error) {
	f := c.parts[name]
	if f == nil {
		return nil, damaged(0)
	}
	r, err := f.Open()
	if err != nil {
		return nil, asFileError(err, 0)
	}
	return &unpacked{r, c.limit}, nil
}

// unpacked is a part that ends with an error where it unpacks to too much.
type unpacked struct {
	io.ReadCloser
	left int64
}

func (u *unpacked) Read(p []byte) (int, error) {
	if u.left <= 0 {
		return 0, fileError(0, CodeBomb, wordsBomb)
	}
	n, err := u.ReadCloser.Read(p[:min(int64(len(p)), u.left)])
	u.left -= int64(n)
	return n, err
}

// markedReader marks the errors of the source, which are not the file's fault.
type markedReader struct{ src io.ReaderAt }

func (m markedReader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 { // a directory that lies about its place
		return 0, io.ErrUnexpectedEOF
	}
	n, err := m.src.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		err = sourceError{err}
	}
	return n, err
}
