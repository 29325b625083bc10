// Package fault makes things go wrong on purpose: one exact failure at one exact
// point, for a test to see what software does then.
//
//	Effect       what goes wrong: a small type, each in a file of its own in the room whose business it is
//	Kind         its entry in a Registry: name, parameters, what it does; help texts and the control API come from it
//	Fault        an effect with whom it meets (Match) and how often
//	Set          the faults in force: added, listed, removed, reset; Strike asks it at a point
//	Subject      what is known at a point: register, INN, API, invoice, amount, drive, form
//
// A point is an interface of the room that has it: Strike[P] gives the effects that
// implement P, in the order in which they were set, and counts them. A room without
// faults pays for one look at a pointer. Faults that come with one request (a header)
// are a Set of their own, carried by the Subject.
//
// Effects that more than one room meets stand here: those of the APIs, the drive,
// the register and the store. Those of the test OFD stand in ofd.
package fault
