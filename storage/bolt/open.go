package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"kktd/storage"
)

// defaultLockTimeout outlasts a predecessor that is closing its file.
const defaultLockTimeout = time.Second

// Options say which file to open and how.
type Options struct {
	// Path of the file. A file that is missing or empty becomes a new store, unless ReadOnly is set.
	Path string
	// NoSync skips every fsync: a crash of the machine (not of the process) may then damage the file.
	NoSync bool
	// ReadOnly opens for tools: several may read at once, none while a writer has the file. Append returns
	// storage.ErrUnsupported.
	ReadOnly bool
	// LockTimeout is how long to wait for another process to let go of the file; 0: one second.
	LockTimeout time.Duration
	// OnCommit is told of each commit that was made, behind the answers of those who are in it; nil: nobody is. It must be
	// quick: the next commit waits for it.
	OnCommit func(Commit)
}

// Commit is what one commit carried.
type Commit struct {
	Changes   int // that were not refused
	Documents int
	Took      time.Duration // from the first page touched to the end of the fsync, real time
}

// Store is a storage.Store in a bbolt file, or a namespace of one.
type Store struct {
	*engine
	world *world
}

var _ storage.Store = (*Store)(nil)

// engine is what a store and its namespaces have in common.
type engine struct {
	db       *bbolt.DB
	path     string
	readOnly bool
	queue    queue
	ended    chan struct{} // closed when the committer has ended
	onCommit func(Commit)  // nil: nobody is told

	mu     sync.Mutex
	worlds map[string]*world // by prefix
}

// world is one set of buckets.
type world struct {
	prefix   string
	names    [bucketCount][]byte
	reserved atomic.Uint64 // greatest drive id reserved or seen
}

// Open opens or creates the store.
//
// Errors: storage.ErrLocked, storage.ErrDamaged, storage.ErrForeign, storage.ErrNewerFormat, or that of the
// operating system.
func Open(o Options) (*Store, error) {
	if err := probe(o); err != nil {
		return nil, fmt.Errorf("open %s: %w", o.Path, err)
	}
	db, err := openFile(o)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", o.Path, err)
	}
	e := &engine{
		db:       db,
		path:     o.Path,
		readOnly: o.ReadOnly,
		ended:    make(chan struct{}),
		onCommit: o.OnCommit,
		worlds:   make(map[string]*world),
	}
	e.queue.init()
	var root *world
	err = guard(func() (err error) {
		if err = e.markFormat(); err != nil {
			return err
		}
		root, err = e.openWorld(rootPrefix)
		return err
	})
	if err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open %s: %w", o.Path, err)
	}
	if o.ReadOnly {
		close(e.ended)
	} else {
		go e.run()
	}
	return &Store{engine: e, world: root}, nil
}

// openFile opens the file with bbolt and says in the words of package storage what went wrong.
func openFile(o Options) (*bbolt.DB, error) {
	timeout := o.LockTimeout
	if timeout == 0 {
		timeout = defaultLockTimeout
	}
	var db *bbolt.DB
	var file *os.File
	err := guard(func() (err error) {
		db, err = bbolt.Open(o.Path, 0o600, &bbolt.Options{
			Timeout:      timeout,
			NoSync:       o.NoSync,
			NoGrowSync:   o.NoSync,
			ReadOnly:     o.ReadOnly,
			FreelistType: bbolt.FreelistMapType,
			NoStatistics: true,
			OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
				f, err := os.OpenFile(name, flag, mode)
				file = f
				return f, err
			},
		})
		return err
	})
	switch {
	case err == nil:
		return db, nil
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("%w: stop the other kktd or choose another file", storage.ErrLocked)
	case errors.Is(err, storage.ErrDamaged):
		_ = file.Close() // bbolt panicked and left it open; the mapping, and the lock with it, stay with the process
		return nil, err
	case isSystemError(err):
		return nil, err
	default:
		return nil, damaged(err)
	}
}

func isSystemError(err error) bool {
	var path *fs.PathError
	var call *os.SyscallError
	var errno syscall.Errno
	return errors.As(err, &path) || errors.As(err, &call) || errors.As(err, &errno)
}

// probe looks at an existing file before anything may write to it or trust its freelist.
func probe(o Options) error {
	if info, err := os.Stat(o.Path); err != nil || info.Size() == 0 {
		if err == nil && o.ReadOnly {
			return damaged(errors.New("file is empty"))
		}
		return nil // a new store, or an error that the real opening will meet
	}
	o.ReadOnly = true
	db, err := openFile(o)
	if err != nil {
		return err
	}
	err = guard(func() error {
		if err := checkSize(db); err != nil {
			return err
		}
		return db.View(checkFormat)
	})
	return errors.Join(err, db.Close())
}

