package fn

// DocumentReader reads the archive of one drive: the containers as the drive
// made them and the tickets as they came.
type DocumentReader interface {
	// Documents calls f for the documents from a number on, ascending, at most
	// limit of them; ticket is nil when there is none. The slices live until f
	// returns. An error of f ends it and is returned.
	Documents(from uint32, limit int, f func(number uint32, container, ticket []byte) error) error
}
