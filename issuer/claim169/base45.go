package claim169

import (
	"errors"
	"strings"
)

// alphabet is that of Base45 (RFC 9285 §3.2), which is the alphanumeric mode of QR
// codes. The Go libraries for it are small, and none is kept up; it is short.
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

var errBase45 = errors.New("not Base45")

// encode45 writes two bytes as three signs, and one that is left over as two (RFC
// 9285 §4).
func encode45(data []byte) string {
	out := make([]byte, 0, (len(data)+1)/2*3)
	for ; len(data) > 1; data = data[2:] {
		n := int(data[0])<<8 | int(data[1])
		out = append(out, alphabet[n%45], alphabet[n/45%45], alphabet[n/2025])
	}
	if len(data) == 1 {
		out = append(out, alphabet[data[0]%45], alphabet[data[0]/45])
	}
	return string(out)
}

// decode45 reads what encode45 writes, and nothing looser. Where the last signs are
// only a part of a group, whole is false: the end is missing.
func decode45(text string) (data []byte, whole bool, err error) {
	if whole = len(text)%3 != 1; !whole {
		text = text[:len(text)-1]
	}
	data = make([]byte, 0, len(text)/3*2+1)
	for ; len(text) > 0; text = text[min(3, len(text)):] {
		n, weight := 0, 1
		for i := range min(3, len(text)) {
			digit := strings.IndexByte(alphabet, text[i])
			if digit < 0 {
				return nil, false, errBase45
			}
			n, weight = n+digit*weight, weight*45
		}
		switch {
		case len(text) > 2 && n < 1<<16:
			data = append(data, byte(n>>8), byte(n))
		case len(text) == 2 && n < 1<<8:
			data = append(data, byte(n))
		case len(text) == 2:
			whole = false
		default: // RFC 9285 §6: no such group is written
			return nil, false, errBase45
		}
	}
	return data, whole, nil
}

// is45 says whether a text has no other signs.
func is45(text string) bool {
	return text != "" && strings.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune(alphabet, r) }) < 0
}
