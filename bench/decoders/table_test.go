package decoders

import (
	"flag"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var passes = flag.Int("passes", 0, "measure every reader so many times in turn and print the tables of README.md")

// TestReadersAgree: every reader gets the same receipt out of the sample.
func TestReadersAgree(t *testing.T) {
	var want receipt
	for i, r := range readers() {
		var got receipt
		if err := r.read(sample(3), &got); err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		if i == 0 {
			want = got
		} else if !reflect.DeepEqual(want, got) {
			t.Errorf("%s reads\n%+v, the first\n%+v", r.name, got, want)
		}
	}
}

// TestTable prints the times, measured in turn, and which habits of clients each reader takes.
func TestTable(t *testing.T) {
	if *passes == 0 {
		t.Skip("make bench-json prints the tables")
	}
	var out strings.Builder
	list := readers()
	for _, items := range []int{1, 5, 50} {
		body := sample(items)
		times := make([][]float64, len(list))
		last := make([]testing.BenchmarkResult, len(list))
		for range *passes {
			for i, r := range list {
				last[i] = testing.Benchmark(func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						var to receipt
						if err := r.read(body, &to); err != nil {
							b.Fatal(err)
						}
					}
				})
				times[i] = append(times[i], float64(last[i].T.Nanoseconds())/float64(last[i].N))
			}
		}
		fmt.Fprintf(&out, "\n| %d items, %d bytes | best, ns | median, ns | times kktd | allocs | B |\n|---|--:|--:|--:|--:|--:|\n", items, len(body))
		for i, r := range list {
			ratios := make([]float64, *passes)
			for k := range ratios {
				ratios[k] = times[i][k] / times[0][k]
			}
			fmt.Fprintf(&out, "| %s | %.0f | %.0f | %.2f | %d | %d |\n", r.name, slices.Min(times[i]), median(times[i]), median(ratios), last[i].AllocsPerOp(), last[i].AllocedBytesPerOp())
		}
	}
	out.WriteString("\n| reads | ")
	for _, r := range list {
		out.WriteString(r.name + " | ")
	}
	out.WriteString("\n|---" + strings.Repeat("|---", len(list)) + "|\n")
	for _, h := range habits() {
		out.WriteString("| " + h.name + " | ")
		for _, r := range list {
			word := "no"
			if takes(r, h.body) {
				word = "yes"
			}
			out.WriteString(word + " | ")
		}
		out.WriteString("\n")
	}
	fmt.Println(out.String())
}

func takes(r reader, body string) (ok bool) {
	defer func() { ok = recover() == nil && ok }()
	var to receipt
	err := r.read([]byte(body), &to)
	return err == nil && to.Inn == "7708806062" && len(to.CustomerReceipt.Items) == 1 && strings.Trim(string(to.CustomerReceipt.Items[0].Price), `"`) == "100.5"
}

func median(v []float64) float64 { return slices.Sorted(slices.Values(v))[len(v)/2] }
