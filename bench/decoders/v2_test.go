//go:build goexperiment.jsonv2

package decoders

import "encoding/json/v2"

var v2 = func(body []byte, to *receipt) error {
	return json.Unmarshal(body, to, json.MatchCaseInsensitiveNames(true))
}
