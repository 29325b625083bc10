package control

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// upload sends a body of any type.
func (b *bench) upload(path, contentType string, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", Prefix+path, bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	b.api.ServeHTTP(w, r)
	return w
}

func TestExportAndImport(t *testing.T) {
	b := newBench(t, nil)
	b.submit(`{"a":1}`)
	b.confirm(1)
	path := "registers/" + testSerial
	w := b.do("GET", path+"/export")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, octetStream, w.Header().Get("Content-Type"))
	require.Equal(t, `attachment; filename="register-`+testSerial+`.kktd"`, w.Header().Get("Content-Disposition"))
	file := w.Body.Bytes()
	require.Equal(t, http.StatusOK, b.do("HEAD", path+"/export").Code)
	require.Equal(t, http.StatusNotFound, b.do("GET", "registers/none/export").Code)

	require.Equal(t, http.StatusUnsupportedMediaType, b.upload("registers/import", jsonType, file).Code)
	w = b.upload("registers/import", octetStream, file)
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Contains(t, w.Body.String(), `"field":"serial"`)
	require.Equal(t, http.StatusOK, b.do("DELETE", path).Code)
	w = b.upload("registers/import", octetStream, file[:len(file)-1])
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Contains(t, w.Body.String(), `"code":"invalid_image"`)
	require.Contains(t, w.Body.String(), "the file ends in the end of the image")
	require.Equal(t, http.StatusBadRequest, b.upload("registers/import?account=pk_none", octetStream, file).Code)
	w = b.upload("registers/import?account=pk_demo", octetStream, file)
	require.Equal(t, http.StatusCreated, w.Code, w.Body.String())
	require.Equal(t, Prefix+path, w.Header().Get("Location"))
	var view struct {
		Image    imageView
		Register struct{ Serial string }
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &view))
	require.Equal(t, imageView{Drives: 1, Documents: 3, Receipts: 1}, view.Image)
	require.Equal(t, testSerial, view.Register.Serial)
	require.Equal(t, file, b.do("GET", path+"/export").Body.Bytes())
}

func TestSnapshots(t *testing.T) {
	b := newBench(t, nil)
	path := "registers/" + testSerial + "/snapshots"
	kept := b.submit(`{}`)
	require.Equal(t, http.StatusCreated, b.change(path, `{"name":"base"}`).Code)
	w := b.change(path, `{"name":"base"}`)
	require.Equal(t, http.StatusConflict, w.Code)
	require.Contains(t, w.Body.String(), `"code":"exists"`)
	require.Equal(t, http.StatusCreated, b.change(path, `{"name":"base","replace":true}`).Code)
	require.Equal(t, http.StatusBadRequest, b.change(path, `{"name":"a/b"}`).Code)
	require.Equal(t, http.StatusBadRequest, b.change(path, `{}`).Code)
	gone := b.submit(`{}`)
	w = b.change(path+"/base/restore", "")
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	var view struct {
		Gone     int
		Snapshot snapshotView
		Register struct{ Drive struct{ Documents uint32 } }
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &view))
	require.Equal(t, 1, view.Gone)
	require.Equal(t, "base", view.Snapshot.Name)
	require.EqualValues(t, 3, view.Register.Drive.Documents)
	require.Equal(t, http.StatusOK, b.do("GET", "receipts/"+kept.ID).Code)
	require.Equal(t, http.StatusNotFound, b.do("GET", "receipts/"+gone.ID).Code)
	require.Equal(t, http.StatusNotFound, b.change(path+"/none/restore", "").Code)

	require.Equal(t, http.StatusCreated, b.change("snapshots", `{"name":"all"}`).Code)
	require.Equal(t, http.StatusConflict, b.change("snapshots", `{"name":"all"}`).Code)
	b.operate("registers", `{"serial":"new"}`)
	w = b.change("snapshots/all/restore", "")
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), `"left":["new"]`)
	first := b.list("snapshots?limit=1")
	require.Len(t, first.Items, 1)
	second := b.list("snapshots?limit=1&after=" + url.QueryEscape(first.Next.(string)))
	require.Len(t, second.Items, 1)
	require.Nil(t, second.Next)
	require.Len(t, b.list(path).Items, 2)
	require.Len(t, b.list(path+"?after=all").Items, 1)
	require.Empty(t, b.list(path+"?after=zzz").Items)
	require.Equal(t, http.StatusOK, b.do("DELETE", path+"/base").Code)
	require.Equal(t, http.StatusNotFound, b.do("DELETE", path+"/base").Code)
	require.Equal(t, http.StatusOK, b.do("DELETE", "snapshots/all").Code)
	require.Equal(t, http.StatusNotFound, b.do("DELETE", "snapshots/all").Code)
	require.Empty(t, b.list("snapshots").Items)
	require.Equal(t, http.StatusMethodNotAllowed, b.do("DELETE", "snapshots").Code)
}
