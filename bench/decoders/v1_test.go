//go:build !goexperiment.jsonv2

package decoders

var v2 func([]byte, *receipt) error
