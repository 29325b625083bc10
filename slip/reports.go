package slip

import (
	"kktd/ffd"
)

// registration composes forms 1 and 11.
func (c *composer) registration() {
	c.head(c.title())
	c.fields(c.doc, 0, ffd.TagCashier, ffd.TagReregistrationReasonCode, ffd.TagKKTChangeReasons)
	c.rule()
	c.fields(c.doc, 0, ffd.TagFFDVersion, ffd.TagKKTVersion, ffd.TagKKTMaxFFD, ffd.TagFNMaxFFD, ffd.TagTaxSystems)
	c.flags(c.doc, ffd.TagAutomaticMode, ffd.TagOfflineMode, ffd.TagEncryptionMode, ffd.TagServicesOnly, ffd.TagStrictFormSystem,
		ffd.TagInternetOnlyKKT, ffd.TagExciseMode, ffd.TagGamblingMode, ffd.TagLotteryMode, ffd.TagPrinterInAutomat)
	for _, tag := range [...]uint16{ffd.TagKKTUsageConditions, ffd.TagAgentFlags} {
		if u, _ := c.uint(c.doc, tag); u != 0 {
			c.fields(c.doc, 0, tag)
		}
	}
	c.fields(c.doc, 0, ffd.TagAutomatNumber, ffd.TagKeyResourceDays, ffd.TagOFDName, ffd.TagOFDINN, ffd.TagFNSSite, ffd.TagSenderEmail)
	c.totals(ffd.TagFNTotals)
	c.foot()
}

// shiftOpening composes form 2.
func (c *composer) shiftOpening() {
	c.head(c.title())
	c.fields(c.doc, 0, ffd.TagShiftNumber, ffd.TagCashier, ffd.TagKKTVersion, ffd.TagKKTMaxFFD)
	c.warnings()
	c.foot()
}

// shiftClosing composes form 5.
func (c *composer) shiftClosing() {
	c.head(c.title())
	c.fields(c.doc, 0, ffd.TagShiftNumber, ffd.TagCashier)
	c.rule()
	c.fields(c.doc, 0, ffd.TagReceiptCountInShift, ffd.TagFDCountInShift)
	c.unsent()
	c.fields(c.doc, 0, ffd.TagBadMarkingCodes, ffd.TagBadMarkingExchange, ffd.TagKeyResourceDays)
	c.warnings()
	c.totals(ffd.TagShiftTotals, ffd.TagFNTotals)
	c.foot()
}

// settlementState composes form 21.
func (c *composer) settlementState() {
	c.head(c.title())
	c.fields(c.doc, 0, ffd.TagShiftNumber)
	c.flags(c.doc, ffd.TagOfflineMode)
	c.rule()
	c.fields(c.doc, 0, ffd.TagFirstUnsentFDNumber)
	c.unsent()
	c.fields(c.doc, 0, ffd.TagKeyResourceDays)
	c.totals(ffd.TagFNTotals, ffd.TagUnsentTotals)
	c.foot()
}

// driveClosing composes form 6.
func (c *composer) driveClosing() {
	c.head(c.title())
	c.fields(c.doc, 0, ffd.TagShiftNumber, ffd.TagCashier)
	c.totals(ffd.TagFNTotals)
	c.foot()
}

// confirmation composes form 7. It is the operator's document: of the register it
// shows only the drive and the document confirmed.
func (c *composer) confirmation() {
	c.add(heading, testMark)
	c.add(heading, c.title())
	c.pair(0, "ДАТА, ВРЕМЯ", c.value(c.doc, ffd.TagDateTime))
	c.pair(0, "ОФД", c.in.Registration.OFDName)
	c.fields(c.doc, 0, ffd.TagOFDINN, ffd.TagFNNumber, ffd.TagFDNumber, ffd.TagOFDResponseCode)
	if m := child(c.doc, ffd.TagOperatorMessageToFN); m != nil {
		c.fields(m, 0, ffd.TagOFDResponseCode)
	}
	c.fields(c.doc, 0, ffd.TagOperatorMessage, ffd.TagOperatorFiscalSign)
	c.add(heading, testMark)
}

// unsent adds how the exchange with the OFD stands.
func (c *composer) unsent() {
	c.fields(c.doc, 0, ffd.TagUnsentFDCount, ffd.TagFirstUnsentFDDate, ffd.TagUnsentNotificationCount)
}

// warnings adds the flags of the drive that are set, and what the operator said.
func (c *composer) warnings() {
	c.flags(c.doc, ffd.TagFNResourceExhausted, ffd.TagFNReplaceUrgent, ffd.TagFNMemoryFull, ffd.TagOFDTimeout)
	if u, _ := c.uint(c.doc, ffd.TagOperatorMessage); u != 0 {
		c.fields(c.doc, 0, ffd.TagOperatorMessage)
	}
}

// totals adds structures of counters, each under a rule.
func (c *composer) totals(tags ...uint16) {
	for _, tag := range tags {
		if n := child(c.doc, tag); n != nil {
			c.rule()
			c.add(centred, label(n))
			c.counters(n, 0)
		}
	}
}

// counters adds the counters of a structure, without what is 0.
func (c *composer) counters(n *ffd.Node, level int) {
	for _, it := range n.Items {
		switch u, leaf := it.Uint(); {
		case leaf && u != 0:
			c.pair(level, label(it), c.show(it))
		case len(it.Items) > 0 && !empty(it):
			c.lines = append(c.lines, line{kind: flowing, level: level, left: label(it)})
			c.counters(it, level+1)
		}
	}
}

// empty tells that all counters of a structure are 0.
func empty(n *ffd.Node) bool {
	for _, it := range n.Items {
		if u, _ := it.Uint(); u != 0 || !empty(it) {
			return false
		}
	}
	return true
}
