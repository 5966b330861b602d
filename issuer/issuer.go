package issuer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"socialregistry/contexts"
	"socialregistry/did"
	"socialregistry/internal/db"
	"socialregistry/internal/fault"
	"socialregistry/internal/secret"
	"socialregistry/issuer/artwork"
	"socialregistry/issuer/journal"
	"socialregistry/issuer/keys"
	"socialregistry/issuer/ledger"
	"socialregistry/issuer/oid4vci"
	"socialregistry/registry"
)

// Config is what an issuer is built from.
type Config struct {
	DB        *db.DB // migrated
	Registry  *registry.Registry
	Master    secret.Master
	PublicURL string // https (http only on loopback), no path, no trailing slash
	Now       func() time.Time
	Resolver  *did.Resolver // finds the keys of wallets' DIDs
	DPoP      DPoP

	Country string // in certificates, ISO 3166-1 alpha-2; "" is ZZ, which no country has
	Name    string // who issues, in certificates and to wallets; "" is Social Registry
	// Names is Name in other languages, by their tags (BCP 47). Without any, Social
	// Registry has one in Arabic.
	Names   map[string]string
	Logo    []byte        // PNG or SVG, see artwork.Parse; nil: one of our own
	Overlap time.Duration // how long a new key is published before it signs; 0 is a day

	Drafts    bool // also serve wallets that speak drafts 13 to 15 of OID4VCI (compat.drafts)
	BatchSize int  // most credentials of one request; 0: DefaultBatchSize, 1: no batches
	Encrypted bool // take encrypted requests only, and answer so (OID4VCI 1.0 §10)

	// StateDir is the folder outside the database that keeps what a restored backup
	// must not undo, with one folder per installation. "" keeps nothing: for commands
	// that issue nothing.
	StateDir string

	Authorization AuthorizationPolicy // the zero value will do
	Messages      MessagePolicy       // the zero value keeps them in the portal
}

// ownName is the name of an issuer that was given none.
const ownName = "Social Registry"

// DefaultBatchSize is how many credentials a wallet may ask for at once.
const DefaultBatchSize = 10

// Issuer makes credentials and withdraws them: one of perhaps several of a registry,
// see Issuers. It is safe for concurrent use, and any number of processes may share
// one database.
type Issuer struct {
	name     string            // "" = the one at the root of the public URL
	names    map[string]string // what it is called, by language
	registry *registry.Registry
	ledger   *ledger.Ledger
	resolver *did.Resolver
	now      func() time.Time

	url        string // credential issuer identifier, and iss
	did        string // did:web of the same host, issuer of W3C credentials
	ring       *keyring
	legal      keys.Issuer // who certificates are for
	overlap    time.Duration
	drafts     bool
	batchSize  int
	encrypted  bool
	tokens     secret.Tokens
	txCodes    secret.Key
	dpop       DPoP
	decoys     decoys
	refreshes  secret.Key // hashes refresh tokens
	policy     AuthorizationPolicy
	messages   MessagePolicy
	sentCodes  secret.Tokens // seal transaction codes in the outbox
	contexts   *contexts.Set
	contextIRI string
	context    []byte // our own JSON-LD context
	vocabulary []byte

	configs    []Configuration
	fields     map[string]registry.Field // of every subject
	subjects   map[Subject]map[string]registry.Field
	logo       artwork.Image
	pictures   pictures
	types      map[string]credentialType // of each dc+sd-jwt, by Type
	fieldOrder []string
	metadata   oid4vci.Metadata

	journal    *journal.Journal // nil: none is kept
	generation int64            // of the database, see ledger.Recover
	restored   Restored
	wentBack   atomic.Bool      // the database did, while this process ran
	process    string           // random; names this process to the others
	seen       map[string]int64 // revision of each status list that the journal holds; KeepJournal's
	vouched    time.Time        // when this process last vouched for the database; KeepJournal's

	indices *allocator
	lists   *listCache

	mu        sync.Mutex
	nextSweep time.Time // guarded by mu
}

