package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"socialregistry/api"
	"socialregistry/internal/db"
	"socialregistry/internal/dbtest"
	"socialregistry/registry"
)

// description loads openapi.yaml, and holds it to OpenAPI 3.1.
func description(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI())
	must(t, err)
	must(t, doc.Validate(t.Context()))
	return doc
}

// isPage tells of the routes that answer people, with HTML, and of their files.
// All others must be described.
func isPage(r api.Route) bool {
	for _, prefix := range []string{"/login", "/logout", "/activate", "/me", "/admin", "/static", "/wallets", "/verifiers", "/verify", "/setup", "/step-up", "/help", "/privacy", "/accessibility", "/gallery", "/oid4vci/authorize", "/issuers/:issuer/oid4vci/authorize"} {
		if r.Path == prefix || strings.HasPrefix(r.Path, prefix+"/") {
			return true
		}
	}
	return r.Path == "/"
}

var parameter = regexp.MustCompile(`:([a-z_]+)`)

// TestCapsAreAsDescribed: what openapi.yaml says of how far something is counted is what
// the code does.
func TestCapsAreAsDescribed(t *testing.T) {
	t.Parallel()
	doc := description(t)
	if most := doc.Components.Schemas["Total"].Value.Properties["count"].Value.Max; most == nil || int(*most) != registry.TotalCap {
		t.Errorf("Total.count ends at %v, want %d", most, registry.TotalCap)
	}
	for path, says := range map[string]string{"/api/v1/people": fmt.Sprintf("up to %s.", thousands(registry.TotalCap)), "/api/v1/groups": fmt.Sprintf("up to %s.", thousands(registry.TotalCap))} {
		if about := doc.Paths.Find(path).Get.Description; !strings.Contains(about, says) {
			t.Errorf("%s does not say %q: %s", path, says, about)
		}
	}
}

// thousands writes a number as the descriptions do.
func thousands(n int) string { return fmt.Sprintf("%d,%03d", n/1000, n%1000) }

// TestEveryRouteIsDescribed compares the router's own list with openapi.yaml, in
// both directions.
func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	routes, err := api.Routes(newService(t, dbtest.New(t, "sqlite")).deps)
	must(t, err)
	var have, described []string
	for _, r := range routes {
		if !isPage(r) {
			have = append(have, r.Method+" "+parameter.ReplaceAllString(r.Path, "{$1}"))
		}
	}
	for path, item := range description(t).Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	for _, r := range have {
		if !slices.Contains(described, r) && !slices.Contains(described, sameAs(r)) {
			t.Errorf("%s is not in openapi.yaml", r)
		}
	}
	for _, r := range described {
		if !slices.Contains(have, r) {
			t.Errorf("%s is in openapi.yaml, but nothing answers it", r)
		}
	}
	if len(have) < 10 {
		t.Errorf("only %d routes: the comparison is hollow", len(have))
	}
}

// sameAs gives the route at the root that one below the path of an issuer is the same
// as, and the address without the slash at its end: the description says so once.
func sameAs(route string) string {
	method, path, _ := strings.Cut(route, " ")
	if !strings.HasPrefix(path, "/.well-known/") {
		path = strings.TrimPrefix(path, "/issuers/{issuer}")
	}
	return method + " " + strings.TrimSuffix(path, "/")
}

// exercise drives an operation to one of its answers. Of a bad request only the
// answer is validated.
type exercise struct {
	operation string
	want      int
	req       *http.Request
	bad       bool
}

func (x exercise) String() string { return x.operation + " " + strconv.Itoa(x.want) }

