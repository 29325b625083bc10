package kkt

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// idMaker turns the register and the sequence number of a receipt into 32 hex
// digits and back. An id looks like chance to its reader, comes from the seed
// alone, and leads to its record without an index: records then stand in the
// order in which they were made (spec/decisions.md, ids of receipts).
type idMaker struct{ block cipher.Block }

func newIDMaker(seed uint64) idMaker {
	key := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("receipt ids"), seed))
	block, err := aes.NewCipher(key[:16])
	if err != nil {
		panic(err) // 16 bytes are a key
	}
	return idMaker{block}
}

func (m idMaker) make(register, sequence uint64) string {
	key := receiptKey(register, sequence)
	m.block.Encrypt(key[:], key[:])
	return hex.EncodeToString(key[:])
}

// parse gives the key of the record. An id that kktd never gave leads to a key
// that is not there, except with a chance of 2^-64 and less.
func (m idMaker) parse(id string) (key [16]byte, err error) {
	if n, err := hex.Decode(key[:], []byte(id)); len(id) != 2*len(key) || err != nil || n != len(key) {
		return key, fmt.Errorf("%w: receipt %q: an id has 32 hexadecimal digits", ErrNotFound, id)
	}
	m.block.Decrypt(key[:], key[:])
	return key, nil
}

// receiptKey is the key of a receipt record. The sequence runs over all registers
// and comes first, so that records of one time stand together: a store that
// commits many registers at once then touches few pages.
func receiptKey(register, sequence uint64) (key [16]byte) {
	binary.BigEndian.PutUint64(key[:8], sequence)
	binary.BigEndian.PutUint64(key[8:], register)
	return key
}

func sequenceOf(key []byte) uint64 { return binary.BigEndian.Uint64(key[:8]) }
