package tolerant

import (
	"fmt"
	"time"
)

// layouts are the forms of a date (spec/api/cloudkassir.md 2.3), the frequent first. Seconds take a fraction of any length.
func layouts() [8]string {
	return [8]string{
		time.DateOnly,
		time.RFC3339,
		"02.01.2006",
		time.DateTime,
		"2006-01-02T15:04:05",
		"02.01.2006 15:04:05",
		"2006-01-02 15:04",
		"02.01.2006 15:04",
	}
}

// Date returns the day that s names, as written whatever the zone behind it, at midnight UTC. A time behind it must be a
// good one. Errors: ErrDate.
func Date(s string) (time.Time, error) {
	t, err := Moment(s, time.UTC)
	if err != nil {
		return time.Time{}, err
	}
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC), nil
}

// Moment returns the time that s names: in the zone of s, or in zone when s has none, at midnight when s is a date alone.
// Errors: ErrDate.
func Moment(s string, zone *time.Location) (time.Time, error) {
	for _, layout := range layouts() {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%w, found %q", ErrDate, excerpt(s))
}
