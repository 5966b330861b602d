package respond

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"socialregistry/internal/fault"
)

// maxDepth is how deep a JSON body may nest.
const maxDepth = 32

// Body reads the whole request body, whose media type must be one of types. The
// limit is the route group's. Errors: 415 unsupported_media_type, 413 too_large,
// 400 unreadable_body.
func Body(c *gin.Context, types ...string) ([]byte, error) {
	if err := mediaType(c, types...); err != nil {
		return nil, err
	}
	return AnyBody(c)
}

// AnyBody is Body for whatever media type.
func AnyBody(c *gin.Context) ([]byte, error) {
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, err
		}
		return nil, malformed("unreadable_body", "The request body could not be read to its end.", err)
	}
	return body, nil
}

// Stream gives the request body unread, for what is too big to be held at once. Its
// media type must be one of types. Error: 415 unsupported_media_type; reading it
// fails with 413 too_large beyond the limit of the route group.
func Stream(c *gin.Context, types ...string) (io.Reader, error) {
	return c.Request.Body, mediaType(c, types...)
}

// BindJSON reads an application/json body into v, strictly: valid UTF-8, one
// value, no unknown and no doubled members, at most 32 levels deep. Errors: those
// of Body and 400 malformed_json.
func BindJSON(c *gin.Context, v any) error { return bind(c, v, "application/json") }

// BindMergePatch is BindJSON for a JSON Merge Patch (RFC 7396); v tells a member
// that is null from one that is absent. A body of another type is answered with
// the type to send (RFC 5789 §2.2).
func BindMergePatch(c *gin.Context, v any) error {
	const mergePatch = "application/merge-patch+json"
	err := bind(c, v, mergePatch)
	var request *requestError
	if errors.As(err, &request) && request.status == http.StatusUnsupportedMediaType {
		c.Header("Accept-Patch", mergePatch)
	}
	return err
}

func bind(c *gin.Context, v any, mediaType string) error {
	body, err := Body(c, mediaType)
	if err != nil {
		return err
	}
	if err := checkJSON(body); err != nil {
		return err
	}
	if string(bytes.TrimSpace(body)) == "null" { // which Decode takes for a value without members
		return malformed("malformed_json", "The JSON does not have the expected members.", nil)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return malformed("malformed_json", "The JSON does not have the expected members.", err)
	}
	return nil
}

// Form reads an application/x-www-form-urlencoded body; the query is not mixed
// in. A parameter may stand in it several times: the caller says what it allows.
// Errors: those of Body and 400 malformed_form.
func Form(c *gin.Context) (url.Values, error) {
	body, err := Body(c, "application/x-www-form-urlencoded")
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, malformed("malformed_form", "The form could not be read.", err)
	}
	for name, values := range form {
		if !utf8.ValidString(name + strings.Join(values, "")) {
			return nil, malformed("malformed_form", "The form is not valid UTF-8.", nil)
		}
	}
	return form, nil
}

func mediaType(c *gin.Context, types ...string) error {
	got, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	for _, want := range types {
		if err == nil && got == want {
			return nil
		}
	}
	return &requestError{http.StatusUnsupportedMediaType, fault.Invalid, "unsupported_media_type",
		"Send this as " + strings.Join(types, " or ") + ".", err}
}

// checkJSON holds what encoding/json lets through: broken UTF-8, doubled
// members, endless nesting, a second value after the first.
func checkJSON(body []byte) error {
	if !utf8.Valid(body) {
		return malformed("malformed_json", "The JSON is not valid UTF-8.", nil)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := walk(dec, 0); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return malformed("malformed_json", "There is something after the JSON value.", nil)
	}
	return nil
}

func walk(dec *json.Decoder, depth int) error {
	token, err := dec.Token()
	if err != nil {
		return malformed("malformed_json", "The JSON could not be read.", err)
	}
	open, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	if depth == maxDepth {
		return malformed("malformed_json", "The JSON is nested too deeply.", nil)
	}
	seen := map[any]bool{}
	for dec.More() {
		if open == '{' {
			name, err := dec.Token()
			if err != nil {
				return malformed("malformed_json", "The JSON could not be read.", err)
			}
			if seen[name] {
				return malformed("malformed_json", "A member stands twice in the JSON.", nil)
			}
			seen[name] = true
		}
		if err := walk(dec, depth+1); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return malformed("malformed_json", "The JSON could not be read.", err)
	}
	return nil
}
