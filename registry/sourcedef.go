package registry

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/registry/mapping"
)

// The limits of a source.
const (
	minEvery        = 60             // seconds
	maxEvery        = 31 * 24 * 3600 // seconds
	maxSourceURL    = 2000
	maxSourcePath   = 200
	maxSecret       = 4000
	maxVersionLabel = 60
)

// DefineSource adds a source. secret is what its authorization header says, such
// as "Bearer abc"; it is sealed and never shown again. It returns Forbidden, Invalid
// "invalid_source" with the wrong members (host_not_allowed, unknown_mapping and
// wrong_kind among their codes), or Conflict "source_exists".
func (r *Registry) DefineSource(ctx context.Context, a Actor, s Source, secret, reason string) (Source, error) {
	reason, err := a.readSetting(toKeepSources, reason)
	if err != nil {
		return Source{}, err
	}
	s.VersionNo = 1
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		row, err := r.sourceRowOf(tx, s, &secret, now)
		if err != nil {
			return err
		}
		row.CreatedBy, row.CreatedAt = a.name(), now
		err = tx.Create(row).Error
		if r.db.Dialect.IsDuplicate(err) {
			return fault.New(fault.Conflict, "source_exists", "There is a source with this key.")
		}
		if err != nil {
			return fmt.Errorf("store a source: %w", err)
		}
		s = row.toSource()
		return r.logAdmin(tx, a, reason, now, "source:"+s.Key, nil, s)
	})
	return s, err
}

// ChangeSource replaces the settings of a source; s.VersionNo is that of the ones
// they were made from. secret nil leaves it as it is, which is refused when the
// host changes ("secret_needed": it belongs to the old one); "" removes it. The
// next pull begins anew when the address or the cursor changes. It returns what
// DefineSource returns, NotFound, or Conflict "version_conflict".
func (r *Registry) ChangeSource(ctx context.Context, a Actor, s Source, secret *string, reason string) (Source, error) {
	reason, err := a.readSetting(toKeepSources, reason)
	if err != nil {
		return Source{}, err
	}
	changed := s
	err = r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		old, err := loadSource(tx, s.Key, r.db.Dialect.ForUpdate())
		switch {
		case err != nil:
			return err
		case old.VersionNo != s.VersionNo:
			return errVersionConflict()
		}
		next := s
		next.VersionNo++
		row, err := r.sourceRowOf(tx, next, secret, now)
		if err != nil {
			return err
		}
		if err := row.follow(old, secret); err != nil {
			return err
		}
		done := tx.Model(row).Select("spec", "mapping", "secret", "version_no", "position", "state", "turn", "next_at", "updated_at").Updates(row)
		if done.Error != nil {
			return fmt.Errorf("change a source: %w", done.Error)
		}
		changed = row.toSource()
		return r.logAdmin(tx, a, reason, now, "source:"+s.Key, old.toSource(), changed)
	})
	return changed, err
}

// follow takes over from the old row what the change leaves. A pull at work does
// not go on past it.
func (row *sourceRow) follow(old sourceRow, secret *string) error {
	was, is := old.Spec.V, row.Spec.V
	if secret == nil {
		if len(old.Secret) > 0 && (hostOf(was.URL) != hostOf(is.URL) || was.AuthHeader != is.AuthHeader) {
			return errBadSource(fault.Field{Name: "secret", Code: "secret_needed", Detail: "The secret was for another host or header: give it again, or remove it."})
		}
		row.Secret = old.Secret
	}
	row.Turn = old.Turn + 1
	if was.URL == is.URL && was.Cursor == is.Cursor {
		row.Position, row.State = old.Position, old.State
	}
	if was.Every == is.Every && was.Enabled == is.Enabled {
		row.NextAt = old.NextAt
	}
	return nil
}

func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func errBadSource(bad ...fault.Field) error {
	return fault.InvalidFields("invalid_source", "The source has mistakes.", bad)
}

// sourceRowOf checks a source and makes its row.
func (r *Registry) sourceRowOf(tx *gorm.DB, s Source, secret *string, now db.Time) (*sourceRow, error) {
	if s.AuthHeader == "" {
		s.AuthHeader = "Authorization"
	}
	s.AuthHeader = http.CanonicalHeaderKey(s.AuthHeader)
	bad := r.sourceProblems(s)
	if secret != nil && (len(*secret) > maxSecret || !reSecret.MatchString(*secret)) {
		bad = append(bad, fault.Field{Name: "secret", Code: "invalid_secret", Detail: "At most 4000 visible ASCII characters and spaces."})
	}
	m, err := loadMapping(tx, s.Mapping, r.db.Dialect.ForShare())
	switch {
	case fault.KindOf(err) == fault.NotFound && err != nil:
		bad = append(bad, fault.Field{Name: "mapping", Code: "unknown_mapping", Detail: "There is no such saved mapping."})
	case err != nil:
		return nil, err
	case m.Kind != PersonKind:
		bad = append(bad, fault.Field{Name: "mapping", Code: "wrong_kind", Detail: "The rows of a source are people."})
	}
	if len(bad) > 0 {
		return nil, errBadSource(bad...)
	}
	s.HasSecret, s.NextAt, s.State, s.GoesOn = false, time.Time{}, "", false
	row := &sourceRow{Key: s.Key, Spec: column[Source]{s}, Mapping: s.Mapping, VersionNo: s.VersionNo, State: SourceReady, UpdatedAt: now}
	if secret != nil && *secret != "" {
		row.Secret = r.secrets.Seal([]byte(*secret), sourceAAD(s.Key))
	}
	if s.Enabled && s.Every > 0 {
		row.NextAt = &now
	}
	return row, nil
}

