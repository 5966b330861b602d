package e2e_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// badCSV has a good row, a row that is here already in another way, and rows
// with problems.
const badCSV = "Given Name,Family Name,Sex,Date of Birth,Favourite colour\n" +
	"Wanjiru,Kamau,female,1988-05-01,blue\nBaraka,Otieno,male,2999-01-01,red\nZawadi,Mwangi,neither,31/31/1990,green\n"

// upload sends badCSV, waits until it was checked, and gives the id of the upload.
func (c *client) upload(t *testing.T) string {
	t.Helper()
	at := c.sendUpload(t, badCSV)
	c.finished(t, at)
	return at[len("/admin/uploads/"):]
}

// sendUpload sends rows of people and gives the path of the upload's page.
func (c *client) sendUpload(t *testing.T, rows string) string {
	t.Helper()
	page, err := c.get("/admin/uploads/new")
	if err != nil {
		t.Fatal(err)
	}
	token := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(page)
	if token == nil {
		t.Fatal("the upload form has no token")
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, part := range [][2]string{{"form", token[1]}, {"mode", "create"}, {"rule", ""}} {
		if err := w.WriteField(part[0], part[1]); err != nil {
			t.Fatal(err)
		}
	}
	file, err := w.CreateFormFile("file", "visit-to-the-northern-villages-2026-11.csv")
	if err == nil {
		_, err = io.WriteString(file, rows)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.http.Post(c.base+"/admin/uploads", w.FormDataContentType(), &body)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Request.URL.Path, "/admin/uploads/") {
		text, _ := io.ReadAll(res.Body)
		t.Fatalf("upload: %s at %s\n%s", res.Status, res.Request.URL, text)
	}
	return res.Request.URL.Path
}
