package imports

// Rule says what the packages of one line may import of this module. A pattern
// is a package path relative to the module; "x/*" stands for the direct children
// of x, "..." for everything. Level n may import only levels below n.
type Rule struct {
	Level    int
	Packages []string
	May      []string
}

// Lock says which packages alone may import a path, or anything under it.
type Lock struct {
	Path string
	Only []string
	Why  string
}

// Lattice is docs/design/imports.md as data. A package that is not listed fails.
func Lattice() []Rule {
	return []Rule{
		{0, []string{"internal/fault", "internal/jose", "internal/secret", "internal/vectors", "internal/qrcode", "internal/imports", "internal/compliance", "internal/cli", "internal/conformance", "internal/chromium"}, nil},
		{1, []string{"internal/srcheck"}, []string{"internal/compliance"}},
		{0, []string{"contexts", "migrations", "did/ariesvdr"}, nil},
		{0, []string{"registry/attestation", "registry/checkdigit", "registry/csvio", "registry/demodata", "registry/disclosure", "registry/expr", "registry/kin", "registry/numset", "registry/mapping", "registry/passkey", "registry/totp", "registry/schema", "registry/sniff", "registry/translit"}, nil},

		{1, []string{"internal/db"}, []string{"migrations", "internal/fault"}},
		{1, []string{"internal/outbound"}, []string{"internal/fault"}},
		{1, []string{"did"}, []string{"did/ariesvdr", "internal/fault", "internal/jose"}},
		{1, []string{"registry/xlsx"}, []string{"registry/csvio"}},
		{1, []string{"registry/seal"}, []string{"internal/jose", "internal/secret"}},
		{1, []string{"issuer/artwork", "issuer/claim169", "issuer/cwt", "issuer/journal", "issuer/keys", "issuer/status", "issuer/oauth", "issuer/sdjwt", "issuer/dataintegrity", "issuer/jwtvc", "issuer/mdoc"},
			[]string{"internal/jose", "internal/secret", "contexts", "internal/fault"}},

		{2, []string{"internal/openid"}, []string{"internal/outbound", "internal/jose", "internal/fault"}},
		{2, []string{"internal/webhook"}, []string{"internal/outbound"}},
		{2, []string{"internal/jobs", "internal/dbtest"}, []string{"internal/db", "internal/fault"}},
		{2, []string{"issuer/oid4vci"}, []string{"issuer/oauth", "issuer/dataintegrity", "did", "internal/jose", "internal/fault"}},
		{2, []string{"internal/vciclient"}, []string{"did", "internal/jose"}},
		{2, []string{"issuer/verify"}, []string{"contexts", "internal/jose", "issuer/status", "issuer/sdjwt", "issuer/dataintegrity", "issuer/jwtvc", "issuer/mdoc", "issuer/cwt", "issuer/claim169"}},
		{3, []string{"internal/specimen"}, []string{"contexts", "did", "internal/jose", "issuer/verify", "issuer/status", "issuer/sdjwt", "issuer/dataintegrity", "issuer/jwtvc", "issuer/mdoc", "issuer/cwt", "issuer/claim169"}},

		{3, []string{"registry"}, []string{"registry/*", "internal/jobs", "internal/db", "internal/outbound", "internal/fault", "internal/secret"}},
		{3, []string{"issuer/ledger"}, []string{"internal/jobs", "internal/db", "internal/fault", "internal/secret"}},

		{4, []string{"issuer"}, []string{"registry", "did", "contexts", "issuer/*",
			"internal/db", "internal/jobs", "internal/jose", "internal/secret", "internal/fault"}},

		{5, []string{"api/respond"}, []string{"internal/fault", "issuer/oauth"}},

		{6, []string{"api/auth"}, []string{"api/respond", "issuer", "issuer/oauth", "registry", "internal/fault"}},

		{7, []string{"api/vci"}, []string{"api/respond", "api/auth", "registry", "issuer", "issuer/oauth", "issuer/oid4vci", "issuer/status", "contexts", "internal/fault"}},
		{7, []string{"api/rest"}, []string{"api/respond", "api/auth", "registry", "registry/attestation", "registry/csvio", "registry/mapping", "issuer", "issuer/ledger", "internal/fault", "internal/qrcode"}},
		{7, []string{"web"}, []string{"api/respond", "api/auth", "registry", "registry/csvio", "issuer", "contexts", "internal/fault", "internal/qrcode"}},

		{8, []string{"api"}, []string{"api/*", "web", "registry", "issuer", "contexts", "internal/fault"}},

		{9, []string{"cmd/socialregistry"}, []string{"..."}},
		{9, []string{"scripts/vectors"}, []string{"internal/specimen"}},
		{9, []string{"scripts/verifywasm"}, []string{"issuer/verify"}},
		{9, []string{"scripts/pack"}, nil},
		{9, []string{"cmd/srverify"}, []string{"issuer/verify", "contexts", "internal/cli"}},
		{9, []string{"cmd/srwallet"}, []string{"internal/vciclient", "issuer/verify", "issuer/mdoc", "did", "internal/jose", "internal/cli"}},
	}
}

// Locks keeps each large dependency behind the one package that knows it.
func Locks() []Lock {
	return []Lock{
		{"github.com/gin-gonic", []string{"api", "api/*", "web"}, "HTTP stays at the edge"},
		{"gorm.io", []string{"registry", "issuer/ledger", "internal/db", "internal/jobs", "internal/dbtest", "cmd/*"}, "rows stay in the packages that own transactions"},
		{"github.com/piprate/json-gold", []string{"contexts"}, "one offline loader, one canonicalisation"},
		{"github.com/hyperledger/aries-framework-go", []string{"did/ariesvdr"}, "an archived dependency must be easy to take out"},
		{"github.com/lestrrat-go/jwx", []string{"internal/jose"}, "one place decides which algorithms are taken"},
		{"github.com/fxamacker/cbor", []string{"issuer/mdoc", "issuer/cwt", "issuer/claim169", "internal/specimen"}, "each bounds what foreign CBOR may cost"},
		{"github.com/veraison/go-cose", []string{"issuer/mdoc", "issuer/cwt", "issuer/claim169"}, "COSE signs mobile documents, their status lists and codes on paper, and nothing else"},
		{"github.com/coreos/go-oidc", []string{"internal/openid"}, "one place speaks with an OpenID Provider"},
		{"golang.org/x/oauth2", []string{"internal/openid"}, "one place speaks with an OpenID Provider"},
		{"github.com/google/cel-go", []string{"registry/expr"}, "one place bounds what an expression may cost"},
		{"github.com/santhosh-tekuri/jsonschema", []string{"registry/schema"}, "one place decides which schemas are taken"},
		{"github.com/getkin/kin-openapi", nil, "for tests only"},
		{"github.com/xuri/excelize", nil, "for tests only: it keeps what it reads and writes in memory or in plain files"},
		{"github.com/go-webauthn", []string{"registry/passkey"}, "one place decides what is asked of passkeys"},
		{"github.com/pquerna/otp", []string{"registry/totp"}, "one place makes and checks codes"},
		{"github.com/alecthomas/kong", []string{"cmd/*"}, "command lines are read in cmd"},
	}
}
