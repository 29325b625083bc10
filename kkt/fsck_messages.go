package kkt

import "fmt"

// readMessages looks at the messages to buyers: each belongs to a receipt that has
// documents.
func (c *fsck) readMessages() error {
	return c.records(kindMessage, func(key, value []byte) error {
		if len(key) != 16 {
			c.found(Difference{What: fmt.Sprintf("message %X: key of %d bytes", key, len(key)), Expected: "16", Found: fmt.Sprint(len(key)), Do: doRestore})
			return nil
		}
		if c.draftReceipt(key) {
			return nil
		}
		what := "message of receipt " + c.idOf(key)
		if _, err := parseMessage("", value); err != nil {
			c.found(Difference{What: what + ": " + err.Error(), Do: doRestore})
		}
		return c.checkStatus(what, key, Processed)
	})
}
