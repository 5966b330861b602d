package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm"

	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
)

// statements are those that were sent to a database, without their values.
type statements struct {
	mu   sync.Mutex
	sent []string
}

func recordStatements(t *testing.T, d *db.DB) *statements {
	t.Helper()
	s := &statements{}
	note := func(tx *gorm.DB) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sent = append(s.sent, tx.Statement.SQL.String())
	}
	on := d.Callback()
	must(t, on.Query().After("gorm:query").Register("test:query", note))
	must(t, on.Row().After("gorm:row").Register("test:row", note))
	must(t, on.Raw().After("gorm:raw").Register("test:raw", note))
	must(t, on.Create().After("gorm:create").Register("test:create", note))
	must(t, on.Update().After("gorm:update").Register("test:update", note))
	must(t, on.Delete().After("gorm:delete").Register("test:delete", note))
	return s
}

// forget gives the statements since it was last called.
func (s *statements) forget() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := s.sent
	s.sent = nil
	return sent
}

// TestPlantedLeaksAreCaught puts a leak of each class before the service, and holds the
// matrix to finding it: a check that cannot fail shows nothing.
func TestPlantedLeaksAreCaught(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, doc := newService(t, d), description(t)
		m := newMatrix(t, s, d)
		plain := s.Handler
		rows := matrixRows(t, doc)
		read := rows[slices.IndexFunc(rows, func(r matrixRow) bool { return r.operation == "getPerson" })]
		exists := func(r *http.Request) bool {
			id := r.PathValue("id")
			if at := strings.LastIndex(r.URL.Path, "/"); id == "" {
				id = r.URL.Path[at+1:]
			}
			return id == m.outside.person
		}
		people := func() (n int64) {
			must(t, d.Table("registrant").Count(&n).Error)
			return n
		}
		for _, c := range []struct {
			name, found string
			leak        http.HandlerFunc
			check       func()
		}{
			{"nothing", "", plain.ServeHTTP, func() { m.check(t, read); m.checkCounts(t, rows) }},
			{"error", "200/403", func(w http.ResponseWriter, r *http.Request) {
				if exists(r) {
					http.Error(w, `{"code":"outside_area"}`, http.StatusForbidden)
					return
				}
				plain.ServeHTTP(w, r)
			}, func() { m.check(t, read) }},
			{"words", "of nobody", func(w http.ResponseWriter, r *http.Request) {
				if exists(r) && r.Header.Get("Authorization") != "" {
					w.WriteHeader(http.StatusNotFound)
					fmt.Fprint(w, `{"code":"no_such_person","detail":"Not in your area."}`)
					return
				}
				plain.ServeHTTP(w, r)
			}, func() { m.check(t, read) }},
			{"timing class", "takes the statements", func(w http.ResponseWriter, r *http.Request) {
				if exists(r) {
					people()
				}
				plain.ServeHTTP(w, r)
			}, func() { m.check(t, read) }},
			{"count", "somebody outside changes the answer", func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/api/v1/people" && r.Header.Get("Authorization") != "" {
					fmt.Fprintf(w, `{"people":[],"total":%d}`, people())
					return
				}
				plain.ServeHTTP(w, r)
			}, func() { m.checkCounts(t, rows) }},
			{"value", "the answer tells of what is outside", func(w http.ResponseWriter, r *http.Request) {
				plain.ServeHTTP(w, r)
				fmt.Fprintf(w, "%s", secretName)
			}, func() { m.check(t, read) }},
		} {
			var faults []string
			m.fault = func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
			s.Handler = c.leak
			c.check()
			all := strings.Join(faults, "\n")
			if c.found == "" && all != "" || !strings.Contains(all, c.found) {
				t.Errorf("planted %s: the matrix finds %q, want %q", c.name, all, c.found)
			}
		}
	})
}
