package bench

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
)

var passes = flag.Int("passes", 0, "measure every row so many times in turn and print the table of README.md")

// TestTable prints the table. Other work on the machine slows a row down by
// half or more, so the rows are measured in turn, many short times, and the
// ratio is the median of the ratios inside one pass, never of two times that
// were taken far apart.
func TestTable(t *testing.T) {
	if *passes == 0 {
		t.Skip("make bench-codec prints the table")
	}
	var out strings.Builder
	for _, group := range []struct {
		name, base string
		rows       []row
	}{
		{"encode", "kktd-cp866", encoders(t)},
		{"decode", "kktd-views", decoders(t)},
		{"verify", "crc16", verifiers(t)},
	} {
		base := slices.IndexFunc(group.rows, func(r row) bool { return r.name == group.base })
		times := make([][]float64, len(group.rows))
		var last []testing.BenchmarkResult
		for range *passes {
			last = last[:0]
			for i, r := range group.rows {
				x := testing.Benchmark(r.measure)
				last = append(last, x)
				times[i] = append(times[i], float64(x.T.Nanoseconds())/float64(x.N))
			}
		}
		fmt.Fprintf(&out, "\n| %s | bytes | best, ns | median, ns | times %s | allocs |\n|---|--:|--:|--:|--:|--:|\n", group.name, group.base)
		for i, r := range group.rows {
			ratios := make([]float64, *passes)
			for k := range ratios {
				ratios[k] = times[i][k] / times[base][k]
			}
			fmt.Fprintf(&out, "| %s | %d | %.0f | %.0f | %.2f | %d |\n", r.name, r.size,
				slices.Min(times[i]), median(times[i]), median(ratios), last[i].AllocsPerOp())
		}
	}
	fmt.Println(out.String())
}

func median(v []float64) float64 { return slices.Sorted(slices.Values(v))[len(v)/2] }
