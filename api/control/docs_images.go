package control

import (
	"net/http"
	"reflect"
)

func imageDocs() map[string]Doc {
	conflict := []int{http.StatusConflict}
	return map[string]Doc{
		"GET registers/{serial}/export": {ID: "exportRegister", Tag: tagImages, Summary: "Take the register as one file",
			About:   "Settings, own clock, drives with all documents and tickets byte by byte, and receipts. Refused while receipts wait at the register. A connection that is cut leaves a file that an import refuses.",
			Answers: []Answer{{Status: http.StatusOK, Media: octetStream, About: "The image, for `registers/import`."}}, Errors: conflict},
		"POST registers/import": {ID: "importRegister", Tag: tagImages, Summary: "Make a register from a file",
			About: "With its own serial number, drives, documents and tickets, all proved before anything is seen. Its receipts get new ids. Serial number and drives must be free. The documents must be signed with the master key of this kktd.",
			Params: []Param{{Name: "account", About: "Public id of who may use it; the only account when it is left out."},
				{Name: "secret", About: "Makes the account when it is not there."}},
			BodyMedia: octetStream, Answers: madeOf[importView]()},
		"GET registers/{serial}/snapshots": {ID: "listSnapshotsOfRegister", Tag: tagImages, Summary: "List the snapshots of the register", Params: []Param{afterText, limitParam},
			Answers: answerOf[listOf[snapshotView, string]](http.StatusOK)},
		"POST registers/{serial}/snapshots": {ID: "makeSnapshot", Tag: tagImages, Summary: "Keep the register as it is now under a name",
			About: "Refused while receipts wait at the register. It goes with the register.", Body: reflect.TypeFor[snapshotBody](), Answers: answerOf[snapshotView](http.StatusCreated), Errors: conflict},
		"POST registers/{serial}/snapshots/{name}/restore": {ID: "restoreSnapshot", Tag: tagImages, Summary: "Put the register back to a snapshot",
			About: "In one durable step. Documents and receipts made since are gone, receipts that wait too; those of the snapshot have their ids. Drives get new ids within kktd.",
			Body:  reflect.TypeFor[struct{}](), Answers: answerOf[restoredView](http.StatusOK)},
		"DELETE registers/{serial}/snapshots/{name}": {ID: "deleteSnapshot", Tag: tagImages, Summary: "Delete a snapshot", Answers: answerOf[snapshotView](http.StatusOK)},
		"GET snapshots": {ID: "listSnapshots", Tag: tagImages, Summary: "List the snapshots of all registers", Params: []Param{afterText, limitParam},
			Answers: answerOf[listOf[snapshotView, string]](http.StatusOK)},
		"POST snapshots": {ID: "makeSnapshots", Tag: tagImages, Summary: "Keep all registers as they are now under a name",
			About: "One after the other; nothing is done when one of them has the snapshot already or cannot be kept at the moment.", Body: reflect.TypeFor[snapshotBody](),
			Answers: answerOf[allOf[snapshotView]](http.StatusCreated), Errors: conflict},
		"POST snapshots/{name}/restore": {ID: "restoreSnapshots", Tag: tagImages, Summary: "Put all registers back that have the snapshot",
			About: "Each in one durable step, one after the other. Registers without it stay as they are and are named in `left`.", Body: reflect.TypeFor[struct{}](), Answers: answerOf[restoredAllView](http.StatusOK)},
		"DELETE snapshots/{name}": {ID: "deleteSnapshots", Tag: tagImages, Summary: "Delete the snapshots with a name", Answers: answerOf[allOf[snapshotView]](http.StatusOK)},
	}
}
