package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"socialregistry/internal/fault"
	"socialregistry/issuer"
)

const (
	trustPath  = "/admin/trust"
	bundlePath = "/.well-known/sr-trust-bundle.json"
	// maxMerged bounds the file of another registry's bundle, in bytes.
	maxMerged = 16 << 20
)

// TrustBundle is GET /admin/trust: what verifiers without network hold of us.
func (p *Pages) TrustBundle(c *gin.Context) error {
	d, err := p.desk(c, keepersAndAuditors()...)
	if err != nil {
		return err
	}
	return d.trustPage(url.Values{}, http.StatusOK, nil)
}

func (d *desk) trustPage(sent url.Values, status int, problems []problem) error {
	facts, err := d.bundleFacts()
	if err != nil {
		return err
	}
	merged, err := d.p.issuer.MergedRegistries(d.ctx, d.actor)
	if err != nil {
		return err
	}
	v := deskPage{Title: d.l.t("settings.trust"), Text: d.l.t("settings.trust_about"), Back: settingsPath, Done: d.done(), Facts: facts,
		Acts: []deskLink{{bundlePath, d.l.t("trust.download"), "", "sec"}}, Tables: []deskTable{d.mergedTable(merged)}}
	if d.isAdmin() {
		if v.Forms, err = d.trustForms(sent, merged); err != nil {
			return err
		}
		for n := range v.Forms {
			v.Forms[n].Folded = len(problems) == 0
		}
	}
	v.refused(d.l, problems, nil)
	return d.show(status, v, settingsPath)
}

// bundleFacts is how the bundle stands that is given out now.
func (d *desk) bundleFacts() ([]deskFact, error) {
	b, size, err := d.p.issuer.CurrentBundle(d.ctx)
	if err != nil {
		return nil, err
	}
	root, err := d.p.issuer.RootKey()
	if err != nil {
		return nil, err
	}
	key := codeCell(root)
	key.Href, key.Small = keysPath+"/"+url.PathEscape(root), d.l.t("trust.root_text")
	return []deskFact{{d.l.t("trust.root"), key}, {d.l.t("trust.number"), codeCell(strconv.FormatInt(b.Seq, 10))}, {d.l.t("trust.made"), plainCell(d.l.dateTime(b.Created))},
		{d.l.t("trust.ends"), plainCell(d.l.dateTime(b.NotAfter))}, {d.l.t("trust.holds"), plainCell(d.l.t("trust.issuers", "n", len(b.Issuers)) + " · " + d.l.t("trust.lists", "n", len(b.Status)))},
		{d.l.t("trust.size"), codeCell(sizeWords(d.l, int64(size)))}}, nil
}

func (d *desk) mergedTable(merged []issuer.MergedRegistry) deskTable {
	t := d.table("trust.none_merged", "trust.registry", "settings.issuers", "trust.made", "trust.ends")
	t.ID, t.Title, t.Text = "merged", d.l.t("trust.merged"), d.l.t("trust.merged_text")
	for _, m := range merged {
		issuers := deskCell{}
		for _, names := range m.Names {
			issuers.List = append(issuers.List, d.p.words(d.l, names, m.URL).Text)
		}
		address := codeCell(m.URL)
		address.Small = strings.Join(m.Roots, " ")
		if m.Out {
			address.Badges = []badge{{"bad", "cross", d.l.t("trust.out")}}
		}
		t.Rows = append(t.Rows, []deskCell{address, issuers, plainCell(d.l.dateTime(m.Created)), plainCell(d.l.dateTime(m.Ends))})
	}
	return t
}

