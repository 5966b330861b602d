package api

import (
	"socialregistry/api/auth"
	"socialregistry/registry"
	"socialregistry/web"
)

// setupPages: for whoever begins, while nobody of the staff has an account; the
// last step is for the administrator who has just begun.
func setupPages(s *server, g group, admin policy, p *web.Pages) {
	g.get("/setup", p.Setup)
	g.post("/setup", s.tries.count(p.SetupPost))
	g.get("/setup/account", p.SetupAccount)
	g.post("/setup/account", s.tries.count(p.SetupAccountPost))
	admin.use = append(admin.use[:1:1], auth.Require(s.show, registry.RoleAdmin))
	last := s.group(admin)
	last.get("/setup/data", p.SetupData)
	last.post("/setup/data", p.SetupDataPost)
}
