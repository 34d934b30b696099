package plot

import (
	"encoding/binary"
	"slices"

	"golang.org/x/image/font/sfnt"
)

// subset returns a TrueType font with the outlines of the given glyphs alone,
// under their old numbers, and the tables that PDF asks for. It is meant for
// the embedded fonts and trusts their form.
func subset(ttf []byte, gids []sfnt.GlyphIndex) []byte {
	be := binary.BigEndian
	tables := make(map[string][]byte)
	for i := range int(be.Uint16(ttf[4:])) {
		rec := ttf[12+16*i:]
		at, n := be.Uint32(rec[8:]), be.Uint32(rec[12:])
		tables[string(rec[:4])] = ttf[at : at+n]
	}
	glyf, oldLoca, head := tables["glyf"], tables["loca"], slices.Clone(tables["head"])
	long := be.Uint16(head[50:]) == 1
	n := int(be.Uint16(tables["maxp"][4:]))
	offset := func(g int) uint32 {
		if long {
			return be.Uint32(oldLoca[4*g:])
		}
		return 2 * uint32(be.Uint16(oldLoca[2*g:]))
	}
	keep := make([]bool, n)
	todo := []int{0}
	for _, g := range gids {
		todo = append(todo, int(g))
	}
	for len(todo) > 0 { // with the parts of composite glyphs
		g := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if g >= n || keep[g] {
			continue
		}
		keep[g] = true
		data := glyf[offset(g):offset(g+1)]
		if len(data) < 10 || int16(be.Uint16(data)) >= 0 {
			continue
		}
		for at := 10; ; {
			flags := be.Uint16(data[at:])
			todo = append(todo, int(be.Uint16(data[at+2:])))
			at += 6
			if flags&1 != 0 { // arguments are words
				at += 2
			}
			switch {
			case flags&8 != 0: // one scale
				at += 2
			case flags&0x40 != 0: // two
				at += 4
			case flags&0x80 != 0: // a matrix
				at += 8
			}
			if flags&0x20 == 0 { // the last part
				break
			}
		}
	}
	var newGlyf, newLoca []byte
	for g := range n {
		newLoca = be.AppendUint32(newLoca, uint32(len(newGlyf)))
		if keep[g] {
			newGlyf = append(newGlyf, glyf[offset(g):offset(g+1)]...)
			for len(newGlyf)%4 != 0 {
				newGlyf = append(newGlyf, 0)
			}
		}
	}
	newLoca = be.AppendUint32(newLoca, uint32(len(newGlyf)))
	be.PutUint16(head[50:], 1)
	be.PutUint32(head[8:], 0)
	tables["glyf"], tables["loca"], tables["head"] = newGlyf, newLoca, head

	var names []string
	for _, t := range []string{"cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep"} { // sorted
		if tables[t] != nil {
			names = append(names, t)
		}
	}
	count := len(names)
	power := 1
	for 2*power <= count {
		power *= 2
	}
	log := 0
	for 1<<(log+1) <= count {
		log++
	}
	out := be.AppendUint32(nil, 0x00010000)
	for _, v := range []int{count, 16 * power, log, 16 * (count - power)} {
		out = be.AppendUint16(out, uint16(v))
	}
	sum := func(b []byte) (s uint32) {
		for len(b) >= 4 {
			s += be.Uint32(b)
			b = b[4:]
		}
		var last [4]byte
		copy(last[:], b)
		return s + be.Uint32(last[:])
	}
	at := len(out) + 16*count
	headAt := 0
	for _, t := range names {
		if t == "head" {
			headAt = at
		}
		out = append(out, t...)
		out = be.AppendUint32(out, sum(tables[t]))
		out = be.AppendUint32(out, uint32(at))
		out = be.AppendUint32(out, uint32(len(tables[t])))
		at += (len(tables[t]) + 3) &^ 3
	}
	for _, t := range names {
		out = append(out, tables[t]...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	}
	be.PutUint32(out[headAt+8:], 0xb1b0afba-sum(out))
	return out
}
