// Package kkttest runs kktd inside a go test: the body of the daemon itself, in
// memory, on free ports of this machine, with a clock of its own.
//
//	srv := kkttest.Start(t, kkttest.Options{})
//	id := myShop(srv.URL, srv.PublicID, srv.Secret).Sell(t, "Чай", 10050)
//	srv.WaitConfirmed()
//	srv.RequireTag(t, 3, "Чай", ffd.TagItem, ffd.TagItemName)
//
// Unless Options say otherwise the clock stands at DefaultTime, the seed is 1 and an
// answer waits for the tickets of the OFD: a test sees the same bytes and ids on every
// machine and sleeps nowhere. The first register, the account and their numbers are
// those of "kktd serve".
//
// Families: Start and Server; Fresh gives each of the tests that share a server a register
// of its own, and New-, Clone-, Reset- and DeleteRegister do what they say; Server.Clock moves the business time; Documents, Document
// and Tree read what was made; Wait... wait for the OFD and for events; Fault makes things go
// wrong; Snapshot and Restore, Export and Import keep a register and bring it back; Require... compare, and tell a difference tag by tag; Call does what else the
// control API can. Whatever is done here is a request that any other client could send to
// a kktd that runs outside. Methods that fail end the test of Start; For binds
// them to a subtest.
package kkttest
