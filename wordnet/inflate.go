package wordnet

import (
	"errors"
	"fmt"
	"math/bits"
)

// The columns of a compact file are deflated (RFC 1951). Package
// compress/flate reads a stream byte by byte and took a third of all the work
// of opening; here a column lies in memory and its length is known,
// which makes it about twice as fast.

// fastBits is the length of the codes that one look into a table decodes.
const fastBits = 10

// A huffman decodes a canonical code.
type huffman struct {
	fast   [1 << fastBits]uint16 // symbol<<4 | length by the next bits; 0 for longer codes
	count  [16]uint16            // codes of each length
	symbol [288]uint16           // in the order of their codes
}

var errCode = errors.New("bad code lengths")

// init builds the tables from the length of each symbol's code. A code may be
// incomplete: what it has no symbol for is an error where it is met.
func (h *huffman) init(lengths []uint8) error {
	clear(h.fast[:])
	clear(h.count[:])
	for _, n := range lengths {
		h.count[n]++
	}
	h.count[0] = 0
	var code, at [16]uint16 // first code and place in symbol of each length
	left := 1
	for n := 1; n < 16; n++ {
		if left = 2*left - int(h.count[n]); left < 0 {
			return errCode
		}
		code[n] = (code[n-1] + h.count[n-1]) << 1
		at[n] = at[n-1] + h.count[n-1]
	}
	for s, n := range lengths {
		if n == 0 {
			continue
		}
		h.symbol[at[n]] = uint16(s)
		at[n]++
		if n <= fastBits { // codes come with their first bit lowest
			for i := bits.Reverse16(code[n]) >> (16 - n); i < 1<<fastBits; i += 1 << n {
				h.fast[i] = uint16(s)<<4 | uint16(n)
			}
		}
		code[n]++
	}
	return nil
}

// long decodes the code at the low end of b bit by bit. Its length is 0 if
// there is none.
func (h *huffman) long(b uint64) (symbol uint16, length int) {
	code, first, at := 0, 0, 0
	for n := 1; n < 16; n++ {
		code |= int(b & 1)
		b >>= 1
		count := int(h.count[n])
		if code < first+count {
			return h.symbol[at+code-first], n
		}
		at += count
		first = (first + count) << 1
		code <<= 1
	}
	return 0, 0
}

// An inflater unpacks columns one after the other.
type inflater struct {
	in   string
	at   int    // bytes of in that are in bits
	bits uint64 // the next bits, lowest first; those from n on are not to be used
	n    int

	lit, dist huffman
	lengths   [320]uint8
}

var errDeflate = errors.New("damaged")

// fill sees to it that there are at least 56 bits, unless the input ends.
func (z *inflater) fill() {
	if s := z.in[z.at:]; len(s) >= 8 {
		z.bits |= (uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56) << z.n
		z.at += (63 - z.n) >> 3
		z.n |= 56
		return
	}
	for z.n <= 56 && z.at < len(z.in) {
		z.bits |= uint64(z.in[z.at]) << z.n
		z.at++
		z.n += 8
	}
}

// take returns the next k bits, which may be below 0 where the input ends.
func (z *inflater) take(k int) int {
	if z.n < k {
		if z.fill(); z.n < k {
			return -1
		}
	}
	v := int(z.bits & (1<<k - 1))
	z.bits >>= k
	z.n -= k
	return v
}

// inflate returns the size bytes to which in unpacks. What it allocates grows
// with what was unpacked.
func (z *inflater) inflate(in string, size int) ([]byte, error) {
	z.in, z.at, z.bits, z.n = in, 0, 0, 0
	// Room for one match beyond the end, so that few places must look for it.
	out := make([]byte, min(size, 8*len(in)+1<<16)+maxMatch)
	w := 0
	for last := 0; last == 0; {
		last = z.take(1)
		var err error
		switch z.take(2) {
		case 0:
			out, w, err = z.stored(out, w, size)
		case 1:
			z.fixed()
			out, w, err = z.codes(out, w, size)
		case 2:
			if err = z.dynamic(); err == nil {
				out, w, err = z.codes(out, w, size)
			}
		default:
			err = errDeflate
		}
		if err != nil {
			return nil, fmt.Errorf("byte %d of %d packed ones: %w", z.at-z.n/8, len(in), err)
		}
	}
	if w != size {
		return nil, fmt.Errorf("%d bytes unpacked, want %d", w, size)
	}
	if left := len(in) - z.at + z.n/8; left > 0 {
		return nil, fmt.Errorf("%d packed bytes left over", left)
	}
	return out[:w], nil
}

const maxMatch = 258

// room returns out with room for n bytes and one match from w on.
func room(out []byte, w, n, size int) ([]byte, error) {
	if w+n > size {
		return nil, fmt.Errorf("more than the %d bytes announced", size)
	}
	if w+n+maxMatch > len(out) {
		out = append(out, make([]byte, min(max(len(out), n), size+maxMatch-len(out)))...)
	}
	return out, nil
}