// sourceAAD binds a sealed secret to its source.
func sourceAAD(key string) []byte { return []byte("source\x00" + key) }

var (
	reSecret = regexp.MustCompile(`^[\x20-\x7e]*$`)
	reHeader = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)
	reParam  = regexp.MustCompile(`^[A-Za-z0-9_.$\[\]-]{1,64}$`)
)

// sourceProblems lists what is wrong with a source in itself.
func (r *Registry) sourceProblems(s Source) []fault.Field {
	var p definitionProblems
	p.add(!keysFine([]string{s.Key}), "key", "Small letters, digits and single underscores, beginning with a letter; at most 63.")
	p.add(!labelsFine(s.Label) || s.Label["en"] == "", "label", "One line per language; English (en) is needed.")
	p.add(s.Every != 0 && (s.Every < minEvery || s.Every > maxEvery), "every", "0, or from a minute to 31 days, in seconds.")
	p.add(!reHeader.MatchString(s.AuthHeader) || ownHeader(s.AuthHeader), "auth_header", "A header field that the connection itself does not use.")
	p.add(len(s.RowsPath) > maxSourcePath || checkText(s.RowsPath) != nil, "rows_path", "Names of members, joined by dots.")
	p.add(s.PageSize < 0 || s.PageSize > mapping.MaxPageRow || (s.PageSize > 0) != (s.PageSizeParam != ""), "page_size", fmt.Sprintf("From 1 to %d, with the name of its parameter; or neither.", mapping.MaxPageRow))
	p.add(s.PageSizeParam != "" && !reParam.MatchString(s.PageSizeParam), "page_size_param", "Letters and digits, at most 64.")
	label, err := s.VersionLabel, error(nil)
	if label != "" {
		label, err = cleanLabel(label)
	}
	p.add(err != nil || label != s.VersionLabel || len(label) > maxVersionLabel, "version_label", fmt.Sprintf("At most %d characters.", maxVersionLabel))
	s.Cursor.check(&p)
	return append(p, r.addressProblems(s.URL)...)
}

func (c SourceCursor) check(p *definitionProblems) {
	p.add(!slices.Contains([]CursorPlace{CursorNone, CursorBody, CursorLink}, c.In), "cursor", "body, link or nothing.")
	inBody := c.In == CursorBody
	p.add(inBody && (c.Path == "" || len(c.Path) > maxSourcePath || checkText(c.Path) != nil) || !inBody && c.Path != "", "cursor_path", "Names of members, joined by dots, for a cursor in the body.")
	p.add(inBody && !reParam.MatchString(c.Param) || !inBody && c.Param != "", "cursor_param", "Letters and digits, at most 64, for a cursor in the body.")
	p.add(c.In == CursorNone && c.Keep, "cursor_keep", "Without a cursor every pull begins anew.")
}

// ownHeader tells whether a header field is not for a setting to set.
func ownHeader(name string) bool {
	return slices.Contains([]string{"Host", "Connection", "Content-Length", "Content-Type", "Transfer-Encoding", "Te", "Trailer", "Upgrade", "Accept",
		"Accept-Encoding", "User-Agent", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Expect", "Range"}, http.CanonicalHeaderKey(name))
}

// addressProblems refuses an address that could never be fetched.
func (r *Registry) addressProblems(text string) []fault.Field {
	u, err := url.Parse(text)
	switch {
	case err != nil, len(text) > maxSourceURL, checkText(text) != nil, u.Host == "", u.User != nil, u.Fragment != "", u.Scheme != "https" && u.Scheme != "http":
		return []fault.Field{{Name: "url", Code: "invalid_url", Detail: "An https address without a name, a password or a fragment, of at most 2000 characters."}}
	case !r.outbound.Allows(u):
		return []fault.Field{{Name: "url", Code: "host_not_allowed", Detail: "This host is not on the list of those that may be reached (SR_SOURCE_HOSTS)."}}
	}
	return nil
}
