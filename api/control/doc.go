// Package control is kktd's own API: what registers, drives, documents and
// receipts are there, and what is done with them, as JSON under /control/v1/.
//
//	GET  registers                                         list
//	POST registers                                         a new one; {"blank":true} leaves its drive unregistered, {"fresh":true} makes it an organisation and an account of its own
//	DELETE registers, registers/{serial}                   all of them, or one, with everything that is theirs
//	GET  registers/{serial}                                one, with its settings
//	POST registers/{serial}/fiscalize                      document 1 on a blank drive
//	POST registers/{serial}/reregister                     document 11; {"reasons":[31]} beside what differs
//	POST registers/{serial}/replace-drive                  document 6, then document 11 on a new drive
//	POST registers/{serial}/close-drive                    document 6
//	POST registers/{serial}/reset                          wipes the debug drive; {"registered":true} leaves the register as new
//	POST registers/reset                                   leaves all registers as new
//	POST registers/{serial}/clone                          a new one with the same settings
//	GET  registers/{serial}/export                         the register as one file
//	POST registers/import                                  makes a register of such a file; ?account=
//	GET, POST registers/{serial}/snapshots                 its snapshots; {"name":"base"} makes one
//	POST registers/{serial}/snapshots/{name}/restore       puts the register back to it
//	DELETE registers/{serial}/snapshots/{name}             deletes it
//	GET, POST snapshots; POST snapshots/{name}/restore; DELETE snapshots/{name}   the same of all registers
//	GET  registers/{serial}/shift                          the shift
//	POST registers/{serial}/shift/open, shift/close        documents 2 and 5
//	POST registers/{serial}/reports/state                  document 21
//	GET  registers/{serial}/drive                          the drive at a glance
//	GET  registers/{serial}/drive/records/{number}         the short record, with the drive's own answers to 40h, 41h, 43h and 45h
//	GET  registers/{serial}/drive/registrations            its registration reports, with its own answers to 43h
//	GET  registers/{serial}/drive/registrations/{index}    one, with its answers to 44h and 47h; index counts from 1
//	GET  registers/{serial}/drive/export                   all its documents as one file of containers; ?tickets=true puts the tickets between them
//	GET  registers/{serial}/documents                      list; ?after=N&wait=10s is a long poll
//	GET  registers/{serial}/documents/{number}             one, with bytes and tags
//	GET  registers/{serial}/documents/{number}/slip        its slip; slip.html, .png, .txt, .json
//	GET  registers/{serial}/drives                         list
//	GET  registers/{serial}/drives/{drive}/documents[...]  the same of one drive; records, registrations and export too
//	GET  receipts/{id}                                     what is kept of a receipt
//	GET  messages                                          mail and SMS to buyers; ?kind=&state=&address=&register=
//	GET  messages/{receipt}                                one, with what it says; message/rfc822 by Accept
//	GET, POST clock, registers/{serial}/clock              the business clock
//
// A POST that makes documents answers with them and with the register after it.
//
// Paths without drives mean the drive that is in the register now. HEAD works as
// GET. Lists are {"items":[...],"next":...}: limit is 1 to 100000, 100 when it is
// not given, and next is what to pass as after to go on, null at the end. Times
// are RFC 3339 in the zone of the register. A parameter that the path does not
// know is an error that names it.
//
// A list is read from the store in pages and written between them: a slow client
// holds no read of the store open, and its memory is that of one page whatever
// limit says. When the store fails behind the first page the connection is cut,
// so that a part never looks like the whole.
//
// A request with a body sends JSON with the content type application/json. An
// unknown field is an error that names it and the allowed ones; lengths of time are
// 10 (seconds), "36h", "30d" or "P30D". What is wrong is answered as
// {"error":{"code","message","field","allowed"}}, with message_ru where there is
// one and with the drive's own code where the drive refused.
//
// GET openapi.json describes all of it; Docs has the words of the routes.
//
// Other rooms add paths with Options.Routes: a Handler returns its error, reads a
// body with ReadBody and answers with WriteJSON.
//
// Who may ask is decided before a request comes here.
//
// Source: design/architecture.md, Outside.
package control
