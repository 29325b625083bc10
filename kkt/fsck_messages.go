package kkt

import (
	"errors"
	"fmt"
)

// readMessages looks at the messages to buyers: each belongs to a receipt that has
// documents.
func (c *fsck) readMessages() error {
	return c.records(kindMessage, func(key, value []byte) error {
		if len(key) != 16 {
			c.found(Difference{What: fmt.Sprintf("message %X: key of %d bytes", key, len(key)), Expected: "16", Found: fmt.Sprint(len(key)), Do: doRestore})
			return nil
		}
		what := "message of receipt " + c.idOf(key)
		if _, err := parseMessage("", value); err != nil {
			c.found(Difference{What: what + ": " + err.Error(), Do: doRestore})
		}
		rec, err := c.receipt(key)
		switch {
		case errors.Is(err, ErrRecord): // told already
		case err != nil:
			return err
		case rec == nil:
			c.found(Difference{What: what + " has no receipt record", Do: doRestore})
		case rec.Status != Processed:
			c.found(Difference{Register: rec.Register, DriveID: rec.Drive, What: what + ", status of its record", Expected: string(Processed), Found: string(rec.Status), Do: doRestore})
		}
		return nil
	})
}
