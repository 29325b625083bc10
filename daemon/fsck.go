package daemon

import (
	"errors"
	"fmt"

	"kktd/kkt"
	"kktd/ofd"
	"kktd/storage"
	"kktd/storage/bolt"
)

// FsckSummary counts what Fsck looked at.
type FsckSummary struct {
	kkt.FsckSummary
	OFD ofd.Summary `json:"ofd"`
}

// Fsck checks the data file of the configuration and calls found for each
// difference: first its pages, then what the registers keep in it, then what the
// built-in OFD does. A file whose pages are not in order is not looked into any
// further. The file is opened for reading only and nothing is repaired.
//
// Errors: storage.ErrLocked while a daemon has the file, and what keeps a file
// from being opened or read.
func Fsck(c Config, found func(kkt.Difference)) (sum FsckSummary, err error) {
	if err := c.check(); err != nil {
		return sum, err
	}
	if c.Memory {
		return sum, errors.New("memory: nothing is kept that could be checked; name a file with --data")
	}
	s, err := bolt.Open(bolt.Options{Path: c.Data, ReadOnly: true})
	if errors.Is(err, storage.ErrLocked) {
		return sum, fmt.Errorf("%s is in use: stop the daemon first, or check a backup of the file: %w", c.Data, storage.ErrLocked)
	}
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	pages := 0
	err = s.CheckFile(func(problem string) {
		pages++
		found(kkt.Difference{What: "the file " + c.Data + ": " + problem, Do: "restore a backup"})
	})
	if err != nil || pages > 0 {
		return sum, err
	}
	sum.FsckSummary, err = kkt.Fsck(kkt.FsckOptions{Store: s, Master: c.master(), TicketMode: ticketModes[c.TicketCheck]}, found)
	if err != nil {
		return sum, err
	}
	world, err := s.Namespace(ofdNamespace)
	if err != nil {
		return sum, err
	}
	registers, err := registersOf(s)
	if err != nil {
		return sum, err
	}
	sum.OFD, err = ofd.Fsck(world, registers, func(d ofd.Difference) {
		found(kkt.Difference{Drive: d.Drive, Document: d.Number, What: "OFD: " + d.What, Expected: d.Expected, Found: d.Found, Do: "restore a backup"})
	})
	return sum, err
}

// registersOf finds the documents of the registers for a look from the OFD.
func registersOf(s storage.Store) (ofd.Registers, error) {
	lives, err := kkt.Lives(s)
	if err != nil {
		return nil, err
	}
	// The OFD keeps what it had from a register that was deleted or restored here.
	cuts, err := kkt.Cuts(s)
	return func(drive string, number uint32) (containers [][]byte, known bool, err error) {
		for _, d := range lives[drive] {
			box, err := s.Document(d, number)
			switch {
			case err == nil:
				containers = append(containers, box)
			case !errors.Is(err, storage.ErrNotFound) && !errors.Is(err, storage.ErrDamaged):
				return nil, true, err
			}
		}
		return containers, len(lives[drive]) > 0 && cuts[drive] == 0, nil
	}, err
}
