package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"kktd/clock"
	"kktd/ffd"
	"kktd/fn"
	"kktd/kkt"
	"kktd/storage/bolt"
	"kktd/tlv"
)

var (
	bigDrive     = flag.Bool("bigdrive", false, "run TestBigDrive: fill a drive and print the curve")
	bigDocuments = flag.Int("bigdrive.documents", kkt.DefaultCapacity, "documents of TestBigDrive")
)

const (
	bigSerial, bigNumber, bigINN = "00000000000000000001", "9999078900005430", "7708806062"
	bigClients                   = 512 // receipts of one commit
	bigProbes                    = 400 // receipts one after the other at each mark, half of them with fsync
)

// TestBigDrive fills a drive and prints what one more receipt costs on the way,
// what opening the full file costs, and how large it is.
func TestBigDrive(t *testing.T) {
	if !*bigDrive {
		t.Skip("make bench-drive")
	}
	program := buildProgram(t)
	// The disk of a busy machine is now fast, now slow: each receipt of the drive that fills has one of a drive with a
	// thousand documents beside it, in a file of its own.
	b, young := newBigBench(t), newBigBench(t)
	young.fill(1000)
	began := time.Now()
	fmt.Printf("%10s  %32s  %32s\n", "documents", "durable p50 (young drive, ratio)", "no fsync p50 (young drive, ratio)")
	for _, mark := range []uint32{1_000, 10_000, 100_000, uint32(*bigDocuments) - bigProbes} {
		if int(mark) > *bigDocuments {
			continue
		}
		b.fill(mark)
		fmt.Printf("%10d", b.last())
		for _, noSync := range []bool{false, true} {
			b.reopen(noSync)
			young.reopen(noSync)
			p50, young50 := probe(b, young)
			fmt.Printf("  %10v (%10v, %5.2f)", p50, young50, float64(p50)/float64(young50))
		}
		fmt.Println()
		b.reopen(false)
	}
	fmt.Printf("filled in %.0f s\n", time.Since(began).Seconds())
	young.close()
	b.confirm()
	b.close()
	b.size()

	for range 3 {
		for _, x := range []*bigBench{b, young} {
			p := startProgram(t, program, "--data", x.path)
			fmt.Printf("%s  ", regexp.MustCompile(`kktd is ready in [^\n]*`).FindString(p.stdout.String()))
			require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
			_ = p.cmd.Wait()
		}
		fmt.Println("(full drive, young drive)")
	}
	began = time.Now()
	out, err := runFsck(t, "--data", b.path)
	require.NoError(t, err, out)
	fmt.Printf("fsck in %.1f s\n%s", time.Since(began).Seconds(), out)
}

type bigBench struct {
	t     *testing.T
	path  string
	store *bolt.Store
	fleet *kkt.Fleet
}

func newBigBench(t *testing.T) *bigBench {
	b := &bigBench{t: t, path: filepath.Join(t.TempDir(), "kktd.db")}
	b.open(false)
	require.NoError(t, b.fleet.AddAccount(kkt.Account{PublicID: "pk_demo", Secret: "secret_demo", INNs: []string{bigINN}}))
	require.NoError(t, b.fleet.Create("pk_demo", kkt.Settings{Serial: bigSerial, INN: bigINN, RegNumber: "0000000004030311", UserName: "ООО Ромашка",
		Place: "www.example.com", SenderEmail: "a@example.com", OFDName: "OFD", OFDINN: fn.TestOFDINN, TaxSystems: kkt.TaxList{ffd.TaxOSN},
		DriveNumber: bigNumber, AutoShift: true, TakesCash: true}))
	return b
}

func (b *bigBench) open(noSync bool) {
	var err error
	b.store, err = bolt.Open(bolt.Options{Path: b.path, NoSync: noSync})
	require.NoError(b.t, err)
	log := logrus.New()
	log.SetOutput(io.Discard)
	business, err := kkt.OpenClock(b.store, clock.Real())
	require.NoError(b.t, err)
	b.fleet, err = kkt.Open(kkt.Options{Store: b.store, Clock: business, Log: log, Seed: 1})
	require.NoError(b.t, err)
}