// TestAnswersKeepTheContract drives every operation of openapi.yaml to every
// answer that it describes, and validates good requests and all answers.
func TestAnswersKeepTheContract(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, doc := newService(t, d).withIssuer(t), description(t)
		driven := map[string]bool{}
		s.exercises(t, func(x exercise) *httptest.ResponseRecorder {
			driven[x.String()] = true
			rec := s.do(x.req)
			if rec.Code != x.want {
				t.Errorf("%s: got %d %s", x, rec.Code, rec.Body)
			} else if err := validate(t, doc, x, rec); err != nil {
				t.Errorf("%s: %v\n%s", x, err, rec.Body)
			}
			return rec
		})
		for path, item := range doc.Paths.Map() {
			for method, op := range item.Operations() {
				for status := range op.Responses.Map() {
					if !driven[op.OperationID+" "+status] {
						t.Errorf("%s %s: the answer %s was not driven", method, path, status)
					}
				}
			}
		}
	})
}

// exercises runs through every answer. run sends one and gives its answer.
func (s *service) exercises(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	for operation, path := range map[string]string{
		"getDescription": "/openapi.yaml", "getIssuerMetadata": "/.well-known/openid-credential-issuer",
		"getAuthorizationServer": "/.well-known/oauth-authorization-server", "getOpenIDConfiguration": "/.well-known/openid-configuration",
		"getJWTVCIssuer": "/.well-known/jwt-vc-issuer",
		"getDIDDocument": "/.well-known/did.json", "getKeys": "/jwks.json", "getTypeMetadata": "/credentials/types/person",
		"getIssuerCA": "/issuer-ca.pem", "getContext": "/contexts/v1", "getVocabulary": "/vocab",
	} {
		cached(run, operation, path)
	}
	s.exerciseIssuers(t, run)
	run(exercise{"getTypeMetadata", 404, request("GET", "/credentials/types/nobody", ""), false})
	s.exerciseType(t, run)
	s.exerciseOperation(run)
	s.exerciseToken(t, run)
	s.exercisePush(t, run)
	s.exerciseCredential(t, run)
	s.exerciseDeferred(t, run)
	s.exerciseNotification(t, run)
	s.exerciseStatus(t, run)
	s.exercisePeople(t, run)
	s.exerciseGroupKinds(t, run)
	s.exerciseGroups(t, run)
	s.exerciseMembers(t, run)
	s.exerciseGroupRecords(t, run)
	s.exerciseProgrammes(t, run)
	s.exerciseEnrolments(t, run)
	s.exerciseRecords(t, run)
	s.exerciseAttestation(t, run)
	s.exerciseDocuments(t, run)
	s.exerciseKinship(t, run)
	s.exerciseVersions(t, run)
	s.exerciseSwitches(t, run)
	s.exerciseStatistics(t, run)
	s.exerciseRequests(t, run)
	s.exerciseIssued(t, run)
	s.exercisePapers(t, run)
	s.exerciseSettings(t, run)
	s.exerciseFields(t, run)
	s.exerciseIdentifiers(t, run)
	s.exerciseAreas(t, run)
	s.exerciseOffices(t, run)
	s.exerciseStaff(t, run)
	s.exerciseJobs(t, run)
	s.exerciseImports(t, run)
	s.exerciseExports(t, run)
	s.exerciseMappings(t, run)
	s.exerciseSources(t, run)
	s.exerciseWalletProviders(t, run)
	s.exerciseClients(t, run)
	s.exerciseConsents(t, run)
	s.exerciseMessages(t, run)
	s.exerciseOffersOfPeople(t, run)
	s.exerciseKeys(t, run)
	s.exerciseTokens(t, run)
	s.exerciseOffers(t, run) // last: it ends with a client that is slowed down
}

// exerciseType reads a version of a type after the first, and a picture of it.
func (s *service) exerciseType(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	body := run(exercise{"getTypeMetadata", 200, request("GET", "/credentials/types/person", ""), false}).Body.Bytes()
	must(t, s.db.Exec("INSERT INTO credential_type (uri, version, content, body, created_at) SELECT uri, 2, 'x', body, created_at FROM credential_type WHERE uri = ? AND version = 1",
		publicURL+"/credentials/types/person").Error)
	cached(run, "getTypeVersion", "/credentials/types/person/2")
	run(exercise{"getTypeVersion", 404, request("GET", "/credentials/types/person/3", ""), false})
	var doc struct {
		Display []struct {
			Rendering struct {
				Simple struct{ Logo struct{ URI string } }
			}
		}
	}
	must(t, json.Unmarshal(body, &doc))
	cached(run, "getImage", strings.TrimPrefix(doc.Display[0].Rendering.Simple.Logo.URI, publicURL))
	run(exercise{"getImage", 404, request("GET", "/credentials/images/none.svg", ""), false})
}

