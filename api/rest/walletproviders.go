package rest

import (
	"time"

	"github.com/gin-gonic/gin"

	"socialregistry/issuer/ledger"
)

const walletProvidersPath = "/api/v1/wallet-providers"

// walletProviderBody is a wallet provider.
type walletProviderBody struct {
	Key       string               `json:"key"`
	Name      string               `json:"name"`
	Uses      []ledger.ProviderUse `json:"uses"`
	Clients   []string             `json:"clients"`
	JWKS      map[string]any       `json:"jwks,omitempty"`
	Roots     string               `json:"roots"`
	Enabled   bool                 `json:"enabled"`
	Version   int                  `json:"version"` // also the ETag
	CreatedAt time.Time            `json:"created_at"`
	ChangedAt time.Time            `json:"changed_at"`
}

func walletProviderBodyOf(p ledger.WalletProvider) walletProviderBody {
	return walletProviderBody{Key: p.ID, Name: p.Name, Uses: p.Uses, Clients: append([]string{}, p.Clients...), JWKS: p.JWKS, Roots: p.Roots,
		Enabled: p.DisabledAt.IsZero(), Version: int(p.VersionNo), CreatedAt: p.CreatedAt, ChangedAt: p.ChangedAt}
}

// walletProviderChange is the body of a write of a wallet provider.
type walletProviderChange struct {
	Key     string               `json:"key"`
	Name    string               `json:"name"`
	Uses    []ledger.ProviderUse `json:"uses"`
	Clients []string             `json:"clients"`
	JWKS    map[string]any       `json:"jwks"`
	Roots   string               `json:"roots"`
	Enabled bool                 `json:"enabled"`
	Reason  string               `json:"reason"`
}

func (b walletProviderChange) provider() ledger.WalletProvider {
	return ledger.WalletProvider{ID: b.Key, Name: b.Name, Uses: b.Uses, Clients: b.Clients, JWKS: b.JWKS, Roots: b.Roots}
}

// WalletProviders answers GET /wallet-providers.
func (h *Handlers) WalletProviders(c *gin.Context) error {
	if err := onlyQuery(c); err != nil {
		return err
	}
	list, err := h.iss.WalletProviders(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	return okList(c, list, walletProviderBodyOf, "")
}

// DefineWalletProvider answers POST /wallet-providers.
func (h *Handlers) DefineWalletProvider(c *gin.Context) error {
	var body walletProviderChange
	if err := decode(c, &body); err != nil {
		return err
	}
	p, err := h.iss.DefineWalletProvider(c.Request.Context(), actorOf(c), body.provider(), !body.Enabled, body.Reason)
	if err != nil {
		return err
	}
	setETag(c, int(p.VersionNo))
	return created(c, walletProvidersPath+"/"+p.ID, walletProviderBodyOf(p))
}

// WalletProvider answers GET /wallet-providers/{key}.
func (h *Handlers) WalletProvider(c *gin.Context) error {
	p, err := h.iss.WalletProvider(c.Request.Context(), actorOf(c), c.Param("key"))
	return okWalletProvider(c, p, err)
}

// ChangeWalletProvider answers PUT /wallet-providers/{key}: If-Match is the version
// that is replaced.
func (h *Handlers) ChangeWalletProvider(c *gin.Context) error {
	version, err := ifMatch(c)
	if err != nil {
		return err
	}
	var body walletProviderChange
	if err := decode(c, &body); err != nil {
		return err
	}
	p := body.provider()
	p.ID, p.VersionNo = c.Param("key"), int64(version)
	p, err = h.iss.ChangeWalletProvider(c.Request.Context(), actorOf(c), p, !body.Enabled, body.Reason)
	return okWalletProvider(c, p, err)
}

func okWalletProvider(c *gin.Context, p ledger.WalletProvider, err error) error {
	if err != nil {
		return err
	}
	setETag(c, int(p.VersionNo))
	return ok(c, walletProviderBodyOf(p))
}

// entryBody is one change of the issuer's settings.
type entryBody struct {
	At     time.Time      `json:"at"`
	Actor  string         `json:"actor"`
	Reason string         `json:"reason"`
	Old    map[string]any `json:"old"`
	New    map[string]any `json:"new"`
}

func entryBodyOf(e ledger.Entry) entryBody {
	return entryBody{At: e.At, Actor: e.Actor, Reason: e.Reason, Old: e.Old, New: e.New}
}

// WalletProviderHistory answers GET /wallet-providers/{key}/history.
func (h *Handlers) WalletProviderHistory(c *gin.Context) error {
	if err := onlyQuery(c); err != nil {
		return err
	}
	entries, err := h.iss.WalletProviderLog(c.Request.Context(), actorOf(c), c.Param("key"))
	if err != nil {
		return err
	}
	return okList(c, entries, entryBodyOf, "")
}
