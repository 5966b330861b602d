package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// maxCredential bounds what is read of a credential: package verify refuses what is
// longer than one byte less. A line may be longer, for a JSON string has escapes.
const (
	maxCredential = 1<<20 + 1
	maxLine       = 4 << 20
)

// eachLine gives every line that is not blank, with its number, until give says that
// it is enough. Of a line that is too long, what follows the limit is passed over.
func eachLine(in io.Reader, give func(number int, line []byte) bool) error {
	r := bufio.NewReaderSize(in, 1<<16)
	var line []byte
	for number := 1; ; {
		part, err := r.ReadSlice('\n')
		line = append(line, part[:min(len(part), maxLine-len(line))]...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if text := bytes.TrimSpace(line); len(text) > 0 && !give(number, cut(unquoted(text))) {
			return nil
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		line = nil // it was given away
		number++
	}
}

// unquoted gives what a JSON string holds; other lines are as they stand.
func unquoted(line []byte) []byte {
	var text string
	if line[0] == '"' && json.Unmarshal(line, &text) == nil {
		return []byte(text)
	}
	return line
}

func cut(data []byte) []byte { return data[:min(len(data), maxCredential)] }
