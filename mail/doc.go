// Package mail brings receipts to their buyers: a kkt.Message names a receipt and an
// address, a Composer makes what it says from the stored documents, and SMTP
// delivers it for the outbox (it is a webhook.Transport).
//
//	kkt.Message --Composer--> Letter: subject, HTML with the slip as text beside it
//	                                  --SMTP--> server, again and again until it takes it
//
// A letter of one receipt is the same each time it is made, with the same
// Message-ID, so that a server that had taken it already can tell. It needs nothing
// from elsewhere: the QR code is a picture inside. SMS are only made to be looked
// at; nobody sends them.
package mail
