package slip

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Sizes of a picture in pixels. A cell is what one character takes: Go Mono is
// 0.6 em wide, so that 20 pixels make whole cells. At 42 characters and 180 dots an
// inch the picture is 80 mm wide, as the paper of a receipt printer, and a module
// of the code is 0.85 mm (at least 20 mm a side are asked, spec/ffd/encoding.md 8).
const (
	fontSize   = 20
	cellWidth  = 12
	cellHeight = 26
	ascent     = 20 // of the base line in a cell
	margin     = 30
	moduleSize = 6
	slipGap    = 40 // between slips in one picture
)

// totalScale enlarges the line of the total, in halves.
const totalScale = 3

// Painter makes pictures of slips. It keeps the glyphs that it has drawn, of which
// the font has some hundreds; it is safe for concurrent use.
type Painter struct {
	mu    sync.Mutex
	faces [3]painterFace // by weight
	pool  sync.Pool      // of *pngBuffer
}

// weight is one of the faces of a picture.
type weight uint8

const (
	regular weight = iota
	bold
	large // bold, for the total
)

type painterFace struct {
	face   font.Face
	glyphs map[rune]glyph
}

// glyph is the picture of a character, with its place from the base line.
type glyph struct {
	at   image.Point
	mask *image.Alpha
}

// pngBuffer lets the encoder keep its memory.
type pngBuffer struct{ b *png.EncoderBuffer }

// NewPainter reads the fonts, Go Mono and its bold face, which are in the program.
func NewPainter() *Painter {
	p := &Painter{}
	for w, f := range [...]struct {
		ttf  []byte
		size float64
	}{regular: {gomono.TTF, fontSize}, bold: {gomonobold.TTF, fontSize}, large: {gomonobold.TTF, fontSize * totalScale / 2}} {
		parsed, err := opentype.Parse(f.ttf)
		if err != nil {
			panic(err) // the font is a constant of the program
		}
		face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: f.size, DPI: 72, Hinting: font.HintingNone})
		if err != nil {
			panic(err)
		}
		p.faces[w] = painterFace{face: face, glyphs: map[rune]glyph{}}
	}
	return p
}

// Get implements png.EncoderBufferPool.
func (p *Painter) Get() *png.EncoderBuffer {
	b, _ := p.pool.Get().(*pngBuffer)
	if b == nil {
		return nil
	}
	return b.b
}

// Put implements png.EncoderBufferPool.
func (p *Painter) Put(b *png.EncoderBuffer) { p.pool.Put(&pngBuffer{b}) }

// PNG appends a picture of slips under one another: black on white, with the code
// drawn. The same input gives the same picture on every machine. Errors are those
// of Text; with an error b comes back as it was.
func (p *Painter) PNG(b []byte, slips ...Input) ([]byte, error) {
	img, err := p.Draw(slips...)
	if err != nil {
		return b, err
	}
	return p.encode(b, img)
}

func (p *Painter) encode(b []byte, img *image.Paletted) ([]byte, error) {
	buf := bytes.NewBuffer(b)
	e := png.Encoder{CompressionLevel: png.BestSpeed, BufferPool: p}
	if err := e.Encode(buf, img); err != nil {
		return b, fmt.Errorf("slip: picture of %v: %w", img.Rect.Size(), err)
	}
	return buf.Bytes(), nil
}

// Draw is the picture that PNG encodes.
func (p *Painter) Draw(slips ...Input) (*image.Paletted, error) {
	var d drawing
	for i := range slips {
		if i > 0 {
			d.y += slipGap
		}
		if err := d.layOut(&slips[i]); err != nil {
			return nil, err
		}
	}
	img := image.NewPaletted(image.Rect(0, 0, d.width, d.y), greys())
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range d.rows {
		p.text(img, r)
	}
	for _, y := range d.rules {
		for x := margin; x < d.width-margin; x++ {
			if x%8 < 5 {
				img.Pix[y*img.Stride+x] = black
			}
		}
	}
	for _, c := range d.codes {
		c.code.draw(img, c.at)
	}
	return img, nil
}

// draw puts a code on a picture, which has room for it.
func (q *qrCode) draw(img *image.Paletted, to image.Point) {
	q.runs(func(x, y, n int) {
		for row := range moduleSize {
			at := (to.Y+y*moduleSize+row)*img.Stride + to.X + x*moduleSize
			for i := range n * moduleSize {
				img.Pix[at+i] = black
			}
		}
	})
}

// Grounds of a picture: colour 0 is the paper, the last is black.
const black = 15

// greys are 16 shades, so that a pixel takes half a byte.
func greys() color.Palette {
	p := make(color.Palette, black+1)
	for i := range p {
		p[i] = color.Gray{Y: uint8(255 - i*255/black)}
	}
	return p
}

