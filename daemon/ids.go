package daemon

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sync/atomic"
)

// guids makes what answers hold beside the ids of receipts: of the seed, the last
// event at the start and a counter for each purpose, or by chance without a seed.
type guids struct {
	start        uint64 // number of the last event at the start, so that a restart goes on elsewhere
	ids, secrets atomic.Uint64
}

// openIDs is called before requests are answered.
func (d *Daemon) openIDs() (err error) {
	d.guids.start, err = d.store.LastEvent()
	return err
}

// bytes are the next 16 of a purpose.
func (d *Daemon) bytes(purpose string, n *atomic.Uint64) (b [16]byte) {
	if d.config.Seed == 0 {
		_, _ = rand.Read(b[:]) // never fails
		return b
	}
	from := []byte(purpose)
	for _, x := range [...]uint64{d.config.Seed, d.guids.start, n.Add(1)} {
		from = binary.BigEndian.AppendUint64(from, x)
	}
	sum := sha256.Sum256(from)
	return [16]byte(sum[:])
}

// newGUID is a UUID of version 4.
func (d *Daemon) newGUID() string {
	b := d.bytes("guid", &d.guids.ids)
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// newSecret is 32 hex digits. With a seed whoever knows the seed knows them.
func (d *Daemon) newSecret() string {
	b := d.bytes("secret", &d.guids.secrets)
	return hex.EncodeToString(b[:])
}

// newSeed is a seed by chance.
func newSeed() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.BigEndian.Uint64(b[:])
}
