package dbtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// shared is what the tests of one binary share. The testing package hands
// nothing from TestMain to a test, so this has to be package state.
var shared state

// state is guarded by mu. Each thing is made at its first use.
type state struct {
	mu       sync.Mutex
	cluster  *Cluster
	template bool   // the PostgreSQL template is there
	sqlite   []byte // a migrated SQLite file
	count    int    // databases made
}

const templateName = "template_sr"

func (s *state) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cluster == nil {
		return nil
	}
	return s.cluster.Stop()
}

func (s *state) postgresDatabase(t *testing.T, c content) string {
	t.Helper()
	cluster, name, err := s.createPostgres(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	return cluster.URL(name)
}

func (s *state) createPostgres(c content) (*Cluster, string, error) {
	s.mu.Lock() // also because two copies of one template cannot be made at once
	defer s.mu.Unlock()
	if s.cluster == nil {
		cluster, err := Start(context.Background())
		if err != nil {
			return nil, "", err
		}
		s.cluster = cluster
	}
	if c == migrated && !s.template {
		if err := s.cluster.exec("CREATE DATABASE " + templateName); err != nil {
			return nil, "", err
		}
		if err := migrate(s.cluster.URL(templateName)); err != nil {
			return nil, "", err
		}
		s.template = true
	}
	s.count++
	name, template := fmt.Sprintf("t%d", s.count), "template1"
	if c == migrated {
		template = templateName
	}
	// FILE_COPY is four times faster than the default for a small template.
	return s.cluster, name, s.cluster.exec("CREATE DATABASE " + name + " TEMPLATE " + template + " STRATEGY FILE_COPY")
}

func (s *state) sqliteDatabase(t *testing.T, c content) string {
	t.Helper()
	folder := scratch(t)
	file := filepath.Join(folder, "registry.db")
	if c == migrated {
		template, err := s.sqliteTemplate(folder)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, template, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return "sqlite:" + file
}

func (s *state) sqliteTemplate(folder string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sqlite != nil {
		return s.sqlite, nil
	}
	file := filepath.Join(folder, "template.db")
	if err := migrate("sqlite:" + file); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(file) // closing the last connection has emptied the write-ahead log
	s.sqlite = b
	return b, err
}

// scratch is a folder that goes away with the test, in memory if there is room.
func scratch(t *testing.T) string {
	t.Helper()
	folder, err := makeScratch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Errorf("remove scratch folder: %v", err)
		}
	})
	return folder
}

// exec runs one statement as superuser, outside any pool.
func (c *Cluster) exec(statement string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return fmt.Errorf("reach the test cluster: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}