// New loads the signing keys, making them if there are none, and the credential
// configurations. It refuses to start with a configuration that could only make
// bad credentials (ErrConfiguration), with a master key that does not open the
// stored keys, with a public URL that wallets must not trust, and with another
// public URL than the first start on this database (ledger.ErrOtherURL).
func New(ctx context.Context, c Config) (*Issuer, error) {
	if err := checkPublicURL(c.PublicURL); err != nil {
		return nil, err
	}
	return newIssuer(ctx, c, ledger.NamedIssuer{Names: namesOf(c), Country: c.Country})
}

// newIssuer makes the issuer at the root of the public URL, or one with a name.
func newIssuer(ctx context.Context, c Config, n ledger.NamedIssuer) (*Issuer, error) {
	i := &Issuer{name: n.Name, names: n.Names, registry: c.Registry, ledger: ledger.New(c.DB, c.Now).Of(n.Name), resolver: c.Resolver, now: c.Now,
		url: IdentifierOf(c.PublicURL, n.Name), dpop: c.DPoP, seen: map[string]int64{}, process: secret.RandomID(8), policy: c.Authorization, messages: c.Messages}
	i.sentCodes = secret.NewTokens("1", c.Master.Derive("issuer/sent-codes")) // of all issuers: one server sends them
	i.txCodes = i.derive(c.Master, "tx-codes")
	i.drafts, i.batchSize, i.encrypted = c.Drafts, cmp.Or(c.BatchSize, DefaultBatchSize), c.Encrypted
	i.indices = newAllocator(i.derive(c.Master, "status-permutation"), i.lease, i.leased)
	i.lists = newListCache()
	i.ring = &keyring{wrap: i.derive(c.Master, "signing-keys"), slots: keySlots(n.Name)}
	i.legal = keys.Issuer{Country: cmp.Or(n.Country, c.Country, "ZZ"), Name: i.Title("en"), URL: i.url}
	i.overlap = cmp.Or(c.Overlap, defaultOverlap)
	if err := i.load(ctx, c); err != nil {
		return nil, fmt.Errorf("start the issuer %s: %w", i.url, err)
	}
	return i, nil
}

// load brings in, in this order, what the later parts need of the earlier.
func (i *Issuer) load(ctx context.Context, c Config) (err error) {
	i.logo = artwork.Logo()
	if c.Logo != nil {
		if i.logo, err = artwork.Parse(c.Logo); err != nil {
			return err
		}
	}
	if i.did, err = did.WebDID(i.url); err != nil {
		return err
	}
	if i.decoys, err = newDecoys(); err != nil {
		return err
	}
	if err = i.claimURL(ctx); err != nil {
		return err
	}
	if err = i.openJournal(ctx, c); err != nil {
		return err
	}
	if err = i.loadKeys(ctx); err != nil {
		return err
	}
	if err = i.loadContexts(); err != nil {
		return err
	}
	if err = i.loadFields(ctx); err != nil {
		return err
	}
	if i.name != "" { // it was made with its own
		return i.loadConfigurations(ctx, []byte("[]"))
	}
	return i.loadConfigurations(ctx, seedConfigurations)
}

// english is the language of Config.Name.
const english = "en"

// namesOf gives the issuer's name in every language in which it has one.
func namesOf(c Config) map[string]string {
	out := map[string]string{english: cmp.Or(c.Name, ownName)}
	if out[english] == ownName {
		maps.Copy(out, map[string]string{"ar": "السجل الاجتماعي", "fr": "Registre social", "hi": "सामाजिक रजिस्ट्री", "sw": "Sajili ya Jamii"})
	}
	maps.Copy(out, c.Names)
	return out
}

