package web

import (
	"context"
	"crypto/subtle"
	"io"
	"net"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"socialregistry/api/auth"
	"socialregistry/api/respond"
	"socialregistry/internal/fault"
	"socialregistry/registry"
)

const setupPath = "/setup"

// setupLast is its last step, which an administrator takes.
const setupLast = setupPath + "/data"

// FirstRun is how the pages begin where nobody of the staff has an account.
type FirstRun struct {
	Token string // lets in who does not sit at the machine itself
	// Sample writes a file of generated people for the empty registry; nil: that is
	// not done here.
	Sample func(file io.Writer) error
}

// setupView is one of the three steps.
type setupView struct {
	Refused  bool
	Step     int
	Steps    []setupStep
	Token    string          // of the first run, for who came with it
	Look     *appearanceForm // of the first step
	Inputs   []input
	Problems []problem
	Form     string
	MayFill  bool
	People   bool // there is somebody already
}

type setupStep struct {
	Text    string
	Current bool
}

// beginning tells whether nobody of the staff has an account. Once somebody has,
// it does not ask again.
func (p *Pages) beginning(ctx context.Context) bool {
	if p.first == nil || p.settled.Load() {
		return false
	}
	none, err := p.registry.NoStaff(ctx)
	if err == nil && !none {
		p.settled.Store(true)
	}
	return err == nil && none
}

// atTheMachine holds for a browser on this machine that no proxy speaks for: an
// address in a header, or another host's name, could be anybody's.
func atTheMachine(r *http.Request) bool {
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if r.Header.Get(header) != "" {
			return false
		}
	}
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || !loopback(from) {
		return false
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	return host == "localhost" || loopback(host)
}

func loopback(address string) bool {
	ip := net.ParseIP(address)
	return ip != nil && ip.IsLoopback()
}

// maySetUp tells whether this browser may open the first account, and refuses
// where there is one: then the pages are gone for ever.
func (p *Pages) maySetUp(c *gin.Context, token string) (bool, error) {
	if !p.beginning(c.Request.Context()) {
		return false, respond.NoRoute()
	}
	known := token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(p.first.Token)) == 1
	return known || p.local && atTheMachine(c.Request), nil
}

// Setup is GET /setup: what the service is called, and how it looks.
func (p *Pages) Setup(c *gin.Context) error { return p.setupStep(c, 1) }

// SetupAccount is GET /setup/account: the form of the first administrator.
func (p *Pages) SetupAccount(c *gin.Context) error { return p.setupStep(c, 2) }

func (p *Pages) setupStep(c *gin.Context, step int) error {
	may, err := p.maySetUp(c, c.Query("token"))
	if err != nil {
		return err
	}
	v := p.setupView(p.localeOf(c), step)
	status := http.StatusOK
	if v.Refused = !may; v.Refused {
		status = http.StatusForbidden
	}
	if may {
		v.Token = c.Query("token")
	}
	if may && step == 1 {
		now, err := p.registry.Appearance(c.Request.Context())
		if err != nil {
			return err
		}
		look := p.appearanceForm(p.localeOf(c), now, nil, nil)
		v.Look = &look
	}
	return p.showSetup(c, status, v)
}

func (p *Pages) showSetup(c *gin.Context, status int, v setupView) error {
	return p.show(c, status, look{page: "setup", title: p.localeOf(c).t("setup.title"), here: setupHere(c), failed: len(v.Problems) > 0}, v)
}

// setupHere is the page in another language: a form's address has the same page.
func setupHere(c *gin.Context) string {
	if c.Request.Method == http.MethodGet {
		return ""
	}
	return c.Request.URL.Path
}

func (p *Pages) setupView(l *locale, step int) setupView {
	v := setupView{Step: step}
	for n, key := range []string{"setup.step1", "setup.step2", "setup.step3"} {
		v.Steps = append(v.Steps, setupStep{l.t(key), n+1 == step})
	}
	if step == 2 {
		v.Inputs = setupInputs(l, url.Values{}, nil)
	}
	return v
}

func setupInputs(l *locale, form url.Values, problems []problem) []input {
	list := []input{
		{ID: "username", Kind: "text", Dir: "ltr", Autocomplete: "username", Value: form.Get("username"), Label: words{Text: l.t("setup.username")}, Hint: words{Text: l.t("setup.username_hint")}},
		{ID: "password", Kind: "password", Dir: "ltr", Autocomplete: "new-password", Label: words{Text: l.t("login.password")}, Hint: words{Text: l.t("activate.passphrase_hint")}},
		{ID: "repeat", Kind: "password", Dir: "ltr", Autocomplete: "new-password", Label: words{Text: l.t("activate.repeat")}},
	}
	for i := range list {
		list[i].Required, list[i].Wrong = true, wrongOf(problems, list[i].ID)
	}
	return list
}

