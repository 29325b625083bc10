package kkt

import (
	"encoding/binary"
	"fmt"

	"kktd/storage"
)

// readSent compares what is stored of the documents that were sent with the events
// that tell of them.
func (c *fsck) readSent() error {
	return c.records(kindSent, func(key, value []byte) error {
		if len(key) != 8 || len(value) != 4 {
			c.found(Difference{What: fmt.Sprintf("last document sent %X: key of %d bytes, value of %d", key, len(key), len(value)), Expected: "8 and 4", Found: "others", Do: doRestore})
			return nil
		}
		d, number := storage.DriveID(binary.BigEndian.Uint64(key)), binary.BigEndian.Uint32(value)
		switch l := c.lives[d]; {
		case l == nil:
			c.found(Difference{DriveID: d, What: "last document sent of a drive that is not stored", Do: doRestore})
		case number > l.sent:
			c.tell(l, number, "the last document sent", fmt.Sprintf("by the events %d", l.sent), fmt.Sprint(number), doRestore)
		}
		return nil
	})
}
