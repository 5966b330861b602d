package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"unicode/utf8"

	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// maxPart bounds the small parts of an upload form, in bytes, and maxParts how
// many there are.
const (
	maxPart  = 64 << 10
	maxParts = 20
)

// upload is what was sent: the small parts, then the file, still unread.
type upload struct {
	values url.Values
	name   string
	file   io.Reader
}

// readUpload reads the parts before the file, in the order of the form, so that
// the file need not be kept in memory. What it has read by an error is there, too.
func readUpload(r *http.Request) (upload, error) {
	up := upload{values: url.Values{}}
	parts, err := r.MultipartReader()
	if err != nil {
		return up, malformedUpload(err)
	}
	for range maxParts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return up, fault.New(fault.Invalid, "file_missing", "Choose a file.")
		}
		if err != nil {
			return up, malformedUpload(err)
		}
		if part.FormName() == "file" {
			if part.FileName() == "" {
				return up, fault.New(fault.Invalid, "file_missing", "Choose a file.")
			}
			up.name, up.file = part.FileName(), part
			return up, nil
		}
		if err := up.take(part); err != nil {
			return up, err
		}
	}
	return up, malformedUpload(nil)
}

func malformedUpload(err error) error {
	return fault.Wrap(fault.Invalid, "upload_malformed", "The upload could not be read.", err)
}

func (up *upload) take(part *multipart.Part) error {
	value, err := io.ReadAll(io.LimitReader(part, maxPart+1))
	if err != nil || !utf8.Valid(value) || len(value) > maxPart {
		return malformedUpload(err)
	}
	up.values.Set(part.FormName(), string(value))
	return nil
}

// options say how to read the file. A saved mapping says the kind and the mode.
// Error: Invalid for a day that is none.
func (up *upload) options() (registry.ImportOptions, error) {
	get := up.values.Get
	o := registry.ImportOptions{Name: up.name, Mode: registry.ImportMode(get("mode")), Carries: registry.Carries(get("carries")), Saved: get("mapping"),
		Kind: get("kind"), AllOrNothing: get("rule") == "all", Reason: get("reason")}
	if o.Saved != "" {
		o.Kind, o.Mode = "", ""
	} else if o.Mode == "" {
		o.Mode = registry.ImportCreate
	}
	if o.Carries == registry.CarriesAttestations {
		o.Mode = registry.ImportUpdate
	}
	return o, readMore(up.values, &o)
}
