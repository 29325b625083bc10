package daemon

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// freeOf is the room on the disk of a file, in bytes.
func freeOf(path string) (uint64, error) {
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return 0, err
	}
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64
	err = windows.GetDiskFreeSpaceEx(name, &free, nil, nil)
	return free, err
}
