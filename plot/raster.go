package plot

import (
	"compress/flate"
	"encoding/binary"
	"image"
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/semamap/semamap/plot/internal/kit"
)

// imageCanvas is vgimg's canvas with discs of our own.
type imageCanvas struct {
	*vgimg.Canvas
	img *image.RGBA
	px  float64 // pixels a point
}

// maxPixels bounds an image: 150 megapixels are a poster of 84 by 119 cm at 300
// dots per inch, and take 1.3 GB to draw.
const maxPixels = 150 << 20

func newImageCanvas(width, height vg.Length, dpi int, page color.Color) *imageCanvas {
	c := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(page))
	return &imageCanvas{Canvas: c, img: c.Image().(*image.RGBA), px: float64(dpi) / 72}
}

func imagePixels(width, height vg.Length, dpi int) float64 {
	return width.Points() / 72 * float64(dpi) * (height.Points() / 72) * float64(dpi)
}

// WriteTo writes the image as a PNG.
func (c *imageCanvas) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(encodePNG(c.img, uint32(c.px*72/0.0254+0.5), flate.BestSpeed))
	return int64(n), err
}

func (c *imageCanvas) drawDots(d *dots) {
	h := float64(c.img.Rect.Dy())
	left := func(x vg.Length) float64 { return float64(float32(x)) * c.px }
	top := func(y vg.Length) float64 { return h - float64(float32(y))*c.px }
	clip := image.Rect(
		int(math.Floor(left(d.clip.Min.X))), int(math.Floor(top(d.clip.Max.Y))),
		int(math.Ceil(left(d.clip.Max.X))), int(math.Ceil(top(d.clip.Min.Y))))
	x, y := make([]int32, len(d.x)), make([]int32, len(d.x))
	for i := range d.x {
		x[i] = subpixel(float64(d.x[i]) * c.px)
		y[i] = subpixel(h - float64(d.y[i])*c.px)
	}
	stamp(c.img, clip, d, x, y, c.px)
}

// Discs are stamped from masks for 8×8 positions of the center in a pixel.
const sub = 8

// subpixel rounds to an eighth of a pixel and keeps clear of overflow.
func subpixel(v float64) int32 {
	return int32(math.Floor(min(1e8, max(-1e8, v*sub+0.5))))
}

// A disc is the set of masks of a radius: for center (sx, sy)/8 in the pixel
// (0, 0) the coverage of the pixels [-reach, reach]², times the opacity, in
// 0..256.
type disc struct {
	reach, side int
	masks       []uint16
}

func newDisc(r, alpha float64) *disc {
	reach := int(math.Ceil(r + 1))
	d := &disc{reach: reach, side: 2*reach + 1}
	d.masks = make([]uint16, sub*sub*d.side*d.side)
	const lines = 16
	cover := make([]float64, d.side)
	k := 0
	for sy := range sub {
		for sx := range sub {
			cx, cy := float64(sx)/sub, float64(sy)/sub
			for row := -reach; row <= reach; row++ {
				clear(cover)
				for l := range lines {
					dy := float64(row) + (float64(l)+0.5)/lines - cy
					if dy*dy >= r*r {
						continue
					}
					half := math.Sqrt(r*r - dy*dy)
					lo, hi := cx-half, cx+half
					for col := int(math.Floor(lo)); col < int(math.Ceil(hi)); col++ {
						cover[col+reach] += min(hi, float64(col+1)) - max(lo, float64(col))
					}
				}
				for _, v := range cover {
					d.masks[k] = uint16(v/lines*alpha*256 + 0.5)
					k++
				}
			}
		}
	}
	return d
}

// stamp draws dots whose centers are given in eighths of a pixel from the top
// left corner; px is pixels a point.
func stamp(img *image.RGBA, clip image.Rectangle, d *dots, x, y []int32, px float64) {
	clip = clip.Intersect(img.Rect)
	if clip.Empty() {
		return
	}
	inner, outer := discs(d, px)
	for _, i := range d.order {
		k := d.cat[i]
		if o := outer[k]; o != nil {
			blend(img, clip, o, x[i], y[i], d.ground)
		}
		blend(img, clip, inner[k], x[i], y[i], d.colors[k])
	}
}

// discs returns the masks of each category's dots and of their edges.
func discs(d *dots, px float64) (inner, outer []*disc) {
	type look struct{ r, alpha float64 }
	cache := make(map[look]*disc)
	get := func(r, alpha float64) *disc {
		l := look{r, alpha}
		if cache[l] == nil {
			cache[l] = newDisc(r, alpha)
		}
		return cache[l]
	}
	inner, outer = make([]*disc, len(d.radius)), make([]*disc, len(d.radius))
	for k, r := range d.radius {
		inner[k] = get(r*px, d.opacity(k))
		if d.edge > 0 {
			outer[k] = get(r*px*(1+d.edge), d.opacity(k))
		}
	}
	return inner, outer
}

// blend draws one disc into a part of an opaque image. Two channels at a time
// are mixed in one word, each in its own 16 bits.
func blend(img *image.RGBA, clip image.Rectangle, d *disc, x, y int32, c kit.RGB) {
	px, py := int(x)>>3, int(y)>>3
	mask := d.masks[(int(y&7)*sub+int(x&7))*d.side*d.side:][:d.side*d.side]
	x0, x1 := max(clip.Min.X, px-d.reach), min(clip.Max.X, px+d.reach+1)
	y0, y1 := max(clip.Min.Y, py-d.reach), min(clip.Max.Y, py+d.reach+1)
	if x0 >= x1 {
		return
	}
	rb := uint32(c.R) | uint32(c.B)<<16
	ga := uint32(c.G) | 0xff<<16
	for row := y0; row < y1; row++ {
		m := mask[(row-py+d.reach)*d.side+x0-px+d.reach:][:x1-x0]
		pix := img.Pix[img.PixOffset(x0, row):][:4*(x1-x0)]
		for i, a := range m {
			if a == 0 {
				continue
			}
			a, b := uint32(a), 256-uint32(a)
			v := binary.LittleEndian.Uint32(pix[4*i:])
			lo := ((v&0xff00ff)*b + rb*a + 0x800080) >> 8 & 0xff00ff
			hi := ((v>>8&0xff00ff)*b + ga*a + 0x800080) >> 8 & 0xff00ff
			binary.LittleEndian.PutUint32(pix[4*i:], lo|hi<<8)
		}
	}
}