// claimURL ties the database to the public URL. It is the issuer's identifier:
// it stands in every credential and behind every status list, so a second one
// would make credentials that nobody can check.
func (i *Issuer) claimURL(ctx context.Context) error {
	owner, err := i.ledger.Claim(ctx, i.url)
	if errors.Is(err, ledger.ErrOtherURL) {
		words := fmt.Sprintf("The database issues as %s, not as %s; set SR_PUBLIC_URL=%s, or use another database"+
			" (if it has issued nothing yet, DELETE FROM issuer_identity lets it take the new one).", owner, i.url, owner)
		return fault.Wrap(fault.Conflict, "other_public_url", words, fmt.Errorf("%w: %s", err, words))
	}
	return err
}

// checkPublicURL: wallets take https only (OID4VCI 1.0 §12.2.1); http is for
// trying out on one machine.
func checkPublicURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || s != u.Scheme+"://"+u.Host {
		return fmt.Errorf("public URL %q must be scheme and host without path or trailing slash", s)
	}
	addr, _ := netip.ParseAddr(u.Hostname())
	loopback := u.Hostname() == "localhost" || addr.IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && loopback) {
		return fmt.Errorf("public URL %q must be https; http is for localhost only", s)
	}
	return nil
}

// Origin is scheme and host of the public URL, without a path.
func (i *Issuer) Origin() string {
	scheme, rest, _ := strings.Cut(i.url, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

func (i *Issuer) loadContexts() (err error) {
	i.contextIRI, i.context, i.vocabulary = contexts.Registry(i.url)
	i.contexts, err = contexts.New(map[string][]byte{i.contextIRI: i.context})
	return err
}

// loadFields reads what can be known of people and of households; the keys of
// the two never meet.
func (i *Issuer) loadFields(ctx context.Context) (err error) {
	if i.fields, i.subjects, err = i.readFields(ctx); err != nil {
		return err
	}
	i.fieldOrder = slices.SortedFunc(maps.Keys(i.fields), func(a, b string) int {
		return cmp.Or(cmp.Compare(i.fields[a].Position, i.fields[b].Position), cmp.Compare(a, b))
	})
	return nil
}

// readFields gives the fields of every subject, by key, together and apart.
func (i *Issuer) readFields(ctx context.Context) (all map[string]registry.Field, of map[Subject]map[string]registry.Field, err error) {
	people, err := i.registry.Fields(ctx)
	if err != nil {
		return nil, nil, err
	}
	households, err := i.registry.FieldsOf(ctx, registry.HouseholdKind)
	if err != nil {
		return nil, nil, err
	}
	all, of = map[string]registry.Field{}, map[Subject]map[string]registry.Field{}
	for subject, list := range map[Subject][]registry.Field{ForPerson: people, ForHousehold: append(households, registry.CountedFields()...)} {
		of[subject] = map[string]registry.Field{}
		for _, f := range list {
			all[f.Key], of[subject][f.Key] = f, f
		}
	}
	return all, of, nil
}

// loadConfigurations reads the configurations and holds each to its rules, so
// that a wrong one is found at the start and not in a wallet.
func (i *Issuer) loadConfigurations(ctx context.Context, seed []byte) error {
	var err error
	if i.configs, err = loadConfigurations(ctx, i.ledger, seed); err != nil {
		return err
	}
	for _, c := range i.configs {
		if err := c.check(i.subjects[c.For]); err != nil {
			return err
		}
		if err := i.checkTerms(c); err != nil {
			return err
		}
	}
	return i.announce(ctx)
}

// ConfigurationNames gives the names of all configurations in a language, by id.
func (i *Issuer) ConfigurationNames(locale string) map[string]string {
	out := make(map[string]string, len(i.configs))
	for _, c := range i.configs {
		out[c.ID] = c.Name(locale)
	}
	return out
}

func (i *Issuer) configuration(id string) (Configuration, bool) {
	for _, c := range i.configs {
		if c.ID == id {
			return c, true
		}
	}
	return Configuration{}, false
}
