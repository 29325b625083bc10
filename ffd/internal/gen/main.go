// Command gen writes the generated files of package ffd from tags.csv and
// documents.csv: constants, dictionary, duties and order of the documents, their
// encoders and readers, and the page docs/ffd.md.
package main

import (
	"fmt"
	"os"

	"kktd/ffd/internal/gen/render"
)

func main() {
	files, err := render.Files(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
	for name, text := range files {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "gen:", err)
			os.Exit(1)
		}
	}
}
