package amap

import (
	"bytes"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// others are files of other kinds, by their first bytes, and what to do with them.
var others = []struct{ magic, what, how string }{
	{torchStart, "a file of torch.save in its old form (.pt, .bin)", "load it with torch and save it again, which writes the present form, or write it with pickle.dump"},
	{"PAR1", "a Parquet file (.parquet)", fromPandas},
	{"\x89HDF\r\n\x1a\n", "an HDF5 file (.h5, .hdf5)", "read it with h5py or pandas and write each layer with numpy.save, or all with safetensors"},
	{"GGUF", "a GGUF file (.gguf), which holds the weights of a model and no activations", "run the model and save what its units do as safetensors, .npy or with torch.save"},
	{"ARROW1", "an Arrow or Feather file (.arrow, .feather)", fromPandas},
	{"FEA1", "a Feather file (.feather)", fromPandas},
	{"MATLAB 5.0", "a MATLAB file (.mat)", "read it with scipy.io.loadmat and write each layer with numpy.save"},
	{"SQLite format 3\x00", "an SQLite database", fromPandas},
	{"\x1f\x8b", "a gzip file (.gz)", "unpack it first"},
	{"BZh", "a bzip2 file (.bz2)", "unpack it first"},
	{"\xfd7zXZ\x00", "an xz file (.xz)", "unpack it first"},
	{"\x28\xb5\x2f\xfd", "a Zstandard file (.zst)", "unpack it first"},
	{"7z\xbc\xaf\x27\x1c", "a 7-Zip archive (.7z)", "unpack it first"},
	{"PK\x05\x06", "an empty zip archive", "write the file again"},
}

const fromPandas = "read it with pandas and write each layer, tokens × units, with numpy.save, or all with safetensors"

// otherKind is the error for a file of another kind, or nil.
func otherKind(head []byte) error {
	for _, o := range others {
		if bytes.HasPrefix(head, []byte(o.magic)) {
			return errAt(0, ErrUnsupported, "%s; %s", o.what, o.how)
		}
	}
	return nil
}

// notPickle looks again at a file that cannot be read as a pickle: err says why.
// Pickles of protocol 0 are text, too, so this comes after the attempt; they end
// with a point.
func (s *source) notPickle(err error) error {
	head, last := make([]byte, min(s.size, 1024)), make([]byte, 1)
	if len(head) == 0 || s.readAt(head, 0) != nil || s.readAt(last, s.size-1) != nil {
		return err
	}
	if len(head) >= 262 && string(head[257:262]) == "ustar" {
		return errAt(0, ErrUnsupported, "a tar archive (.tar); unpack it first")
	}
	if last[0] == '.' || !isText(head) {
		return err
	}
	ext := strings.ToLower(filepath.Ext(s.file))
	line, _, _ := bytes.Cut(bytes.TrimPrefix(head, []byte("\ufeff")), []byte("\n"))
	const how = "read it with pandas or numpy.loadtxt and write each layer, tokens × units, with numpy.save"
	switch line = bytes.TrimSpace(line); {
	case len(line) > 0 && (line[0] == '{' || line[0] == '['):
		return errAt(0, ErrUnsupported, "not an activation map: a JSON file (.json); read it with Python and write each layer, tokens × units, with numpy.save")
	case ext == ".csv" || ext == ".tsv" || bytes.ContainsAny(line, ",;\t"):
		return errAt(0, ErrUnsupported, "not an activation map: a table of text (.csv); %s", how)
	}
	return errAt(0, ErrUnsupported, "not an activation map: a text file; %s, if it is a table", how)
}

// isText tells whether b is the beginning of a text.
func isText(b []byte) bool {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' || r == utf8.RuneError && size <= 1 && utf8.FullRune(b) {
			return false
		}
		b = b[max(size, 1):]
	}
	return true
}
