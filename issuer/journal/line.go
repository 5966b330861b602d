package journal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"socialregistry/internal/secret"
)

// Line is one entry. Only the members of its one subject are set: a list (Kind,
// Ends, Seq, Size), positions leased from a list (Leased), states in a list (State,
// Indices), a revoked key (Revoked), a generation, or one that is no good (WentBack).
type Line struct {
	List    string    `json:"list,omitempty"` // id of a status list
	Kind    string    `json:"kind,omitempty"`
	Ends    time.Time `json:"ends,omitzero"`
	Seq     int       `json:"seq,omitempty"`
	Size    int64     `json:"size,omitempty"`
	Leased  int64     `json:"leased,omitempty"`  // every position below it may have been given
	State   string    `json:"state,omitempty"`   // of the entries at Indices, as in the ledger
	Indices []int64   `json:"indices,omitempty"` //

	Revoked    string `json:"revoked,omitempty"`    // id of a key
	Generation int64  `json:"generation,omitempty"` // how often the database was brought back, from 1
	WentBack   int64  `json:"went_back,omitempty"`  // a generation whose database was seen to be older than the journal
}

// errLine says that a line was torn by a crash, or not written by us.
var errLine = errors.New("journal: line not authentic")

// maxLine bounds a line in bytes; maxIndices keeps ours far below it.
const (
	maxLine    = 64 << 10
	maxIndices = 1000
)

// seal writes a line: its MAC, a space, its JSON.
func (l Line) seal(key secret.Key) ([]byte, error) {
	body, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	return append([]byte(base64.RawURLEncoding.EncodeToString(key.MAC(body))+" "), body...), nil
}

// openLine reverses seal; errLine.
func openLine(raw []byte, key secret.Key) (Line, error) {
	var l Line
	code, body, ok := bytes.Cut(raw, []byte(" "))
	mac, err := base64.RawURLEncoding.Strict().DecodeString(string(code))
	if !ok || err != nil || !secret.Equal(string(mac), string(key.MAC(body))) || json.Unmarshal(body, &l) != nil {
		return Line{}, errLine
	}
	return l, nil
}