func (b *bigBench) close() {
	b.fleet.Close()
	require.NoError(b.t, b.store.Close())
}

func (b *bigBench) reopen(noSync bool) {
	b.close()
	b.open(noSync)
}

func (b *bigBench) register() *kkt.Register {
	r, err := b.fleet.Register(bigSerial)
	require.NoError(b.t, err)
	return r
}

func (b *bigBench) last() uint32 {
	s, err := b.register().State()
	require.NoError(b.t, err)
	return s.LastNumber
}

// submit makes one receipt of five items.
func (b *bigBench) submit() {
	r := &kkt.Receipt{INN: bigINN, Request: kkt.Request{API: "cloudkassir", Account: "pk_demo", InvoiceID: "1234567", Raw: []byte(strings.Repeat(demoReceipt, 2))}}
	part := ffd.Receipt{Operation: ffd.Income}
	for i := range 5 {
		part.Items = append(part.Items, ffd.Item{Name: tlv.MustText(fmt.Sprintf("Товар номер %d, в упаковке", i)), Price: 10000, Quantity: tlv.Decimal{Mantissa: 1}, Amount: 10000, VAT: ffd.VAT20})
		part.Payments.Cashless += 10000
	}
	r.Parts = []ffd.Receipt{part}
	o, err := b.fleet.Submit(context.Background(), r)
	if err != nil || o.Status != kkt.Processed {
		b.t.Errorf("%v %v", o, err)
	}
}

// fill makes receipts in groups, each with the tickets of those before.
func (b *bigBench) fill(last uint32) {
	for at := b.last(); at < last && !b.t.Failed(); at = b.last() {
		var group sync.WaitGroup
		for range min(bigClients, last-at) {
			group.Go(b.submit)
		}
		group.Wait()
		b.confirm()
	}
}

func (b *bigBench) confirm() {
	r := b.register()
	first, last := r.Unsent()
	if first == 0 {
		return
	}
	inn := ffd.Pad[[12]byte](fn.TestOFDINN)
	signer := fn.NewOperatorSigner([]byte(fn.DefaultMaster), inn)
	done := make(chan error, last-first+1)
	for n := first; n <= last; n++ {
		box, err := signer.Container(nil, &ffd.Confirmation{OFDINN: inn, Drive: ffd.Pad[[16]byte](bigNumber), Number: n, Time: 1748781000})
		require.NoError(b.t, err)
		r.Delivery().Confirm(n, box, func(err error) { done <- err })
	}
	for n := first; n <= last; n++ {
		require.NoError(b.t, <-done)
	}
}

// probe makes receipts one after the other, in turn on both, and returns the
// medians of what each cost.
func probe(b, young *bigBench) (p50, young50 time.Duration) {
	var lists [2][]time.Duration
	for range bigProbes / 2 {
		for i, x := range []*bigBench{b, young} {
			began := time.Now()
			x.submit()
			lists[i] = append(lists[i], time.Since(began))
		}
	}
	for _, list := range lists {
		slices.Sort(list)
	}
	return lists[0][len(lists[0])/2], lists[1][len(lists[1])/2]
}

// size compares the file with the values in it.
func (b *bigBench) size() {
	info, err := os.Stat(b.path)
	require.NoError(b.t, err)
	db, err := bbolt.Open(b.path, 0o600, &bbolt.Options{ReadOnly: true})
	require.NoError(b.t, err)
	defer db.Close()
	total := 0
	require.NoError(b.t, db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, bucket *bbolt.Bucket) error {
			keys, values, n := 0, 0, 0
			err := bucket.ForEach(func(k, v []byte) error {
				keys, values, n = keys+len(k), values+len(v), n+1
				return nil
			})
			if !strings.HasSuffix(string(name), "/documents") { // an index, no value of anybody
				total += values
			}
			s := bucket.Stats()
			fmt.Printf("%-16s %8d pairs, keys %10d, values %11d bytes, pages %11d bytes\n", name, n, keys, values,
				s.LeafAlloc+s.BranchAlloc)
			return err
		})
	}))
	free := db.Stats().FreePageN
	fmt.Printf("file %d bytes, values %d bytes: ratio %.3f; free pages %d\n", info.Size(), total, float64(info.Size())/float64(total), free)
}
