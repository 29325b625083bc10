package kkt

import (
	"errors"
	"fmt"
	"slices"

	"kktd/storage"
)

// HasDrive tells that the drive is or was in the register.
func (r *Register) HasDrive(drive storage.DriveID) bool {
	return slices.Contains(r.profile.Load().Drives, drive)
}

// SettingsAt are the settings that were in force for a document.
func (r *Register) SettingsAt(drive storage.DriveID, number uint32) Settings {
	return r.profile.Load().settingsAt(drive, number)
}

func (p *profile) settingsAt(drive storage.DriveID, number uint32) Settings {
	for _, past := range p.past {
		if past.Drive == drive && number <= past.Last {
			return past.Settings
		}
	}
	return p.Settings
}

// Document reads the container of a committed document and its ticket, nil when
// there is none yet. drive is one of the register's drives.
func (r *Register) Document(drive storage.DriveID, number uint32) (container, ticket []byte, err error) {
	if !r.HasDrive(drive) {
		return nil, nil, fmt.Errorf("%w: drive %d in register %s", ErrNotFound, drive, r.Serial())
	}
	container, err = r.fleet.store.Document(drive, number)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil, fmt.Errorf("%w: document %d of register %s", ErrNotFound, number, r.Serial())
	}
	if err != nil {
		return nil, nil, r.damaged(r.profile.Load().of(drive), err)
	}
	ticket, err = r.fleet.store.Ticket(drive, number)
	if errors.Is(err, storage.ErrNotFound) {
		return container, nil, nil
	}
	return container, ticket, err
}

// Archive calls f for the documents of a drive of the register from a number on,
// with their tickets. The slices live until f returns; f must not call the store.
func (r *Register) Archive(drive storage.DriveID, from uint32, limit int, f func(number uint32, container, ticket []byte) error) error {
	if !r.HasDrive(drive) {
		return fmt.Errorf("%w: drive %d in register %s", ErrNotFound, drive, r.Serial())
	}
	return r.damaged(r.profile.Load().of(drive), r.fleet.store.Documents(drive, from, limit, f))
}