// SetupAccountPost is POST /setup/account: it opens the account, signs in, and
// closes the first run for ever.
func (p *Pages) SetupAccountPost(c *gin.Context) error {
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	may, err := p.maySetUp(c, form.Get("token"))
	if err != nil {
		return err
	}
	if !may {
		return fault.New(fault.Forbidden, "not_allowed", "The first account is opened on the machine itself.")
	}
	l := p.localeOf(c)
	problems := firstProblems(l, form)
	if len(problems) == 0 {
		if problems, err = p.openFirst(c, l, form); err != nil || problems == nil {
			return err
		}
	}
	v := p.setupView(l, 2)
	v.Inputs, v.Problems, v.Token = setupInputs(l, form, problems), problems, form.Get("token")
	return p.showSetup(c, http.StatusUnprocessableEntity, v)
}

// firstProblems are what the form says before the registry is asked.
func firstProblems(l *locale, form url.Values) []problem {
	problems := emptyInputs(l, form, "username", "password")
	if len(problems) == 0 && form.Get("password") != form.Get("repeat") {
		problems = []problem{{Field: "repeat", Text: l.t("activate.repeat_differs")}}
	}
	return problems
}

// openFirst opens the account and goes on; problems are what the form says again.
func (p *Pages) openFirst(c *gin.Context, l *locale, form url.Values) (problems []problem, err error) {
	ctx := c.Request.Context()
	if _, err := p.registry.OpenFirst(ctx, form.Get("username"), form.Get("password")); err != nil {
		problems, ok := entryProblems(l, err, "username")
		if !ok {
			return nil, err
		}
		return problems, nil
	}
	p.settled.Store(true)
	token, account, err := p.registry.SignIn(ctx, form.Get("username"), form.Get("password"))
	if err != nil {
		return nil, err
	}
	return nil, p.enter(c, token, account, setupLast) // by way of the authenticator app, where staff have to have one
}

// SetupData is GET /setup/data: generated people, or none, while nobody is registered.
func (p *Pages) SetupData(c *gin.Context) error {
	if err := auth.Allow(c, registry.RoleAdmin); err != nil {
		return err
	}
	ctx := c.Request.Context()
	actor := auth.Actor(ctx)
	v := p.setupView(p.localeOf(c), 3)
	people, err := p.anybody(ctx, actor)
	if err != nil {
		return err
	}
	v.People, v.MayFill = people, p.first != nil && p.first.Sample != nil && !people
	if v.Form, err = p.registry.NewForm(actor); err != nil {
		return err
	}
	return p.showSetup(c, http.StatusOK, v)
}

func (p *Pages) anybody(ctx context.Context, actor registry.Actor) (bool, error) {
	page, err := p.registry.Search(ctx, actor, registry.Query{Limit: 1, Names: true})
	return len(page.People) > 0, err
}

// SetupDataPost is POST /setup/data. Generated people are an upload like any other:
// a job checks it, and the administrator saves it.
func (p *Pages) SetupDataPost(c *gin.Context) error {
	if err := auth.Allow(c, registry.RoleAdmin); err != nil {
		return err
	}
	form, err := respond.Form(c)
	if err != nil {
		return err
	}
	actor := auth.Actor(c.Request.Context())
	return p.once(c, actor, form.Get("form"), func(ctx context.Context) (string, error) {
		if form.Get("data") != "sample" || p.first == nil || p.first.Sample == nil {
			return "/admin", nil
		}
		people, err := p.anybody(ctx, actor)
		if err != nil || people {
			return "/admin", err
		}
		return p.startSample(ctx, actor)
	})
}

// startSample uploads the generated people and gives the page of the upload.
func (p *Pages) startSample(ctx context.Context, actor registry.Actor) (string, error) {
	file, write := io.Pipe()
	go func() { write.CloseWithError(p.first.Sample(write)) }()
	id, err := p.registry.UploadImport(ctx, actor, file, registry.ImportOptions{Name: "generated people", Mode: registry.ImportCreate, AllOrNothing: true, Reason: "generated people for trying out"})
	file.CloseWithError(err) // ends the writer when the upload stopped early
	if err != nil {
		return "", err
	}
	j, err := p.registry.StartImportCheck(ctx, actor, id)
	return uploadPath(id) + "?job=" + j.ID.String(), err
}