// cached reads a document, then asks again with its tag.
func cached(run func(exercise) *httptest.ResponseRecorder, operation, path string) {
	tag := run(exercise{operation, 200, request("GET", path, ""), false}).Header().Get("ETag")
	run(exercise{operation, 304, request("GET", path, "", "If-None-Match", tag), false})
}

func (s *service) exerciseOperation(run func(exercise) *httptest.ResponseRecorder) {
	run(exercise{"getHealth", 200, request("GET", "/healthz", ""), false})
	run(exercise{"getReadiness", 200, request("GET", "/readyz", ""), false})
	*s.notReady = true
	run(exercise{"getReadiness", 503, request("GET", "/readyz", ""), false})
	run(exercise{"getMetrics", 200, request("GET", "/metrics", ""), false})
	run(exercise{"getMetrics", 403, request("GET", "/metrics", "", "X-Forwarded-For", "192.0.2.9"), false})
}

func (s *service) exerciseToken(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	const form = "application/x-www-form-urlencoded"
	run(exercise{"createToken", 200, s.tokenForm(t, sdJWTConfig), false})
	run(exercise{"createToken", 400, request("POST", "/oid4vci/token", "grant_type=password", "Content-Type", form), true})
	run(exercise{"createToken", 401, s.tokenForm(t, sdJWTConfig, "client_secret", "x"), false})
	run(exercise{"createToken", 413, request("POST", "/oid4vci/token", strings.Repeat("a", 1<<20), "Content-Type", form), true})
	run(exercise{"createToken", 415, request("POST", "/oid4vci/token", "{}", "Content-Type", "application/json"), true})
	flood := func() *http.Request {
		r := request("POST", "/oid4vci/token", "", "Content-Type", form)
		r.RemoteAddr = "192.0.2.99:1"
		return r
	}
	for range 1000 {
		s.do(flood())
	}
	run(exercise{"createToken", 429, flood(), true})
	run(exercise{"createChallenge", 200, request("POST", "/oid4vci/challenge", ""), false})
	run(exercise{"createNonce", 200, request("POST", "/oid4vci/nonce", ""), false})
}

func (s *service) exerciseCredential(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	path, kind := "/oid4vci/credential", "application/json"
	run(exercise{"createCredential", 200, s.credentialRequest(t, sdJWTConfig, sdJWTConfig), false})
	run(exercise{"createCredential", 200, s.credentialRequest(t, ldpConfig, ldpConfig), false})
	refused := s.credentialRequest(t, sdJWTConfig, sdJWTConfig)
	refused.Body = io.NopCloser(strings.NewReader(`{"credential_configuration_id":"x","proof":{}}`))
	run(exercise{"createCredential", 400, refused, true})
	run(exercise{"createCredential", 401, request("POST", path, "{}", "Content-Type", kind), true})
	run(exercise{"createCredential", 413, request("POST", path, strings.Repeat(" ", 1<<20), "Content-Type", kind, "Authorization", "Bearer x"), true})
	run(exercise{"createCredential", 415, request("POST", path, "{}", "Content-Type", "text/plain", "Authorization", "Bearer x"), true})
}