// stored copies a block that is not packed.
func (z *inflater) stored(out []byte, w, size int) ([]byte, int, error) {
	z.at -= z.n / 8
	z.bits, z.n = 0, 0
	s := z.in[z.at:]
	if len(s) < 4 {
		return nil, 0, errDeflate
	}
	n := int(s[0]) | int(s[1])<<8
	if n^0xFFFF != int(s[2])|int(s[3])<<8 || len(s) < 4+n {
		return nil, 0, errDeflate
	}
	out, err := room(out, w, n, size)
	if err != nil {
		return nil, 0, err
	}
	w += copy(out[w:], s[4:4+n])
	z.at += 4 + n
	return out, w, nil
}

// fixed prepares the codes of section 3.2.6.
func (z *inflater) fixed() {
	l := z.lengths[:288]
	for i := range l {
		switch {
		case i < 144:
			l[i] = 8
		case i < 256:
			l[i] = 9
		case i < 280:
			l[i] = 7
		default:
			l[i] = 8
		}
	}
	z.lit.init(l)
	for i := range 30 {
		l[i] = 5
	}
	z.dist.init(l[:30])
}

var lengthOrder = [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// dynamic reads the codes of a block, section 3.2.7.
func (z *inflater) dynamic() error {
	lits, dists, n := z.take(5)+257, z.take(5)+1, z.take(4)+4
	if lits > 286 || dists > 30 || n < 4 {
		return errDeflate
	}
	l := z.lengths[:lits+dists]
	clear(z.lengths[:19])
	for _, i := range lengthOrder[:n] {
		k := z.take(3)
		if k < 0 {
			return errDeflate
		}
		z.lengths[i] = uint8(k)
	}
	if err := z.lit.init(z.lengths[:19]); err != nil {
		return err
	}
	for i := 0; i < len(l); {
		z.fill()
		s, k := z.lit.long(z.bits)
		if k == 0 || k > z.n {
			return errDeflate
		}
		z.take(k)
		v, repeat := uint8(s), 1
		switch s {
		case 16:
			if i == 0 {
				return errDeflate
			}
			v, repeat = l[i-1], 3+z.take(2)
		case 17:
			v, repeat = 0, 3+z.take(3)
		case 18:
			v, repeat = 0, 11+z.take(7)
		}
		if i+repeat > len(l) {
			return errDeflate
		}
		for range repeat {
			l[i] = v
			i++
		}
	}
	if err := z.lit.init(l[:lits]); err != nil {
		return err
	}
	return z.dist.init(l[lits:])
}

// The base and extra bits of the lengths and distances, section 3.2.5.
var (
	lengthBase  = [32]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [32]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase    = [32]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distExtra   = [32]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// codes unpacks a block up to its end.
func (z *inflater) codes(out []byte, w, size int) ([]byte, int, error) {
	in, b, n := z.in, z.bits, uint(z.n) // in registers
	done := func(err error) ([]byte, int, error) {
		z.bits, z.n = b, int(n)
		return out, w, err
	}
	for {
		if w+maxMatch > len(out) {
			var err error
			if out, err = room(out, w, 0, size); err != nil {
				return done(err)
			}
		}
		if n < 48 { // a length and a distance with their extra bits
			if s := in[z.at:]; len(s) >= 8 { // as fill does
				b |= (uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
					uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56) << (n & 63)
				z.at += int(63-n) >> 3
				n |= 56
			} else {
				done(nil)
				z.fill()
				b, n = z.bits, uint(z.n)
			}
		}
		e := z.lit.fast[b&(1<<fastBits-1)]
		s, k := e>>4, uint(e&15)
		if e == 0 {
			var length int
			s, length = z.lit.long(b)
			k = uint(length)
		}
		if k == 0 || k > n {
			return done(errDeflate)
		}
		b >>= k & 63
		n -= k
		if s < 256 {
			out[w] = byte(s)
			w++
			continue
		}
		if s == 256 {
			return done(nil)
		}
		if s > 285 {
			return done(errDeflate)
		}
		s -= 257
		k = uint(lengthExtra[s])
		length := int(lengthBase[s]) + int(b&(1<<(k&63)-1))
		b >>= k & 63
		used := k
		e = z.dist.fast[b&(1<<fastBits-1)]
		s, k = e>>4, uint(e&15)
		if e == 0 {
			var length int
			s, length = z.dist.long(b)
			k = uint(length)
		}
		if k == 0 || s > 29 {
			return done(errDeflate)
		}
		b >>= k & 63
		used += k
		k = uint(distExtra[s])
		back := int(distBase[s]) + int(b&(1<<(k&63)-1))
		b >>= k & 63
		if used += k; used > n || back > w {
			return done(errDeflate)
		}
		n -= used
		if from := w - back; back >= length {
			copy(out[w:w+length], out[from:from+length])
		} else {
			for i := range length {
				out[w+i] = out[from+i]
			}
		}
		w += length
	}
}
