package daemon

import (
	"os"

	"kktd/api/cloudkassir"
	"kktd/diagnosis"
	"kktd/kkt"
	"kktd/sender"
	"kktd/storage"
)

// newDoctor makes what tells of receipts and of the daemon. refusals is what the APIs
// keep their refused requests in.
func (d *Daemon) newDoctor(ck *cloudkassir.API, refusals *diagnosis.Refusals) *diagnosis.Doctor {
	o := diagnosis.Options{Fleet: d.fleet, Events: d.store, Outbox: d.outbox, OFD: d.ofd, NoOFD: d.sender == nil, Refusals: refusals,
		Sender: func(serial string, drive storage.DriveID) (sender.State, bool) {
			if d.sender == nil {
				return sender.State{}, false
			}
			return d.sender.State(serial, drive)
		},
		Read:          map[string]func(*kkt.ReceiptRecord) diagnosis.Reading{cloudkassir.Name: ck.Explain},
		Notifications: map[string][]string{cloudkassir.Name: cloudkassir.NotificationTypes()},
		System:        diagnosis.System{Clock: d.clock, OFDAddr: d.ofdAddr, Faults: &d.faults, PID: os.Getpid(), Disk: diskOf},
	}
	if !d.config.Memory {
		o.System.Path = d.config.Data
	}
	return diagnosis.New(o)
}

// diskOf is the size of a file and the room on its disk that this process may fill, in bytes.
func diskOf(path string) (size, free uint64, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, 0, err
	}
	free, err = freeOf(path)
	return uint64(info.Size()), free, err
}
