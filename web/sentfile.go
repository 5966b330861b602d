package web

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

// fileName is the input for a document, and what the registry's mistakes about it
// are shown at.
const fileName = "file"

// Bounds of the parts of a form before its file: values are typed by people.
const (
	maxFormParts = 300
	maxFormBytes = 64 << 10
)

// sentForm is a form that may come with one file, which is still unread: it stands
// behind all that was typed, so that a file that is refused loses nothing of it.
type sentForm struct {
	url.Values
	file *multipart.Part // nil: none was chosen
	body io.Reader       // of the request
}

// readForm reads a form with or without a file.
func readForm(c *gin.Context) (sentForm, error) {
	kind, _, _ := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if kind != "multipart/form-data" {
		values, err := respond.Form(c)
		return sentForm{Values: values}, err
	}
	parts, err := c.Request.MultipartReader()
	if err != nil {
		return sentForm{}, malformedForm(err)
	}
	form := sentForm{Values: url.Values{}, body: c.Request.Body}
	for n, size := 0, 0; n < maxFormParts; n++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return form, nil
		}
		if err != nil {
			return form, malformedForm(err)
		}
		if part.FormName() == fileName {
			if part.FileName() == "" {
				continue
			}
			form.file = part
			return form, nil
		}
		text, err := io.ReadAll(io.LimitReader(part, maxFormBytes+1))
		if err != nil || size+len(text) > maxFormBytes || !utf8.Valid(text) {
			return form, malformedForm(err)
		}
		size += len(text)
		form.Add(part.FormName(), string(text))
	}
	return form, malformedForm(nil)
}

func malformedForm(err error) error {
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return fault.Wrap(fault.TooLarge, "too_large", "The request is over the size limit.", err)
	}
	return fault.Wrap(fault.Invalid, "upload_malformed", "The upload could not be read.", err)
}

// keepFile keeps the file of a form as a document of the actor's own record. What is
// wrong with it is a mistake in the form. The rest of what was sent is read either
// way, so that the browser gets the answer.
func (p *Pages) keepFile(ctx context.Context, actor registry.Actor, form sentForm, reason string) (registry.Document, error) {
	return p.keepFileFor(ctx, actor, form, registry.NewDocument{Reason: reason})
}

// keepFileFor is keepFile with the fields that the file is evidence of. One that is
// there already is linked to them as well.
func (p *Pages) keepFileFor(ctx context.Context, actor registry.Actor, form sentForm, as registry.NewDocument) (registry.Document, error) {
	if form.file == nil {
		return registry.Document{}, fileFault(fault.New(fault.Invalid, "file_missing", "Choose a file."))
	}
	as.Name = form.file.FileName()
	d, created, err := p.registry.AddDocument(ctx, actor, actor.RegistrantID, form.file, as)
	if err != nil {
		_, _ = io.Copy(io.Discard, form.body) // the request has its limit
		return d, fileFault(err)
	}
	if created || len(as.Fields) == 0 {
		return d, nil
	}
	return p.registry.LinkDocument(ctx, actor, actor.RegistrantID, d.ID, registry.DocumentLinks{Fields: as.Fields, Also: true, Reason: as.Reason})
}

// fileFault tells what is wrong with a file at its input.
func fileFault(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Fields) > 0 {
		return err
	}
	code := f.Code
	switch f.Kind {
	case fault.TooLarge:
		code = "document_too_large"
	case fault.Invalid, fault.Unavailable:
	default:
		return err
	}
	return fault.InvalidFields("invalid_values", "Some of this cannot be accepted.", []fault.Field{{Name: fileName, Code: code, Detail: f.Detail}})
}

// fileInput is the input for a document.
func (p *Pages) fileInput(l *locale, label, hint string, problems []problem) input {
	return input{ID: fileName, Kind: "file", Accept: documentTypes, MaxSize: p.registry.MaxDocument(), Label: words{Text: l.t(label)},
		Hint: words{Text: l.t(hint) + " " + l.t("owndocument.types", "n", int(p.registry.MaxDocument()>>20))}, Wrong: wrongOf(problems, fileName)}
}

// documentTypes is what a browser offers to choose; the registry looks at the bytes.
const documentTypes = ".pdf,.jpg,.jpeg,.png,.webp,.txt,application/pdf,image/jpeg,image/png,image/webp,text/plain"
