package event

import (
	"bytes"
	"sort"
	"strconv"
)

// Story is what a receipt left in the stream: the events that name it, and those of
// its documents.
type Story struct {
	Receipt   string // id
	Drive     string // FN number of Documents
	Documents []uint32
	Since     int64 // business time of the receipt, Unix milliseconds; no event of it is older
}

// findPage is how many events are looked at under one lock of the store.
const findPage = 4096

// Find reads the events of a story in their order, at most limit events being looked
// at behind the first that can belong to it; whole is false when there are more. A
// business clock that was put back hides older ones: then all are looked at.
func (s *Stream) Find(st Story, limit int) (list []Event, whole bool, err error) {
	first, err := s.since(st.Since)
	if err != nil {
		return nil, false, err
	}
	list, whole, err = s.scan(first, &st, limit)
	if err == nil && len(list) == 0 && first > 0 {
		list, whole, err = s.scan(0, &st, limit)
	}
	return list, whole, err
}

// since is the number before the first event of a time or later.
func (s *Stream) since(t int64) (uint64, error) {
	last, err := s.LastEvent()
	if err != nil {
		return 0, err
	}
	n := sort.Search(int(last), func(i int) bool {
		later := true
		readErr := s.Events(uint64(i), 1, func(number uint64, b []byte) error {
			e, err := Parse(number, b)
			later = e.Time >= t
			return err
		})
		if readErr != nil {
			err = readErr
		}
		return later
	})
	return uint64(n), err
}

func (s *Stream) scan(after uint64, st *Story, limit int) (list []Event, whole bool, err error) {
	receipt, drive := []byte(st.Receipt), []byte(`"drive":"`+st.Drive+`"`)
	var numbers [][]byte
	for _, n := range st.Documents {
		numbers = append(numbers, append(strconv.AppendUint([]byte(`"document":`), uint64(n), 10), ','), append(strconv.AppendUint([]byte(`"document":`), uint64(n), 10), '}'))
	}
	mine := func(b []byte) bool {
		if bytes.Contains(b, receipt) {
			return true
		}
		for _, n := range numbers {
			if bytes.Contains(b, n) && bytes.Contains(b, drive) {
				return true
			}
		}
		return false
	}
	for looked := 0; looked < limit; {
		page := 0
		err := s.Events(after, min(findPage, limit-looked), func(number uint64, b []byte) error {
			page++
			after = number
			if !mine(b) {
				return nil
			}
			e, err := Parse(number, b)
			list = append(list, e)
			return err
		})
		if err != nil {
			return list, false, err
		}
		if looked += page; page < findPage {
			last, err := s.LastEvent()
			return list, after >= last, err
		}
	}
	return list, false, nil
}
