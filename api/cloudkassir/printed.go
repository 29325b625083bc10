package cloudkassir

import (
	"fmt"
	"unicode/utf8"

	"kktd/api/internal/tolerant"
	"kktd/kkt"
)

// Limits of the texts that are printed only. The document names none (spec/api/cloudkassir.md 2.3): these keep the slip readable
// and its record small. The texts go into no document, so characters outside CP866 stay; the slip shows what would steer a
// terminal as U+FFFD.
const (
	maxPrintedLines = 100  // of AdditionalReceiptInfos
	lenPrinted      = 1000 // characters of a line or of AdditionalPositionInfo
)

// readPrinted reads AdditionalReceiptInfos, an array of lines or a single one; null and "" among them are left out.
func (q *request) readPrinted(v tolerant.Value) {
	if v.Kind() != tolerant.Array {
		q.printLine(v)
		return
	}
	if v.Len() > maxPrintedLines {
		q.refuse(checkData, v, fmt.Sprintf("%d строк, не больше %d", v.Len(), maxPrintedLines))
		return
	}
	for _, line := range v.All() {
		q.printLine(line)
	}
}

func (q *request) printLine(v tolerant.Value) {
	if s := q.printedText(v); s != "" {
		q.printed.Lines = append(q.printed.Lines, s)
	}
}

// printUnderItem reads AdditionalPositionInfo of the item that was begun last.
func (q *request) printUnderItem(v tolerant.Value) {
	if s := q.printedText(v); s != "" {
		index := len(q.items) - 1
		q.printed.Items = append(q.printed.Items, kkt.ItemLine{Part: index / maxItems, Item: index % maxItems, Text: s})
	}
}

func (q *request) printedText(v tolerant.Value) string {
	s := q.str(v)
	if n := utf8.RuneCountInString(s); n > lenPrinted {
		q.refuse(checkData, v, fmt.Sprintf("%d символов, не больше %d", n, lenPrinted))
		return ""
	}
	return s
}
