package claim169

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Labels of the attributes that are written often (specification 1.2.0, table of
// attributes); Name gives the names of all.
const (
	ID                = 1
	Version           = 2
	Language          = 3
	FullName          = 4
	FirstName         = 5
	MiddleName        = 6
	LastName          = 7
	BirthDate         = 8 // YYYYMMDD
	Gender            = 9 // 1 male, 2 female, 3 other
	Address           = 10
	Email             = 11
	Phone             = 12
	Nationality       = 13
	MaritalStatus     = 14 // 1 unmarried, 2 married, 3 divorced
	Guardian          = 15
	Photo             = 16
	PhotoFormat       = 17 // 1 JPEG, 2 JPEG 2000, 3 AVIF, 4 WEBP
	BestFingers       = 18
	SecondFullName    = 19
	SecondLanguage    = 20
	LocationCode      = 21
	LegalStatus       = 22
	CountryOfIssuance = 23
	Face              = 62

	firstBiometric, lastBiometric = 50, 65
	lastLabel                     = 99
)

// Biometric is a picture, a template or a sound.
type Biometric struct {
	Data      []byte `cbor:"0,keyasint"`
	Format    int    `cbor:"1,keyasint"` // 0 image, 1 template, 2 sound, 3 hash
	SubFormat int    `cbor:"2,keyasint"` // of images: 0 PNG, 1 JPEG, 2 JPEG 2000, 3 AVIF, 4 WEBP
	Issuer    string `cbor:"3,keyasint,omitempty"`
}

// names gives the readable names by label; "" where none is assigned.
func names() map[int64]string {
	out := map[int64]string{}
	for i, name := range []string{"id", "version", "language", "full_name", "first_name", "middle_name", "last_name", "birth_date", "gender", "address", "email", "phone",
		"nationality", "marital_status", "guardian", "photo", "photo_format", "best_fingers", "second_full_name", "second_language", "location_code", "legal_status", "country_of_issuance"} {
		out[int64(i+1)] = name
	}
	for i, name := range []string{"right_thumb", "right_pointer_finger", "right_middle_finger", "right_ring_finger", "right_little_finger",
		"left_thumb", "left_pointer_finger", "left_middle_finger", "left_ring_finger", "left_little_finger",
		"right_iris", "left_iris", "face", "right_palm", "left_palm", "voice"} {
		out[int64(firstBiometric+i)] = name
	}
	return out
}

// Name gives the readable name of an attribute; "attribute n" where none is
// assigned to the label.
func Name(label int64) string {
	if name, ok := names()[label]; ok {
		return name
	}
	return "attribute " + strconv.FormatInt(label, 10)
}

// OwnName gives the readable name of an attribute that its issuer named.
func OwnName(name string) string { return "attribute " + name }

// words gives what the numbers of an enumeration mean, from 0 on; "" is nothing.
func words(label int64) []string {
	switch label {
	case Gender:
		return []string{"", "male", "female", "other"}
	case MaritalStatus:
		return []string{"", "unmarried", "married", "divorced"}
	case PhotoFormat:
		return []string{"", "jpeg", "jpeg2000", "avif", "webp"}
	case BestFingers:
		return []string{"unknown", "right_thumb", "right_pointer_finger", "right_middle_finger", "right_ring_finger", "right_little_finger",
			"left_thumb", "left_pointer_finger", "left_middle_finger", "left_ring_finger", "left_little_finger"}
	}
	return nil
}

// checkAttribute holds a value to the type that the specification gives it. It
// returns ErrClaim.
func checkAttribute(label int, v any) error {
	bad := func(want string) error {
		return fmt.Errorf("%w: %s (%d) is %T, or not %s", ErrClaim, Name(int64(label)), label, v, want)
	}
	if label < 1 || label > lastLabel {
		return fmt.Errorf("%w: there is no attribute %d", ErrClaim, label)
	}
	known := names()[int64(label)] != ""
	switch v := v.(type) {
	case string:
		if label == BirthDate && !isDate(v, "20060102") {
			return bad("a date as YYYYMMDD")
		}
		if words(int64(label)) != nil || label >= firstBiometric && known || v == "" {
			return bad("text")
		}
	case int:
		if list := words(int64(label)); known && (list == nil || label == BestFingers || v < 1 || v >= len(list)) {
			return bad("a number of the table")
		}
	case []int:
		if label != BestFingers || slices.ContainsFunc(v, func(n int) bool { return n < 0 || n > 10 }) {
			return bad("numbers of fingers")
		}
	case []Biometric:
		if label < firstBiometric || label > lastBiometric || len(v) == 0 {
			return bad("biometrics")
		}
	default:
		return bad("of a type that is written")
	}
	return nil
}

// maxName bounds the name of an attribute of the issuer's own.
const maxName = 64

// checkOwn refuses a name that reads as a label, and what is neither text nor a
// boolean. It returns ErrClaim.
func checkOwn(name string, v any) error {
	text, isText := v.(string)
	_, isBool := v.(bool)
	if name == "" || len(name) > maxName || number(name) >= 0 || isText && text == "" || !isText && !isBool {
		return fmt.Errorf("%w: %q is no name of an own attribute, or it is %T", ErrClaim, name, v)
	}
	return nil
}

func isDate(s, layout string) bool {
	_, err := time.Parse(layout, s)
	return err == nil
}
