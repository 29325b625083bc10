package ffd

import (
	"fmt"
	"math/bits"
)

// Operation is the kind of a settlement, tag 1054 (признак расчета).
type Operation uint8

// The kinds of settlement.
const (
	Income        Operation = 1 // приход
	IncomeReturn  Operation = 2 // возврат прихода
	Expense       Operation = 3 // расход
	ExpenseReturn Operation = 4 // возврат расхода
)

// Valid tells that the order knows the value.
func (o Operation) Valid() bool { return o >= Income && o <= ExpenseReturn }

// TaxSystems is a set of taxation systems: several bits in tag 1062, exactly
// one in tag 1055 (spec/ffd/encoding.md 5).
type TaxSystems uint8

// The taxation systems.
const (
	TaxOSN        TaxSystems = 1 << iota // ОСН
	TaxUSNIncome                         // УСН доход
	TaxUSNProfit                         // УСН доход минус расход
	TaxENVD                              // ЕНВД, abolished since 2021
	TaxESHN                              // ЕСХН
	TaxPatent                            // ПСН
	TaxAllSystems = 1<<iota - 1
)

// Single tells that exactly one known system is in the set.
func (t TaxSystems) Single() bool {
	return bits.OnesCount8(uint8(t)) == 1 && t&^TaxAllSystems == 0
}

// Has tells that all systems of s are in the set.
func (t TaxSystems) Has(s TaxSystems) bool { return t&s == s }

// AgentFlags is a set of agent kinds, tags 1057 and 1222: bank payment agent 1,
// bank payment subagent 2, payment agent 4, payment subagent 8, поверенный 16,
// комиссионер 32, other agent 64 (spec/ffd/encoding.md 5).
type AgentFlags uint8

// VATRate is a rate of VAT as the code of tag 1199; 0 means that the tag is not
// written (spec/ffd/encoding.md 6).
type VATRate uint8

// The rates.
const (
	VAT20    VATRate = 1
	VAT10    VATRate = 2
	VAT20120 VATRate = 3
	VAT10110 VATRate = 4
	VAT0     VATRate = 5
	VATNone  VATRate = 6
	VAT5     VATRate = 7
	VAT7     VATRate = 8
	VAT5105  VATRate = 9
	VAT7107  VATRate = 10
	VAT22    VATRate = 11
	VAT22122 VATRate = 12
)

// vatPercent holds the percentage of each code; codes 5 and 6 carry no tax.
var vatPercent = [VAT22122 + 1]uint64{VAT20: 20, VAT10: 10, VAT20120: 20, VAT10110: 10,
	VAT5: 5, VAT7: 7, VAT5105: 5, VAT7107: 7, VAT22: 22, VAT22122: 22}

// Valid tells that the order knows the code.
func (r VATRate) Valid() bool { return r >= VAT20 && r <= VAT22122 }

// Taxed tells that tag 1200 is written for the rate: not for 0 % and for goods
// that are not taxed (spec/decisions.md, VAT per item).
func (r VATRate) Taxed() bool { return r.Valid() && vatPercent[r] != 0 }

// Tax is the tax inside a sum of kopecks: sum x r / (100 + r), half up. The
// plain and the calculated rate give the same number (spec/ffd/encoding.md 7).
// It is exact for every sum that fits a VLN of 6 bytes.
func (r VATRate) Tax(sum uint64) uint64 {
	if !r.Taxed() {
		return 0
	}
	p := vatPercent[r]
	return (2*sum*p + 100 + p) / (2 * (100 + p))
}

// String is the rate as a short word: "20%", "10/110", "без НДС".
func (r VATRate) String() string {
	switch {
	case r == VAT0:
		return "0%"
	case r == VATNone:
		return "без НДС"
	case !r.Valid():
		return fmt.Sprintf("VATRate(%d)", uint8(r))
	case r == VAT20120 || r == VAT10110 || r == VAT5105 || r == VAT7107 || r == VAT22122:
		return fmt.Sprintf("%d/%d", vatPercent[r], 100+vatPercent[r])
	}
	return fmt.Sprintf("%d%%", vatPercent[r])
}

// PaymentMethod is tag 1214 (признак способа расчета), 1 to 7.
type PaymentMethod uint8

// FullSettlement is the method that an absent one means.
const FullSettlement PaymentMethod = 4

// ItemType is tag 1212 (признак предмета расчета): 1 to 27, 30 to 33.
type ItemType uint8

// Goods is the type that an absent one means.
const Goods ItemType = 1

// Valid tells that the version of the format knows the type: 27 and 30 to 33
// came with 1.2 (spec/ffd/encoding.md 6).
func (t ItemType) Valid(v Version) bool {
	return t >= 1 && t <= 26 || v >= V120 && (t == 27 || t >= 30 && t <= 33)
}

// Measures of a quantity, tag 2108, that the program itself names.
const (
	MeasurePiece byte = 0
	MeasureOther byte = 255
)

// Conditions is the set of conditions of use, tag 1290 of FFD 1.2. Each bit
// took the place of a tag of 1.05 and 1.1 (spec/ffd/encoding.md 5).
type Conditions uint32

// The conditions of use.
const (
	PrinterInAutomat Conditions = 1 << 1  // 1221
	BSOSystem        Conditions = 1 << 2  // 1110
	InternetOnly     Conditions = 1 << 5  // 1108
	ExciseGoods      Conditions = 1 << 6  // 1207
	MarkedGoods      Conditions = 1 << 8  // ТМТ
	ServicesOnly     Conditions = 1 << 9  // 1109
	Gambling         Conditions = 1 << 10 // 1193
	Lottery          Conditions = 1 << 11 // 1126
	Pawnshop         Conditions = 1 << 12
	Insurance        Conditions = 1 << 13
	Vending          Conditions = 1 << 14
	Catering         Conditions = 1 << 15
	Wholesale        Conditions = 1 << 16
)

// Has tells that all conditions of x hold.
func (c Conditions) Has(x Conditions) bool { return c&x == x }
