package registry

import (
	"cmp"
	"context"
	_ "embed" // fields.json
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/outbound"
	"socialregistry/internal/secret"
	"socialregistry/registry/attestation"
	"socialregistry/registry/passkey"
	"socialregistry/registry/seal"
)

//go:embed fields.json
var coreFields []byte

// Registry is the people and what is known about them. It is safe for
// concurrent use, and several processes may share one database.
type Registry struct {
	db      *db.DB
	keys    seal.Keys
	now     func() time.Time
	numbers numberPool
	fields  atomic.Pointer[fieldSet] // the definitions as they were read last

	accounts accounts
	answers  secret.Key // of the table idempotency_key
	jobKey   secret.Key // of the arguments of jobs
	kinship  KinshipRules
	secrets  secret.Key // of sources
	outbound *outbound.Client

	maxDocument int64 // bytes
	scan        Scan  // nil: nothing is scanned
	ownEdit     attestation.OwnEdit

	passkeys *passkey.Server // nil: this server can have none
	stepUp   time.Duration
	needTOTP bool
}

// Config is what a Registry needs: DB, Master and Now in any case.
type Config struct {
	DB      *db.DB // migrated
	Master  secret.Master
	Now     func() time.Time
	Kinship KinshipRules
	Sources outbound.Config // which other systems may be reached; zero: none

	MaxDocument int64               // greatest size of an evidence document in bytes; 0: DefaultMaxDocument
	Scan        Scan                // looks at every document before it is kept; nil: nothing is scanned
	OwnEdit     attestation.OwnEdit // of fields whose policy says nothing: whether an account may attest what it entered; empty: it may

	PublicURL   string        // for whose host passkeys are made; empty: there are none
	ServiceName string        // what the devices that keep them call the registry
	StepUp      time.Duration // how long a proof counts for sensitive acts; 0: DefaultStepUp
	NeedTOTP    bool          // staff have to have an authenticator app, or a passkey
}

// New opens the registry and writes the definitions that come with it and are not
// there yet: fields, kinds of group, types of identifiers, import mappings. One that is there is
// left as it is. The first start binds the database to its master key; with
// another one, New returns ErrOtherMasterKey and writes nothing.
func New(ctx context.Context, c Config) (*Registry, error) {
	if c.DB == nil || c.Now == nil {
		return nil, fmt.Errorf("open registry: DB and Now are needed")
	}
	rules, err := c.Kinship.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("open registry: %w", err)
	}
	r := &Registry{db: c.DB, keys: seal.New(c.Master), now: c.Now, accounts: newAccounts(c.Master),
		answers: c.Master.Derive("registry/idempotency"), jobKey: c.Master.Derive("registry/job"), kinship: rules, ownEdit: c.OwnEdit,
		maxDocument: cmp.Or(c.MaxDocument, DefaultMaxDocument), scan: c.Scan,
		secrets: c.Master.Derive("registry/source"), outbound: outbound.New(c.Sources),
		stepUp: cmp.Or(c.StepUp, DefaultStepUp), needTOTP: c.NeedTOTP}
	if r.passkeys, err = passkey.New(c.PublicURL, cmp.Or(c.ServiceName, "Social Registry")); err != nil {
		return nil, fmt.Errorf("open registry: %w", err)
	}
	if err := r.checkMaster(ctx); err != nil {
		return nil, fmt.Errorf("open registry: %w", err)
	}
	for _, seed := range []func(context.Context) error{r.seedFields, r.seedGroupKinds, r.seedIdentifierTypes, r.seedMappings} {
		if err := seed(ctx); err != nil {
			return nil, fmt.Errorf("open registry: %w", err)
		}
	}
	return r, nil
}

func (r *Registry) seedFields(ctx context.Context) error {
	fields, err := readCoreFields(coreFields)
	if err != nil {
		return err
	}
	return r.db.InTx(ctx, r.now, func(tx *gorm.DB, now db.Time) error {
		rows := make([]*fieldRow, len(fields))
		for i, f := range fields {
			rows[i] = fieldRowOf(f, System().name(), now)
		}
		done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(rows)
		if done.Error != nil {
			return fmt.Errorf("seed field definitions: %w", done.Error)
		}
		return recordFirstVersions(tx, now, done.RowsAffected > 0)
	})
}

// readCoreFields reads and checks the definitions that come with the program.
func readCoreFields(text []byte) ([]Field, error) {
	var fields []Field
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, fmt.Errorf("read fields.json: %w", err)
	}
	for i, f := range fields {
		f.Version = 1
		fields[i] = f.withDefaults()
		if bad := fields[i].problems(); len(bad) > 0 {
			return nil, fmt.Errorf("read fields.json: field %q: %s: %s", f.Key, bad[0].Name, bad[0].Detail)
		}
		if f.No < 1 || f.No >= lastCoreNo {
			return nil, fmt.Errorf("read fields.json: field %q has no number below %d", f.Key, lastCoreNo)
		}
	}
	return fields, nil
}

// errNoPerson is the answer about a person who is not there, or not for this
// actor: the two are not told apart.
func errNoPerson() error {
	return fault.New(fault.NotFound, "no_such_person", "There is no such person.")
}
