package claim169

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
)

// readable gives the attributes by name, in the types of encoding/json: enumerations
// as words, dates as 2006-01-02, pictures and other bytes as data: URLs. Keys are
// integers, or text of digits; what has another form than the specification gives it
// is shown as it is. It returns ErrForeign for a label that stands twice, as number
// and as text, or for what cannot be shown.
func readable(attributes map[any]any) (map[string]any, error) {
	out := map[string]any{}
	known := names()
	for k, v := range attributes {
		label, name := int64(0), ""
		switch k := k.(type) {
		case uint64:
			label, name = int64(min(k, math.MaxInt64)), "attribute "+strconv.FormatUint(k, 10)
		case int64:
			label, name = k, "attribute "+strconv.FormatInt(k, 10)
		case string:
			label, name = number(k), "attribute "+k
		default:
			return nil, fmt.Errorf("%w: a label that is neither a number nor text", ErrForeign)
		}
		if known[label] != "" {
			name = known[label]
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("%w: %s stands twice", ErrForeign, name)
		}
		var err error
		if out[name], err = value(label, v, attributes); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// number reads digits as they are written for a number; -1 if it is none.
func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		return -1
	}
	return n
}

// value gives one attribute.
func value(label int64, v any, all map[any]any) (any, error) {
	switch {
	case label >= firstBiometric && label <= lastBiometric:
		return biometrics(v)
	case words(label) != nil:
		return enumeration(words(label), v)
	case label == BirthDate:
		return date(v)
	case label == Photo:
		if raw, ok := v.([]byte); ok {
			return dataURL(photoType(all), raw), nil
		}
	}
	return plain(v)
}

// enumeration gives a number, or a text of digits, as its word; other text as it is.
func enumeration(list []string, v any) (any, error) {
	if many, ok := v.([]any); ok {
		out := make([]any, len(many))
		for i, e := range many {
			var err error
			if out[i], err = enumeration(list, e); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	n := int64(-1)
	switch v := v.(type) {
	case uint64:
		n = int64(min(v, math.MaxInt64))
	case string:
		n = number(v)
	}
	if n >= 0 && n < int64(len(list)) && list[n] != "" {
		return list[n], nil
	}
	return plain(v)
}

// date gives YYYYMMDD, as text or number, with its hyphens; other text as it is.
func date(v any) (any, error) {
	text, _ := v.(string)
	if n, ok := v.(uint64); ok {
		text = strconv.FormatUint(n, 10)
	}
	if len(text) == 8 && isDate(text, "20060102") {
		return text[:4] + "-" + text[4:6] + "-" + text[6:], nil
	}
	return plain(v)
}

func photoType(all map[any]any) string {
	format, _ := enumeration(words(PhotoFormat), all[uint64(PhotoFormat)])
	switch format {
	case "jpeg", "avif", "webp":
		return "image/" + format.(string)
	case "jpeg2000":
		return "image/jp2"
	}
	return unknownType
}

// unknownType is what bytes are if nobody says.
const unknownType = "application/octet-stream"

func dataURL(kind string, raw []byte) string {
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(raw)
}

// biometrics gives one entry, or several of an array, as data: URLs.
func biometrics(v any) (any, error) {
	list, many := v.([]any)
	if !many {
		return biometric(v)
	}
	out := make([]any, len(list))
	for i, e := range list {
		var err error
		if out[i], err = biometric(e); err != nil {
			return nil, err
		}
	}
	if len(out) == 1 {
		return out[0], nil
	}
	return out, nil
}

// biometric reads a map with its data in bytes, or, as Inji Certify writes it, in
// hexadecimal text.
func biometric(v any) (any, error) {
	m, ok := v.(map[any]any)
	if !ok {
		return plain(v)
	}
	raw, ok := m[uint64(0)].([]byte)
	if text, isText := m[uint64(0)].(string); isText {
		decoded, err := hex.DecodeString(text)
		raw, ok = decoded, err == nil
	}
	if !ok {
		return plain(v)
	}
	format, _ := m[uint64(1)].(uint64)
	sub, told := m[uint64(2)].(uint64)
	kinds := map[[2]uint64]string{{0, 0}: "image/png", {0, 1}: "image/jpeg", {0, 2}: "image/jp2", {0, 3}: "image/avif", {0, 4}: "image/webp", {0, 5}: "image/tiff", {2, 0}: "audio/wav", {2, 1}: "audio/mpeg"}
	kind := kinds[[2]uint64{format, sub}]
	if kind == "" || !told {
		kind = unknownType
	}
	return dataURL(kind, raw), nil
}

// plain turns a value into one of encoding/json. Integers that a JSON number does
// not hold for certain become text.
func plain(v any) (any, error) {
	switch v := v.(type) {
	case string, bool, nil:
		return v, nil
	case uint64:
		if v > 1<<53-1 {
			return strconv.FormatUint(v, 10), nil
		}
		return float64(v), nil
	case int64:
		if v < -(1<<53 - 1) {
			return strconv.FormatInt(v, 10), nil
		}
		return float64(v), nil
	case float64:
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			return v, nil
		}
	case []byte:
		return dataURL(unknownType, v), nil
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			var err error
			if out[i], err = plain(e); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[any]any:
		return plainMap(v)
	}
	return nil, fmt.Errorf("%w: a value of a type that is not supported", ErrForeign)
}

func plainMap(m map[any]any) (any, error) {
	out := map[string]any{}
	for k, v := range m {
		name := ""
		switch k := k.(type) {
		case string:
			name = k
		case uint64:
			name = strconv.FormatUint(k, 10)
		case int64:
			name = strconv.FormatInt(k, 10)
		default:
			return nil, fmt.Errorf("%w: a label that is neither a number nor text", ErrForeign)
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("%w: %q stands twice", ErrForeign, name)
		}
		var err error
		if out[name], err = plain(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}