// drawing is where everything of a picture stands.
type drawing struct {
	width int
	y     int // how far it is laid out
	rows  []row
	rules []int
	codes []placedCode
}

type row struct {
	weight weight
	x, y   int // of the base line
	text   string
}

type placedCode struct {
	at   image.Point
	code qrCode
}

func (d *drawing) layOut(in *Input) error {
	width, err := in.width()
	if err != nil {
		return err
	}
	s, err := compose(in)
	if err != nil {
		return err
	}
	d.width = max(d.width, width*cellWidth+2*margin)
	d.y += margin
	for _, l := range s.lines {
		switch l.kind {
		case rule:
			d.rules = append(d.rules, d.y+cellHeight/2)
			d.y += cellHeight
		case code:
			d.code(l.left, width)
		case heading, itemName:
			d.set(&l, width, bold, 2)
		case total:
			d.set(&l, width*2/totalScale, large, totalScale)
		default:
			d.set(&l, width, regular, 2)
		}
	}
	d.y += margin
	return nil
}

// set lays out a line in cells of scale halves of the usual size.
func (d *drawing) set(l *line, width int, w weight, scale int) {
	s := setter{width: width, put: func(indent int, text string) {
		if text != "" {
			d.rows = append(d.rows, row{weight: w, x: margin + indent*cellWidth*scale/2, y: d.y + ascent*scale/2, text: text})
		}
		d.y += cellHeight * scale / 2
	}}
	s.line(*l)
}

func (d *drawing) code(text string, width int) {
	q, err := newQR(text)
	side := q.size * moduleSize
	if err != nil || side > width*cellWidth {
		d.set(&line{kind: flowing, left: text}, width, regular, 2)
		return
	}
	d.y += quietZone * moduleSize
	d.codes = append(d.codes, placedCode{at: image.Pt(margin+(width*cellWidth-side)/2, d.y), code: q})
	d.y += side + quietZone*moduleSize
}

// text draws a row, each character in a cell of its own. mu is held.
func (p *Painter) text(img *image.Paletted, r row) {
	advance := cellWidth
	if r.weight == large {
		advance = cellWidth * totalScale / 2
	}
	for _, c := range r.text {
		g := p.glyph(r.weight, c)
		blend(img, g.mask, g.at.Add(image.Pt(r.x, r.y)))
		r.x += advance
	}
}

// blend puts a glyph on paper; where glyphs meet the darker pixel stays.
func blend(img *image.Paletted, mask *image.Alpha, at image.Point) {
	if mask == nil {
		return
	}
	size := mask.Rect.Size()
	for y := range size.Y {
		for x := range size.X {
			px := at.Add(image.Pt(x, y))
			if shade := mask.Pix[y*mask.Stride+x] >> 4; shade > 0 && px.In(img.Rect) {
				i := px.Y*img.Stride + px.X
				img.Pix[i] = max(img.Pix[i], shade)
			}
		}
	}
}

// glyph finds or draws a character; all that the font lacks share one box.
func (p *Painter) glyph(w weight, c rune) glyph {
	f := &p.faces[w]
	if g, ok := f.glyphs[c]; ok {
		return g
	}
	key := c
	if _, ok := f.face.GlyphAdvance(c); !ok || c == 0 {
		key = 0
		if g, ok := f.glyphs[key]; ok {
			return g
		}
	}
	var g glyph
	bounds, mask, at, _, ok := f.face.Glyph(fixed.Point26_6{}, c)
	if ok && !bounds.Empty() {
		g.at, g.mask = bounds.Min, image.NewAlpha(image.Rectangle{Max: bounds.Size()})
		for y := range bounds.Dy() {
			for x := range bounds.Dx() {
				_, _, _, a := mask.At(at.X+x, at.Y+y).RGBA()
				g.mask.SetAlpha(x, y, color.Alpha{A: uint8(a >> 8)})
			}
		}
	}
	f.glyphs[key] = g
	return g
}

// QR appends a picture of the code of a receipt alone, with its light margin;
// nothing when the document has no code.
func (p *Painter) QR(b []byte, in Input) ([]byte, error) {
	s, err := compose(&in)
	if err != nil {
		return b, err
	}
	for _, l := range s.lines {
		if l.kind != code {
			continue
		}
		q, err := newQR(l.left)
		if err != nil {
			return b, nil // it stands there as text
		}
		side := (q.size + 2*quietZone) * moduleSize
		img := image.NewPaletted(image.Rect(0, 0, side, side), greys())
		q.draw(img, image.Pt(quietZone*moduleSize, quietZone*moduleSize))
		return p.encode(b, img)
	}
	return b, nil
}
