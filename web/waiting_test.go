package web_test

import (
	"net/http"
	"testing"

	"socialregistry/registry"
)

// TestAnEditThatWaitsIsTold: before saving, after it and in the history, to the
// person and to staff, while the record says what it said.
func TestAnEditThatWaitsIsTold(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		f, err := w.registry.Field(t.Context(), "locality")
		w.must(err)
		f.Approval = registry.Approval{Channels: []registry.Channel{registry.ChannelSelf}}
		_, err = w.registry.UpdateField(t.Context(), registry.Actor{Name: "root", Roles: []registry.Role{registry.RoleAdmin}}, f, "")
		w.must(err)
		me := w.registrant("en")
		check := me.post("/me/edit/contact", me.get("/me/edit/contact").hidden(map[string]string{"f_locality": "Maralal", "step": "check"}))
		check.want(t, http.StatusOK, "Somebody else must approve these details first", "Town or village")
		saved := me.post("/me/edit/contact", check.hidden(map[string]string{"step": "save"}))
		saved.want(t, http.StatusOK, "counts once the office has approved it", "Waits for approval", "Maralal", "Kisima")
		me.get("/me/history").want(t, http.StatusOK, "Asked for a change: Town or village", "Maralal")
		p, err := w.registry.Person(t.Context(), registry.System(), w.person.ID)
		if err != nil || p.Values["locality"].Text != "Kisima" {
			t.Errorf("the record says %q: %v", p.Values["locality"].Text, err)
		}
		w.staff("en", registry.RoleRegistrar).get("/admin/people/"+w.person.ID.String()).want(t, http.StatusOK, "Waits for approval", "Maralal")
	})
}
