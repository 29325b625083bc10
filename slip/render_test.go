package slip

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/require"

	"kktd/ffd"
)

// shown are the inputs of goldens: those of a day, a receipt with printed texts
// among them.
func shown(t testing.TB, name string) Input {
	in := Input{Document: day(t, ffd.V120)[name], Registration: inForce}
	if name == "03-rich" {
		in.Lines = []string{"Спасибо за покупку!", "Ждем вас снова в нашем магазине на Никольской улице"}
		in.ItemLines = map[int]string{0: "Гарантия 12 месяцев"}
	}
	return in
}

func requireGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

func page(in ...Input) *Page {
	return &Page{Title: "Чек", Slips: in, Links: []Link{{"Картинка", "/r/1.png"}, {"Текст", "/r/1.txt"}}}
}

func TestGoldenPages(t *testing.T) {
	for _, name := range []string{"03-rich", "05", "07"} {
		got, err := HTML(nil, page(shown(t, name)))
		require.NoError(t, err)
		requireGolden(t, "1.2-"+name+".html", got)
		d, err := DataOf(shown(t, name))
		require.NoError(t, err)
		got, err = json.MarshalIndent(d, "", "  ")
		require.NoError(t, err)
		requireGolden(t, "1.2-"+name+".json", append(got, '\n'))
	}
	in := shown(t, "03")
	in.DrawQR = true
	got, err := Text(nil, in)
	require.NoError(t, err)
	requireGolden(t, "1.2-03-drawn.txt", got)
}

// TestGoldenPicture compares pixels: the bytes of a PNG are the compressor's too.
func TestGoldenPicture(t *testing.T) {
	p := NewPainter()
	for _, name := range []string{"03-rich", "02"} {
		got, err := p.PNG(nil, shown(t, name))
		require.NoError(t, err)
		again, err := NewPainter().PNG([]byte("kept"), shown(t, name))
		require.NoError(t, err)
		require.Equal(t, "kept"+string(got), string(again), "the same bytes whatever was drawn before")
		path := filepath.Join("testdata", "1.2-"+name+".png")
		if *update {
			require.NoError(t, os.WriteFile(path, got, 0o644))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, bytes.Equal(pixels(t, want), pixels(t, got)), "%s: run with -update and look at the picture", path)
	}
}

func pixels(t *testing.T, b []byte) []byte {
	img, err := png.Decode(bytes.NewReader(b))
	require.NoError(t, err)
	return append([]byte(img.Bounds().String()), img.(*image.Paletted).Pix...)
}

// TestEveryDocumentInEveryForm shows each kind of document of each version.
func TestEveryDocumentInEveryForm(t *testing.T) {
	p := NewPainter()
	for _, v := range []ffd.Version{ffd.V105, ffd.V110, ffd.V120} {
		for name, doc := range day(t, v) {
			in := Input{Document: doc, Registration: inForce}
			html, err := HTML(nil, page(in))
			require.NoError(t, err, name)
			require.Equal(t, 2, strings.Count(string(html), testMark), name)
			img, err := p.Draw(in)
			require.NoError(t, err, name)
			require.Greater(t, img.Rect.Dy(), 200, name)
			d, err := DataOf(in)
			require.NoError(t, err, name)
			require.Equal(t, testMark, d.Mark)
			isReceipt := strings.ContainsAny(name[:2], "34") && name[:2] != "" && d.Form.IsSettlement()
			require.Equal(t, isReceipt, d.QR != "", name)
			require.Equal(t, isReceipt, strings.Contains(string(html), "<svg"), name)
			marks := 0
			for _, r := range d.Rows {
				if r.Text == testMark {
					marks++
				}
			}
			require.Equal(t, 2, marks, name)
		}
	}
}

// scan reads a picture of a code alone, with a reader of others.
func scan(t *testing.T, img image.Image) string {
	t.Helper()
	bmp, err := gozxing.NewBinaryBitmapFromImage(img)
	require.NoError(t, err)
	result, err := qrcode.NewQRCodeReader().Decode(bmp, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true})
	require.NoError(t, err)
	return result.GetText()
}

