//go:build unix

package ofd_test

import (
	"syscall"
	"time"
)

// cpuTime is what the process has used of the processors. It tells a cost when other programs take turns with this one.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
