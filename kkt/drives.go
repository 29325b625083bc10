package kkt

import (
	"slices"

	"kktd/storage"
)

// DriveAt is a drive with the register that it stands or stood in.
type DriveAt struct {
	Register *Register
	Drive    storage.DriveID
}

// FindDrive finds the drives with an FN number, those that were taken out or reset
// too; the newest comes first.
func (f *Fleet) FindDrive(number string) (list []DriveAt) {
	f.mu.RLock()
	r := f.registers[f.driveNumbers[number]]
	f.mu.RUnlock()
	if r == nil {
		return nil
	}
	p := r.profile.Load()
	for _, d := range p.Drives {
		had := ""
		if d == p.Drive() {
			had = p.DriveNumber
		}
		for i := range p.past {
			if p.past[i].Drive == d {
				had = p.past[i].Settings.DriveNumber
			}
		}
		if had == number {
			list = append(list, DriveAt{r, d})
		}
	}
	slices.SortFunc(list, func(a, b DriveAt) int { return int(b.Drive) - int(a.Drive) })
	return list
}