// TestCodesCanBeScanned reads the code of each form back.
func TestCodesCanBeScanned(t *testing.T) {
	in := shown(t, "03-rich")
	d, err := DataOf(in)
	require.NoError(t, err)
	require.Equal(t, "t=20260110T1003&s=6760.41&fn=9999078900005430&i=4&fp=172394662&n=1", d.QR)

	b, err := NewPainter().PNG(nil, in)
	require.NoError(t, err)
	img, err := png.Decode(bytes.NewReader(b))
	require.NoError(t, err)
	require.Equal(t, d.QR, scan(t, cut(t, img.(*image.Paletted), in)), "PNG")

	html, err := HTML(nil, page(in))
	require.NoError(t, err)
	drawn := image.NewGray(image.Rect(0, 0, 500, 500))
	fill(drawn, drawn.Rect, color.White)
	runs := regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-\d+z`).FindAllSubmatch(html, -1)
	require.NotEmpty(t, runs)
	for _, m := range runs {
		x, y, n := atoi(m[1]), atoi(m[2]), atoi(m[3])
		fill(drawn, image.Rect(x*10, y*10, (x+n)*10, (y+1)*10), color.Black)
	}
	require.Equal(t, d.QR, scan(t, drawn), "SVG")

	in.DrawQR = true
	text, err := Text(nil, in)
	require.NoError(t, err)
	fill(drawn, drawn.Rect, color.White)
	y := 40
	for line := range strings.Lines(string(text)) {
		if !strings.ContainsAny(line, "▀▄█") {
			continue
		}
		x := 40
		for _, c := range line {
			if c == '▀' || c == '█' {
				fill(drawn, image.Rect(x, y, x+10, y+10), color.Black)
			}
			if c == '▄' || c == '█' {
				fill(drawn, image.Rect(x, y+10, x+10, y+20), color.Black)
			}
			x += 10
		}
		y += 20
	}
	require.Equal(t, d.QR, scan(t, drawn), "text")
}

// cut is the part of a picture of a slip that has the code, with its quiet zone.
func cut(t *testing.T, img *image.Paletted, in Input) image.Image {
	t.Helper()
	var d drawing
	require.NoError(t, d.layOut(&in))
	require.Len(t, d.codes, 1)
	c := d.codes[0]
	return img.SubImage(image.Rectangle{Min: c.at, Max: c.at.Add(image.Pt(c.code.size, c.code.size).Mul(moduleSize))}.Inset(-quietZone * moduleSize))
}

func fill(img *image.Gray, r image.Rectangle, c color.Color) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			img.Set(x, y, c)
		}
	}
}

func atoi(b []byte) (n int) {
	for _, c := range b {
		n = n*10 + int(c-'0')
	}
	return n
}

// TestPagesEscape puts texts that would be markup everywhere others have a say.
func TestPagesEscape(t *testing.T) {
	const evil = `"><script>alert('1')</script><!--&amp;`
	in := shown(t, "03")
	in.Lines, in.ItemLines = []string{evil, "a\x1bb\u202ec"}, map[int]string{0: evil}
	in.Registration = Registration{UserName: evil, FNSSite: evil, SenderEmail: evil, Serial: evil}
	got, err := HTML(nil, &Page{Title: evil, Heading: evil, Notice: []string{evil}, Slips: []Input{in}, Links: []Link{{evil, evil}},
		QRSource: func(int) string { return evil }})
	require.NoError(t, err)
	require.NotContains(t, string(got), "<script")
	require.NotContains(t, string(got), "<!--")
	require.NotContains(t, string(got), `="">`)
	require.NotContains(t, string(got), "\x1b")
	require.NotContains(t, string(got), "\u202e")
	require.Equal(t, 11, strings.Count(string(got), "&lt;script&gt;"))
	for _, outside := range []string{"http://", "https://", " src=\"/", "url(", "@import"} {
		require.NotContains(t, strings.ReplaceAll(string(got), "http://www.w3.org/2000/svg", ""), outside)
	}
}

func TestRendererErrors(t *testing.T) {
	p := NewPainter()
	bad := Input{Document: []byte{1}}
	got, err := HTML([]byte("kept"), page(shown(t, "03"), bad))
	require.ErrorIs(t, err, ErrDocument)
	require.Equal(t, "kept", string(got))
	got, err = p.PNG([]byte("kept"), shown(t, "03"), bad)
	require.ErrorIs(t, err, ErrDocument)
	require.Equal(t, "kept", string(got))
	_, err = DataOf(bad)
	require.ErrorIs(t, err, ErrDocument)
	narrow := shown(t, "03")
	narrow.Width = MinWidth - 1
	_, err = p.Draw(narrow)
	require.ErrorIs(t, err, ErrWidth)
}

// TestWidthsOfPictures has the code at the width of any paper.
func TestWidthsOfPictures(t *testing.T) {
	in := shown(t, "03")
	wide, err := NewPainter().Draw(in)
	require.NoError(t, err)
	for _, width := range []int{MinWidth, 32, MaxWidth} {
		in.Width = width
		img, err := NewPainter().Draw(in)
		require.NoError(t, err)
		require.Equal(t, width*cellWidth+2*margin, img.Rect.Dx())
		scan(t, cut(t, img, in))
		if width > DefaultWidth {
			require.LessOrEqual(t, img.Rect.Dy(), wide.Rect.Dy())
		}
	}
}

func TestPainterIsSafe(t *testing.T) {
	p := NewPainter()
	in := shown(t, "03-rich")
	want, err := p.PNG(nil, in)
	require.NoError(t, err)
	done := make(chan []byte)
	for range 4 {
		go func() {
			b, _ := p.PNG(nil, in)
			done <- b
		}()
	}
	for range 4 {
		require.True(t, bytes.Equal(want, <-done))
	}
}

func FuzzPages(f *testing.F) {
	for _, doc := range day(f, ffd.V120) {
		f.Add(doc, "<b>", "x")
	}
	p := NewPainter()
	f.Fuzz(func(t *testing.T, doc []byte, line, title string) {
		in := Input{Document: doc, Registration: inForce, Lines: []string{line}}
		got, err := HTML(nil, &Page{Title: title, Slips: []Input{in}})
		if err != nil {
			require.ErrorIs(t, err, ErrDocument)
			return
		}
		require.NotContains(t, string(got[len(style):]), "<b>")
		_, err = DataOf(in)
		require.NoError(t, err)
		if len(doc) < 1000 && len(line) < 1000 { // a long one is a large picture and no other
			_, err = p.Draw(in)
			require.NoError(t, err)
		}
	})
}

func BenchmarkForms(b *testing.B) {
	p := NewPainter()
	in := shown(b, "03")
	var buf []byte
	for _, form := range []struct {
		name string
		make func([]byte) ([]byte, error)
	}{
		{"html", func(x []byte) ([]byte, error) { return HTML(x, page(in)) }},
		{"png", func(x []byte) ([]byte, error) { return p.PNG(x, in) }},
		{"txt", func(x []byte) ([]byte, error) { return Text(x, in) }},
		{"json", func(x []byte) ([]byte, error) {
			d, err := DataOf(in)
			if err != nil {
				return x, err
			}
			y, err := json.Marshal(d)
			return append(x, y...), err
		}},
	} {
		b.Run(form.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if buf, err = form.make(buf[:0]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(buf)), "bytes")
		})
	}
}
