package amap

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/semamap/semamap/internal/par"
)

// tableBlock is how many numbers of a table are held in memory.
const tableBlock = 8 << 20

// WriteCSV writes the map as the table that SYSIF's get_df_amap makes: a line for
// each unit of each layer and mode, with a column for each token and then the
// columns #unit (such as 3_17), #mode, #layer and #mean, the mean over the tokens.
// token names the columns; nil names them by token ids. Usually the map has been
// filtered to the tokens of interest by [Map.Filter]:
//
//	few, err := m.Filter(ids)
//	err = few.WriteCSV(ctx, w, func(id int32) string { … })
//
// pandas.read_csv reads the table. As float32 its numbers are the map's to the last
// bit; those of a float64 map are so as float64. Unlike SYSIF's, the means of an
// fp16 map are not rounded to fp16. Columns of the same name are kept, and pandas
// appends .1 and so on to them. The layers must have the same tokens.
func (m *Map) WriteCSV(ctx context.Context, w io.Writer, token func(id int32) string) error {
	if token == nil {
		token = func(id int32) string { return strconv.Itoa(int(id)) }
	}
	layers, err := m.chosen("", nil)
	if err != nil {
		return err
	}
	if len(layers) == 0 {
		return fmt.Errorf("amap: WriteCSV: %w: the map has no layers", ErrShape)
	}
	rows, _ := layers[0].Dims()
	head := make([]string, 0, rows+4)
	for i := range rows {
		head = append(head, token(layers[0].tokenID(i)))
	}
	for _, l := range layers {
		same, _ := l.Dims()
		for i := 0; same == rows && i < rows; i++ {
			if l.tokenID(i) != layers[0].tokenID(i) {
				same = -1
			}
		}
		if same != rows {
			return fmt.Errorf("amap: WriteCSV: %w: %s layer %d has other tokens than %s layer %d", ErrShape, l.mode, l.n, layers[0].mode, layers[0].n)
		}
	}
	bw := bufio.NewWriterSize(w, 1<<16)
	cw := csv.NewWriter(bw)
	if err := cw.Write(append(head, "#unit", "#mode", "#layer", "#mean")); err != nil {
		return err
	}
	cw.Flush()
	for _, l := range layers {
		if err := l.writeCSV(ctx, bw, tableBlock); err != nil {
			return err
		}
	}
	return bw.Flush()
}

// writeCSV writes the lines of a layer, as many units at a time as memory allows.
func (l *Layer) writeCSV(ctx context.Context, w io.Writer, block int) error {
	rows, units := l.Dims()
	var name strings.Builder
	cw := csv.NewWriter(&name)
	cw.Write([]string{string(l.mode)})
	cw.Flush()
	mode := strings.TrimSuffix(name.String(), "\n")
	step := max(1, min(units, block/max(rows, 1)))
	x := make([]float32, rows*step)
	wide := l.DType() == Float64
	var x64 []float64
	if wide {
		x64 = make([]float64, rows*step)
	}
	lines := make([][]byte, step)
	all := make([]int, 0, units)
	for u := range units {
		all = append(all, u)
	}
	for some := range slices.Chunk(all, step) {
		v, err := l.Select(nil, some)
		if err != nil {
			return err
		}
		n := len(some)
		if wide {
			err = v.pass(ctx, rows, blockRows(units), false, func(_, lo, hi int, s *scratch) error {
				return v.read64(x64[lo*n:hi*n], lo, hi, s)
			})
		} else {
			err = v.ReadRows(x[:rows*n], 0, rows)
		}
		if err != nil {
			return err
		}
		err = par.Blocks(ctx, 0, n, 1, func(_, i, _, _ int) {
			b, sum := lines[i][:0], 0.0
			for r := range rows {
				if wide {
					v := x64[r*n+i]
					sum += v
					b = strconv.AppendFloat(b, v, 'g', -1, 64)
				} else {
					v := x[r*n+i]
					sum += float64(v)
					b = strconv.AppendFloat(b, float64(v), 'g', -1, 32)
				}
				b = append(b, ',')
			}
			b = append(b, UnitID{l.n, some[i]}.String()...)
			b = append(append(b, ','), mode...)
			b = strconv.AppendInt(append(b, ','), int64(l.n), 10)
			b = strconv.AppendFloat(append(b, ','), sum/float64(rows), 'g', -1, 64)
			lines[i] = append(b, '\n')
		})
		if err != nil {
			return err
		}
		for _, b := range lines[:n] {
			if _, err := w.Write(b); err != nil {
				return err
			}
		}
	}
	return nil
}
