package ffd_test

import (
	"encoding/hex"
	"fmt"

	"kktd/ffd"
)

// Bytes become a tree that people read.
func ExampleDecode() {
	b, _ := hex.DecodeString("23040c000604030097a0a91e04010001")
	fmt.Print(ffd.Decode(b, ffd.V120))
	// Output:
	// ТЕГ  НАЗВАНИЕ                         ЗНАЧЕНИЕ    СМЕЩ.   БАЙТЫ
	// 1059 предмет расчета                  12 Б        0x0000  23040c00
	//   1030 наименование предмета расчета  Чай         0x0004  06040300 97a0a9
	//   1054 признак расчета                приход (1)  0x000b  1e040100 01
}

func ExampleParseJSON() {
	n, err := ffd.ParseJSON([]byte(`{"tag":1059,"items":[{"tag":1030,"value":"Чай"},{"tag":1079,"value":10050},{"tag":1023,"value":"2"}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%x\n", n.Append(nil))
	// Output:
	// 230413000604030097a0a9370402004227ff0302000002
}

// The error tells where in the JSON.
func ExampleJSONError() {
	_, err := ffd.ParseJSON([]byte(`{"tag":1059,"items":[{"tag":1030,"value":"Чай"},{"tag":1079,"value":100.50}]}`))
	fmt.Println(err)
	// Output: items[1].value: 100.50: want a whole number from 0 to 18446744073709551615
}

func ExampleDiff() {
	a, _ := hex.DecodeString("1e04010001")
	b, _ := hex.DecodeString("1e04010002")
	list := ffd.Diff(ffd.Decode(a, 0), ffd.Decode(b, 0))
	fmt.Printf("%s", ffd.View{Lang: ffd.English}.AppendDiff(nil, list))
	// Output:
	// 1054 settlement type
	//   - income (1)  0x0000  1e040100 01
	//   + refund of income (2)  0x0000  1e040100 02
}

func ExampleView_AppendHex() {
	b, _ := hex.DecodeString("1e04010001fc030200721f")
	fmt.Printf("%s", ffd.View{Lang: ffd.English}.AppendHex(nil, ffd.Decode(b, 0)))
	// Output:
	// list: 11 B
	// 0000  1e 04 01 00  01                                      1054 settlement type: income (1)
	// 0005  fc 03 02 00  72 1f                                   1020 total sum: 80.50 RUB (8050 kopecks)
}

func ExampleExplainValue() {
	p, _ := ffd.ExplainValue(ffd.English, ffd.TagAppliedTaxSystem, []byte{0x21}, ffd.V120, 0)
	fmt.Printf("%s", ffd.View{}.AppendExplanation(nil, p))
	// Output:
	// value: general + patent (33)  [0x0000] 21
	//   Byte: 33 = 21h, low byte first
	//   bit 0 (1h): general
	//   bit 5 (20h): patent
	//   dictionary: Byte, exactly 1 B; FFD 1.05, 1.1, 1.2; in 3 4 31 41 82
}

func ExampleLookup() {
	e, _ := ffd.Lookup(1077, ffd.V120, 3)
	fmt.Println(e.Title(ffd.English), "|", e.Summary(ffd.English))
	// Output:
	// fiscal sign | ByteArray, exactly 6 B; FFD 1.05, 1.1, 1.2; in 1 2 3 4 5 6 11 21 31 41
}
