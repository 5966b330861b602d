package web_test

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"socialregistry/registry"
)

// A form that was refused is refused again: nothing says that it has worked.
func TestRefusedFormIsNotDone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		person := "/admin/people/" + w.person.ID.String()
		me, registrar, attester := w.registrant("en"), w.staff("en", registry.RoleRegistrar), w.staff("en", registry.RoleAttester)
		for _, tc := range []struct {
			name       string
			by         *browser
			open, post string
			form       map[string]string
			status     int
			wants      string
		}{
			{"edit", me, "/me/edit/contact", "", map[string]string{"f_email": "no address", "step": "save"}, 422, "E-mail"},
			{"staff edit", registrar, person + "/edit", "", map[string]string{"f_birth_date": "2999-01-01", "reason": "x", "step": "save"}, 422, "not come yet"},
			{"staff edit without a reason", registrar, person + "/edit", "", map[string]string{"f_locality": "Wamba", "step": "save"}, 422, "Say why"},
			{"register", registrar, "/admin/people/new", "", map[string]string{"f_given_name": "Otieno", "f_birth_date": "2999-01-01", "reason": "x", "step": "save"}, 422, "not come yet"},
			{"attest", attester, person + "/attest", "", map[string]string{"decision": "attest"}, 422, "Select at least one"},
			{"withdraw", registrar, person + "/edit", person + "/credentials", map[string]string{"credential": w.person.ID.String(), "reason": "x"}, 404, ""},
			{"code", attester, person + "/attest", person + "/code", nil, 403, "not for your account"},
			{"offer", me, "/me/edit/contact", "/me/credentials/nonsense/offer", nil, 404, ""},
			{"apply", registrar, "/admin/uploads/new", "/admin/uploads/" + w.person.ID.String() + "/apply", nil, 404, ""},
		} {
			if tc.post == "" {
				tc.post = tc.open
			}
			form := tc.by.get(tc.open).hidden(tc.form)
			for _, time := range []string{"first", "second"} {
				if p := tc.by.post(tc.post, form); p.status != tc.status || !strings.Contains(p.body, tc.wants) {
					t.Errorf("%s, %s time: %d at %s, want %d and %q\n%s", tc.name, time, p.status, p.path, tc.status, tc.wants, text(p.body))
				}
			}
		}
	})
}

// The apply of an upload that is refused is refused again, and says so.
func TestRefusedApplyIsNotDone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		registrar := w.staff("en", registry.RoleRegistrar)
		broken := registrar.upload("broken.csv", "no,known,header\n1,2,3\n")
		form := registrar.get("/admin/uploads/new").hidden(nil)
		for range 2 {
			registrar.post(broken.path+"/apply", url.Values{"form": form["form"]}).want(t, http.StatusUnprocessableEntity, "Check the file first")
		}
	})
}

// leaver is a body whose sender goes away as soon as it is read.
type leaver struct {
	io.Reader
	leave context.CancelFunc
}

func (l leaver) Read(p []byte) (int, error) {
	l.leave()
	return l.Reader.Read(p)
}

// Whoever goes away while a form is at work finds it done, and not for ever at
// work.
func TestFormIsClosedWhenItsSenderHasGone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		registrar := w.staff("en", registry.RoleRegistrar)
		form := registrar.get("/admin/uploads/new").hidden(nil)
		var head bytes.Buffer
		mw := multipart.NewWriter(&head)
		w.must(mw.WriteField("form", form.Get("form")))
		_, err := mw.CreateFormFile("file", "visit.csv")
		w.must(err)
		tail := "Given name\nOtieno\n\r\n--" + mw.Boundary() + "--\r\n"
		send := func(ctx context.Context, rest io.Reader) *httptest.ResponseRecorder {
			body := io.MultiReader(bytes.NewReader(head.Bytes()), rest)
			req := httptest.NewRequestWithContext(ctx, http.MethodPost, w.URL+"/admin/uploads", body)
			req.Header.Set("Content-Type", mw.FormDataContentType())
			for _, cookie := range registrar.http.Jar.Cookies(req.URL) {
				req.AddCookie(cookie)
			}
			answer := httptest.NewRecorder()
			w.Config.Handler.ServeHTTP(answer, req)
			return answer
		}
		ctx, leave := context.WithCancel(t.Context())
		// The parser reads ahead: the reader that leaves is reached with the file.
		send(ctx, io.MultiReader(leaver{strings.NewReader(tail), leave}))
		if ctx.Err() == nil {
			t.Fatal("the file was not read")
		}
		again := send(t.Context(), strings.NewReader(tail))
		if again.Code != http.StatusSeeOther || !strings.HasPrefix(again.Header().Get("Location"), "/admin/uploads/0") {
			t.Errorf("sent again: %d to %q, want 303 to the upload", again.Code, again.Header().Get("Location"))
		}
		batches, err := w.registry.ImportBatches(t.Context(), w.actor(registry.RoleRegistrar), registry.ImportBatch{}.ID, 10)
		if err != nil || len(batches) != 1 || batches[0].State != registry.ImportUploaded {
			t.Errorf("uploads: %+v, %v, want one", batches, err)
		}
	})
}

// Only the upload itself may send much: a large body elsewhere is not read.
func TestLargeBodyOnlyForTheFile(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		registrar := w.staff("en", registry.RoleRegistrar)
		status := registrar.upload("visit.csv", "Given name\nOtieno\n")
		for _, action := range []string{"/apply", "/discard"} {
			form := status.hidden(map[string]string{"more": strings.Repeat("x", 64<<10)})
			registrar.post(status.path+action, form).want(t, http.StatusRequestEntityTooLarge)
			var body bytes.Buffer
			mw := multipart.NewWriter(&body)
			w.must(mw.WriteField("form", status.hidden(nil).Get("form")))
			w.must(mw.Close())
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+status.path+action, &body)
			w.must(err)
			req.Header.Set("Content-Type", mw.FormDataContentType())
			registrar.do(req, nil).want(t, http.StatusUnsupportedMediaType)
		}
		large := "Given name\n" + strings.Repeat("Otieno\n", 10<<10)
		registrar.upload("large.csv", large).want(t, http.StatusOK, "large.csv")
	})
}

// An upload that nobody wants is deleted with its file.
func TestUploadIsGivenUp(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		registrar := w.staff("en", registry.RoleRegistrar)
		for _, csv := range []string{"Given name\nOtieno\n", "no,known,header\n1,2,3\n"} {
			status := registrar.upload("visit.csv", csv).want(t, http.StatusOK, "Delete this file")
			form := status.hidden(nil)
			w.staff("en", registry.RoleAttester).post(status.path+"/discard", form).want(t, http.StatusForbidden)
			for range 2 {
				gone := registrar.post(status.path+"/discard", form).want(t, http.StatusOK, "Given up")
				if strings.Contains(gone.body, "Delete this file") || strings.Contains(gone.body, "/apply") {
					t.Errorf("a file that is gone is still offered:\n%s", text(gone.body))
				}
			}
			again := registrar.get("/admin/uploads/new").hidden(nil)
			registrar.post(status.path+"/apply", again).want(t, http.StatusUnprocessableEntity)
			registrar.post(status.path+"/discard", again).want(t, http.StatusUnprocessableEntity)
		}
		registrar.post("/admin/uploads/nonsense/discard", url.Values{}).want(t, http.StatusNotFound)
	})
}
