// Package trace writes down what goes over the wire between registers and an OFD: each frame with its time, direction, peer and bytes
// with their meaning, as text that can be pasted into a bug report.
//
//	New              a Log on a writer
//	Log.Listener     taps the connections that a listener takes: the side of the OFD
//	Log.Dial         taps the connections that are dialled: the side of the register
//
// The connections are tapped, not the programs behind them, so that a frame is shown as it was on the wire whatever they make of it: whole
// frames when their last byte has come, what is no frame as it is, and what was cut short when the connection ends. Whoever wants no
// trace taps nothing and pays nothing. A Log holds at most one frame for each direction of a connection.
package trace