// trustForms are what an administrator may do.
func (d *desk) trustForms(sent url.Values, merged []issuer.MergedRegistry) ([]deskForm, error) {
	publish, err := d.small("publish", d.l.t("trust.publish"), d.l.t("trust.publish_text"), trustPath+"/publish", "")
	if err != nil {
		return nil, err
	}
	file := needed(d.line(fileName, ""))
	file.Kind, file.Accept, file.MaxSize, file.Label, file.Hint = "file", ".json,application/json", maxMerged, words{Text: d.l.t("trust.file")}, words{Text: d.l.t("trust.file_hint")}
	root := d.code("root", sent.Get("root"))
	root.MaxLength = 43
	merge, err := d.small("merge", d.l.t("trust.merge"), d.l.t("trust.merge_text"), trustPath, "", root, d.reason(sent.Get("reason")), file)
	if err != nil || len(merged) == 0 {
		merge.Multipart = true
		return []deskForm{publish, merge}, err
	}
	merge.Multipart = true
	var all []option
	for _, m := range merged {
		all = append(all, option{Value: m.URL, Label: words{Text: m.URL, Dir: "ltr"}})
	}
	drop, err := d.small("drop", d.l.t("trust.drop"), d.l.t("trust.drop_text"), trustPath+"/drop", "warn", d.choice("registry", sent.Get("registry"), all...), d.reason(sent.Get("reason")))
	return []deskForm{publish, merge, drop}, err
}

// TrustMerge is POST /admin/trust: the issuers of another registry.
func (p *Pages) TrustMerge(c *gin.Context) error {
	d, err := p.desk(c, admins()...)
	if err != nil {
		return err
	}
	form, err := readForm(c)
	if err != nil {
		return err
	}
	return d.send(form.Values, func(ctx context.Context) (string, error) {
		bundle, err := mergedFile(form)
		if err != nil {
			return "", err
		}
		_, err = p.issuer.MergeRegistry(ctx, d.actor, bundle, strings.TrimSpace(form.Get("root")), form.Get("reason"))
		return trustPath + "?done=merged", mergeFault(err)
	}, func(status int, problems []problem) error { return d.trustPage(form.Values, status, problems) })
}

// mergedFile reads the file of the form; the rest of what was sent is read either way.
func mergedFile(form sentForm) ([]byte, error) {
	if form.file == nil {
		return nil, fileFault(fault.New(fault.Invalid, "file_missing", "Choose a file."))
	}
	body, err := io.ReadAll(io.LimitReader(form.file, maxMerged+1))
	_, _ = io.Copy(io.Discard, form.body) // the request has its limit
	if err != nil || len(body) > maxMerged {
		return nil, fileFault(fault.New(fault.TooLarge, "too_large", "The file is too large."))
	}
	return bytes.TrimSpace(body), nil
}

// mergeFault says at the control it is about why a bundle was refused.
func mergeFault(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Fields) > 0 || f.Kind != fault.Invalid && f.Kind != fault.Conflict {
		return err
	}
	name := fileName
	switch f.Code {
	case "bad_root":
		name = "root"
	case "reason_required":
		name = "reason"
	}
	return fault.InvalidFields(f.Code, f.Detail, []fault.Field{{Name: name, Code: f.Code, Detail: f.Detail}})
}

// TrustDrop is POST /admin/trust/drop.
func (p *Pages) TrustDrop(c *gin.Context) error {
	d, form, err := p.desked(c, admins()...)
	if err != nil {
		return err
	}
	return d.send(form, func(ctx context.Context) (string, error) {
		err := p.issuer.DropRegistry(ctx, d.actor, form.Get("registry"), form.Get("reason"))
		return trustPath + "?done=dropped", asMember(err, "reason")
	}, func(status int, problems []problem) error { return d.trustPage(form, status, problems) })
}

// TrustPublish is POST /admin/trust/publish.
func (p *Pages) TrustPublish(c *gin.Context) error {
	d, form, err := p.desked(c, admins()...)
	if err != nil {
		return err
	}
	return d.once(form, func(ctx context.Context) (string, error) {
		_, err := p.issuer.PublishBundle(ctx, d.actor)
		return trustPath + "?done=published", err
	}, nil)
}
