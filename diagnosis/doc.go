// Package diagnosis tells what became of a receipt and how the daemon fares, in
// Russian and English, with the cause and what a person does about it. It reads
// and decides nothing: all it tells is put together when it is asked for, so that
// the way of a receipt costs nothing more.
//
//	Doctor.Story     one receipt, from its request to the ticket and the notifications
//	Doctor.Checkup   the whole daemon
//	Refusals         the last requests that were refused and left nothing else
//
// The words stand in one catalogue, by Code.
package diagnosis
