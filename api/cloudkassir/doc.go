// Package cloudkassir answers as the CloudKassir (CloudPayments) cash register API does.
//
// It is a translation and nothing more: a request becomes a kkt.Receipt, what the fleet says becomes the API's answer.
//
//	API, New, Options     the http.Handler; Routes are the paths for the daemon's mux
//	Fleet                 what it needs of kkt
//
// Inside, by subject:
//
//	request.go            one request: its body, what it breaks, what is forgiven and logged
//	receipt.go, items.go,
//	agent.go, payments.go, requisites.go     CustomerReceipt -> ffd.Receipt
//	enums.go              codes of the API -> values of the format
//	errors.go             error codes, their Russian sentences, the order of the checks
//	answer.go, get.go     answers, appended by hand in the document's order of keys
//	correction.go, correction_get.go         CorrectionReceiptData -> ffd.Receipt, and back
//	fiscalize.go          registration
//	state.go              maintenance, state and warnings of registers
//	marks.go              marking codes
//	quota.go              the limit of test receipts
//
// Refused, with the field and the reason in Russian: what the document calls an error, texts that CP866 cannot hold or that
// are longer than their tag. Refusals are HTTP 200 with Success false, as the document has them; HTTP speaks only of
// credentials (401), methods (405) and the size of a body (413).
//
// A request's memory is pooled: a kkt.Receipt lives until Submit returns, see Fleet.
//
// Source: spec/api/cloudkassir.md, spec/decisions.md.
package cloudkassir
