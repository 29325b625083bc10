package kkt

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"kktd/event"
	"kktd/fn"
	"kktd/outbox"
)

// told follows what the events say of the warnings of each register.
type told map[string]fn.WarningFlags

func (t told) follow(e *event.Event) {
	for i := range warnings {
		if w := &warnings[i]; string(w.kind) == e.Text {
			if e.Kind == event.WarningOn {
				t[e.Register] |= w.flag
			} else {
				t[e.Register] &^= w.flag
			}
		}
	}
}

// readWarnings compares the warnings that were told of each register with the
// events that told them.
func (c *fsck) readWarnings() error {
	stored := told{}
	err := c.records(kindWarnings, func(key, value []byte) error {
		serial := string(key)
		switch {
		case c.registers[serial] == nil:
			c.found(Difference{Register: serial, What: "warnings of a register that is not stored", Do: doRestore})
		case len(value) != 1:
			c.found(Difference{Register: serial, What: "the warnings that were told", Expected: "1 byte", Found: fmt.Sprint(len(value)), Do: doRestore})
			delete(c.warned, serial)
		default:
			stored[serial] = fn.WarningFlags(value[0])
		}
		return nil
	})
	for _, serial := range c.serials() {
		if by, has := c.warned[serial], stored[serial]; by != has {
			c.found(Difference{Register: serial, What: "the warnings that were told", Expected: fmt.Sprintf("by the events %02Xh", byte(by)),
				Found: fmt.Sprintf("%02Xh", byte(has)), Do: doRestore})
		}
	}
	return err
}

// readClocks looks at the settings of the clocks.
func (c *fsck) readClocks() error {
	return c.records(kindClock, func(key, _ []byte) error {
		serial := ""
		if !bytes.Equal(key, clockKey("")) {
			var own bool
			if serial, own = strings.CutPrefix(string(key), registerClock); !own || c.registers[serial] == nil {
				c.found(Difference{Register: serial, What: fmt.Sprintf("clock %q of a register that is not stored", key), Do: doRestore})
				return nil
			}
		}
		_, err := storedClock(c.store, serial)
		if errors.Is(err, ErrRecord) {
			c.found(Difference{Register: serial, What: err.Error(), Do: doRestore})
			return nil
		}
		return err
	})
}

// readSubscriptions looks at the settings of notifications.
func (c *fsck) readSubscriptions() error {
	return c.records(kindSubscription, func(key, value []byte) error {
		what := fmt.Sprintf("settings of notifications %q", bytes.ReplaceAll(key, []byte{0}, []byte(" ")))
		var s Subscription
		err := json.Unmarshal(value, &s)
		switch {
		case err != nil:
			c.found(Difference{What: what + ": " + err.Error(), Do: doRestore})
		case !bytes.Equal(s.storeKey(), key):
			c.found(Difference{What: what, Expected: "its own key in it", Found: fmt.Sprintf("%q", s.storeKey()), Do: doRestore})
		case !c.accounts[s.Account]:
			c.found(Difference{What: fmt.Sprintf("%s: account %q is not stored", what, s.Account), Do: doRestore})
		}
		return nil
	})
}

// readOutbox looks at what must be told outside.
func (c *fsck) readOutbox() error {
	var check outbox.Check
	err := c.records(outbox.Kind, func(key, value []byte) error {
		e, err := check.Record(key, value)
		switch {
		case err != nil:
			c.found(Difference{What: err.Error(), Do: doRestore})
		case e == nil:
		case e.Register != "" && c.registers[e.Register] == nil:
			c.found(Difference{Register: e.Register, What: fmt.Sprintf("notification %d is of a register that is not stored", e.Number), Do: doRestore})
		case e.Receipt != "" && c.ids != nil:
			return c.checkNamed(fmt.Sprintf("notification %d", e.Number), e.Receipt)
		}
		return nil
	})
	check.End(func(number uint64, what string) {
		c.found(Difference{What: fmt.Sprintf("notification %d: %s", number, what), Do: doRestore})
	})
	return err
}

// readRepeats looks at the numbers of repeated requests, which stand beside the
// seed.
func (c *fsck) readRepeats() error {
	return c.records(kindMeta, func(key, value []byte) error {
		receipt, is := bytes.CutPrefix(key, []byte(replayPrefix))
		if !is { // the seed, or the floor
			if _, err := parseFloor(value); bytes.Equal(key, floorKey) && err != nil {
				c.found(Difference{What: err.Error(), Do: doRestore})
			}
			return nil
		}
		what := "repeats of receipt " + c.idOf(receipt)
		if n, size := binary.Uvarint(value); size != len(value) || n == 0 {
			c.found(Difference{What: what, Expected: "a number", Found: fmt.Sprintf("%X", value), Do: doRestore})
		}
		return c.checkKey(what+", which is not stored", receipt)
	})
}
