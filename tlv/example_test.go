package tlv_test

import (
	"fmt"

	"kktd/tlv"
)

// A structure is begun, filled and ended; nothing is copied.
func ExampleBegin() {
	b, at := tlv.Begin(nil, 1059)
	b = tlv.AppendText(b, 1030, tlv.MustText("Чай"))
	b = tlv.AppendVLN(b, 1079, 10050)
	if err := tlv.End(b, at); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("% x\n", b)
	// Output:
	// 23 04 0d 00 06 04 03 00 97 a0 a9 37 04 02 00 42 27
}

func ExampleReader() {
	b := []byte{0x1E, 0x04, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x02, 0x00, 0x72, 0x1F, 0xFF}
	r := tlv.NewReader(b, 0)
	for r.Next() {
		it := r.Item()
		n, _ := tlv.Uint(it.Value)
		fmt.Println(it.Tag, it.Offset, n)
	}
	fmt.Println(r.Err())
	// Output:
	// 1054 0 1
	// 1020 5 8050
	// tlv: 1 bytes left at offset 0xb, a header needs 4
}

func ExampleParseDecimal() {
	d, _ := tlv.ParseDecimal("1.500")
	fmt.Printf("% x\n", tlv.AppendFVLN(nil, 1023, d))
	fmt.Printf("% x\n", tlv.AppendFVLN(nil, 1023, d.Minimal()))
	// Output:
	// ff 03 03 00 03 dc 05
	// ff 03 02 00 01 0f
}

func ExampleCRC16() {
	fmt.Printf("%04X\n", tlv.CRC16([]byte("123456789")))
	// Output: 29B1
}