// exerciseStatus finds the status lists in credentials, as a verifier does.
func (s *service) exerciseStatus(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	cached(run, "getTokenStatusList", s.listOf(t, sdJWTConfig))
	cached(run, "getBitstringStatusList", s.listOf(t, ldpConfig))
	cached(run, "getPurposeStatusList", s.listOf(t, ldpConfig)+"/suspension")
	cached(run, "getStatusAggregation", "/status/aggregation")
	cached(run, "getTrustBundle", "/.well-known/sr-trust-bundle.json")
	run(exercise{"getTrustBundle", 422, request("GET", "/.well-known/sr-trust-bundle.json?since=yesterday", ""), true})
	cached(run, "getTrustBundleShard", "/.well-known/sr-trust-bundle/status/"+s.shard(t))
	run(exercise{"getTrustBundleShard", 404, request("GET", "/.well-known/sr-trust-bundle/status/none", ""), false})
	run(exercise{"getPurposeStatusList", 404, request("GET", "/status/bitstring/none/refresh", ""), false})
	run(exercise{"getTokenStatusList", 404, request("GET", "/status/token/none", ""), false})
	run(exercise{"getBitstringStatusList", 404, request("GET", "/status/bitstring/none", ""), false})
}

func (s *service) exerciseOffers(t *testing.T, run func(exercise) *httptest.ResponseRecorder) {
	t.Helper()
	run(exercise{"getOffer", 200, request("GET", s.offer(t, ldpConfig), ""), false})
	run(exercise{"getOffer", 404, request("GET", "/oid4vci/offers/guess", ""), false})
	for range 100 {
		s.do(request("GET", "/oid4vci/offers/guess", ""))
	}
	run(exercise{"getOffer", 429, request("GET", "/oid4vci/offers/guess", ""), false})
}

// validate holds a request (unless it is bad) and its answer to the operation.
func validate(t *testing.T, doc *openapi3.T, x exercise, rec *httptest.ResponseRecorder) error {
	t.Helper()
	route, params := routeOf(t, doc, x)
	input := &openapi3filter.RequestValidationInput{
		Request: x.req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, ExcludeRequestBody: true},
	}
	if !x.bad {
		if err := openapi3filter.ValidateRequest(t.Context(), input); err != nil {
			return fmt.Errorf("request: %w", err)
		}
	}
	answer := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: rec.Code, Header: rec.Header(), Options: input.Options}
	return openapi3filter.ValidateResponse(t.Context(), answer.SetBodyBytes(bytes.Clone(rec.Body.Bytes())))
}

// routeOf finds the operation and the parameters in the request's path.
func routeOf(t *testing.T, doc *openapi3.T, x exercise) (*routers.Route, map[string]string) {
	t.Helper()
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.OperationID != x.operation {
				continue
			}
			params := map[string]string{}
			got := strings.Split(x.req.URL.Path, "/")
			for i, part := range strings.Split(path, "/") {
				if strings.HasPrefix(part, "{") && i < len(got) {
					params[strings.Trim(part, "{}")] = got[i]
				}
			}
			return &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: op}, params
		}
	}
	t.Fatalf("openapi.yaml has no operation %s", x.operation)
	return nil, nil
}

// TestContractCatchesPlantedFaults holds the check itself: an answer that lacks a
// member, has a wrong type or one member too many must not pass.
func TestContractCatchesPlantedFaults(t *testing.T) {
	t.Parallel()
	doc := description(t)
	for body, good := range map[string]bool{
		`{"access_token":"a","token_type":"Bearer","expires_in":60}`:             true,
		`{"access_token":"a","token_type":"Bearer"}`:                             false,
		`{"access_token":"a","token_type":"Bearer","expires_in":"60"}`:           false,
		`{"access_token":"a","token_type":"MAC","expires_in":60}`:                false,
		`{"access_token":"a","token_type":"Bearer","expires_in":60,"c_nonce":1}`: false,
	} {
		rec := httptest.NewRecorder()
		rec.Header().Set("Content-Type", "application/json")
		rec.WriteString(body)
		err := validate(t, doc, exercise{"createToken", 200, request("POST", "/oid4vci/token", ""), true}, rec)
		if (err == nil) != good {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// shard is the hash of a status list of the trust bundle.
func (s *service) shard(t *testing.T) string {
	t.Helper()
	sum := sha256.Sum256(s.do(request("GET", s.listOf(t, sdJWTConfig), "")).Body.Bytes())
	return hex.EncodeToString(sum[:])
}
