package fn

import (
	"fmt"

	"kktd/ffd"
)

// Model is the model of a drive by the months of its longest term.
type Model uint8

// The models (spec/decisions.md, term of the drive).
const (
	Model13 Model = 13
	Model15 Model = 15
	Model36 Model = 36
)

// Valid tells that there is such a model.
func (m Model) Valid() bool { return m == Model13 || m == Model15 || m == Model36 }

// String is the model as people name it: "ФН-1.2 36".
func (m Model) String() string {
	return fmt.Sprintf("ФН-1.2 исполнение %d месяцев", uint8(m))
}

// Terms of validity in days (spec/fn.md 8.1).
const (
	term13         = 410
	term15         = 470
	term36Short    = 560
	term36         = 1110
	shortCondition = ffd.Gambling | ffd.Lottery | ffd.Pawnshop | ffd.Insurance
)

// termDays is the term that a registration gives a drive of the model: the days
// from the first registration to the last day.
func (m Model) termDays(r *Registration) uint16 {
	c, offline := r.Modes.Conditions, r.Modes.Offline
	switch {
	case m == Model13 || c.Has(ffd.ExciseGoods):
		return term13
	case m == Model15 && (offline || r.FFD >= ffd.V120 && c&shortCondition != 0):
		return term13
	case m == Model15:
		return term15
	case offline || r.TaxSystems.Has(ffd.TaxOSN) && !c.Has(ffd.ServicesOnly):
		return term36Short
	}
	return term36
}