// checkSize refuses a file that ends before its last page.
func checkSize(db *bbolt.DB) error {
	info, err := os.Stat(db.Path())
	if err != nil {
		return err
	}
	return db.View(func(tx *bbolt.Tx) error {
		if info.Size() < tx.Size() {
			return damaged(fmt.Errorf("file has %d bytes, its pages %d", info.Size(), tx.Size()))
		}
		return nil
	})
}

// checkFormat refuses a file that is not ours or too new. A bbolt file with nothing in it is a new store.
func checkFormat(tx *bbolt.Tx) error {
	if isFresh(tx) {
		return nil
	}
	meta := tx.Bucket(bucketNames(rootPrefix)[metaBucket])
	if meta == nil {
		return fmt.Errorf("%w: a bbolt file without kktd's buckets; choose another file", storage.ErrForeign)
	}
	v := meta.Get(keyFormat)
	if len(v) != 4 {
		return damaged(fmt.Errorf("format version of %d bytes", len(v)))
	}
	switch version := binary.BigEndian.Uint32(v); {
	case version == 0:
		return damaged(errors.New("format version 0"))
	case version > formatVersion:
		return fmt.Errorf("%w: file has format %d, this kktd knows %d: use a newer kktd",
			storage.ErrNewerFormat, version, formatVersion)
	}
	return nil
}

func isFresh(tx *bbolt.Tx) bool {
	name, _ := tx.Cursor().First()
	return name == nil
}

// markFormat writes the format version into a new store.
func (e *engine) markFormat() error {
	fresh := false
	if err := e.db.View(func(tx *bbolt.Tx) error { fresh = isFresh(tx); return nil }); err != nil {
		return err
	}
	if !fresh || e.readOnly {
		return nil
	}
	return e.db.Update(func(tx *bbolt.Tx) error {
		meta, err := tx.CreateBucket(bucketNames(rootPrefix)[metaBucket])
		if err != nil {
			return err
		}
		return meta.Put(keyFormat, binary.BigEndian.AppendUint32(nil, formatVersion))
	})
}

// openWorld returns the world with the prefix.
func (e *engine) openWorld(prefix string) (*world, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if w, ok := e.worlds[prefix]; ok {
		return w, nil
	}
	w := &world{prefix: prefix, names: bucketNames(prefix)}
	err := e.db.View(func(tx *bbolt.Tx) error {
		meta := tx.Bucket(w.names[metaBucket])
		if meta == nil {
			return nil
		}
		v := meta.Get(keyDrive)
		if v == nil {
			return nil
		}
		last, err := parseUint64(v)
		w.reserved.Store(last)
		return err
	})
	if err != nil {
		return nil, err
	}
	e.worlds[prefix] = w
	return w, nil
}

// Namespace implements storage.Store.
func (s *Store) Namespace(name string) (storage.Store, error) {
	if err := storage.CheckNamespace(name); err != nil {
		return nil, err
	}
	if s.queue.isClosed() {
		return nil, storage.ErrClosed
	}
	var w *world
	err := guard(func() (err error) {
		w, err = s.openWorld(s.world.prefix + "/" + name)
		return err
	})
	if err != nil {
		return nil, s.wrap(err)
	}
	return &Store{engine: s.engine, world: w}, nil
}

// ReserveDrive implements storage.Store.
func (s *Store) ReserveDrive() storage.DriveID {
	return storage.DriveID(s.world.reserved.Add(1))
}

// see notes that a drive id is in use.
func (w *world) see(d storage.DriveID) {
	for {
		reserved := w.reserved.Load()
		if uint64(d) <= reserved || w.reserved.CompareAndSwap(reserved, uint64(d)) {
			return
		}
	}
}

// Backup implements storage.Store. The copy is a store file of its own. w must take it without delay, a file and not a
// client: until it has, the pages that changes free are not used again, and when the file outgrows its mapping, the next
// commit and every read after it wait for w.
func (s *Store) Backup(w io.Writer) error {
	err := s.db.View(func(tx *bbolt.Tx) error {
		_, err := tx.WriteTo(w)
		return err
	})
	return s.wrap(err)
}

// Close implements storage.Store.
func (s *Store) Close() error {
	if s.world.prefix != rootPrefix {
		return nil
	}
	if !s.queue.close() {
		return storage.ErrClosed
	}
	<-s.ended
	if s.queue.jammed() {
		return s.wrap(damaged(errors.New("a failed commit holds the file")))
	}
	return s.wrap(s.db.Close())
}
