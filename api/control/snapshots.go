package control

import (
	"cmp"
	"net/http"
	"sort"
	"strings"
	"time"

	"kktd/kkt"
)

// snapshotView is a snapshot of a register.
type snapshotView struct {
	Register string    `json:"register"` // serial number
	Name     string    `json:"name"`
	Created  time.Time `json:"created"` // business time
	imageView
}

// viewSnapshot shows a snapshot, with its time in the zone of the register.
func (a *API) viewSnapshot(s kkt.Snapshot) snapshotView {
	zone := time.UTC
	if reg, err := a.fleet.Register(s.Register); err == nil { // else it was deleted meanwhile
		zone = reg.Zone()
	}
	return snapshotView{Register: s.Register, Name: s.Name, Created: time.UnixMilli(s.Created).In(zone), imageView: imageView(s.ImageSummary)}
}

// snapshotBody asks for a snapshot.
type snapshotBody struct {
	Name    string `json:"name"`    // 1 to 64 of A-Z, a-z, 0-9 and . _ -, the first a letter or digit
	Replace bool   `json:"replace"` // take the place of one with that name
}

// restoredView is the answer when a register was put back.
type restoredView struct {
	Snapshot snapshotView `json:"snapshot"` // that it was put back to
	Gone     int          `json:"gone"`     // receipts that were made since, or waited
	Register registerItem `json:"register"`
}

// restoredAllView is the answer when all registers were put back.
type restoredAllView struct {
	Restored []restoredItem `json:"restored"` // those that were put back
	Left     []string       `json:"left"`     // serial numbers of registers without such a snapshot: they are as they were
}

type restoredItem struct {
	snapshotView
	Gone int `json:"gone"` // receipts that were made since, or waited
}

func (a *API) snapshot(w http.ResponseWriter, r *http.Request) error {
	var body snapshotBody
	reg, err := a.operation(w, r, &body)
	if err != nil {
		return err
	}
	s, err := reg.Snapshot(r.Context(), body.Name, body.Replace)
	if err != nil {
		return err
	}
	return WriteJSON(w, http.StatusCreated, a.viewSnapshot(s))
}

func (a *API) restore(w http.ResponseWriter, r *http.Request) error {
	reg, err := a.operation(w, r, &struct{}{})
	if err != nil {
		return err
	}
	x, err := reg.Restore(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	item, err := a.registerItem(reg)
	if err != nil {
		return err
	}
	return WriteJSON(w, http.StatusOK, restoredView{a.viewSnapshot(x.Snapshot), x.Gone, item})
}

func (a *API) deleteSnapshot(w http.ResponseWriter, r *http.Request) error {
	reg, err := a.operation(w, r, &struct{}{})
	if err != nil {
		return err
	}
	s, err := reg.DeleteSnapshot(r.PathValue("name"))
	if err != nil {
		return err
	}
	return WriteJSON(w, http.StatusOK, a.viewSnapshot(s))
}

func (a *API) snapshotsOf(w http.ResponseWriter, r *http.Request) error {
	reg, err := a.find(r)
	if err != nil {
		return err
	}
	return a.listSnapshots(w, r, reg.Serial())
}

func (a *API) snapshots(w http.ResponseWriter, r *http.Request) error {
	return a.listSnapshots(w, r, "")
}

// listSnapshots lists those of a register by name, or, when serial is empty, those of all
// by serial number and name, with a slash between them.
func (a *API) listSnapshots(w http.ResponseWriter, r *http.Request, serial string) error {
	q, err := parseQuery(r, "after", "limit")
	if err != nil {
		return err
	}
	limit, err := q.limit()
	if err != nil {
		return err
	}
	list, err := a.fleet.Snapshots(serial)
	if err != nil {
		return err
	}
	register, name := serial, q.get("after")
	if slash := strings.LastIndexByte(name, '/'); serial == "" && slash >= 0 {
		register, name = name[:slash], name[slash+1:]
	}
	at := sort.Search(len(list), func(i int) bool {
		return cmp.Or(cmp.Compare(list[i].Register, register), cmp.Compare(list[i].Name, name)) > 0
	})
	return a.writeList(w, r, limit, func(p *page) error {
		for ; at < len(list); at++ {
			cursor := list[at].Name
			if serial == "" {
				cursor = list[at].Register + "/" + cursor
			}
			if err := p.add(a.viewSnapshot(list[at]), cursor); err != nil {
				return err
			}
		}
		return nil
	})
}

// ofAllSnapshots reads a request about the snapshots of all registers.
func ofAllSnapshots(w http.ResponseWriter, r *http.Request, body any) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	return ReadBody(w, r, body)
}

func (a *API) viewSnapshots(list []kkt.Snapshot) allOf[snapshotView] {
	all := allOf[snapshotView]{Items: []snapshotView{}}
	for _, s := range list {
		all.Items = append(all.Items, a.viewSnapshot(s))
	}
	return all
}

func (a *API) snapshotAll(w http.ResponseWriter, r *http.Request) error {
	var body snapshotBody
	if err := ofAllSnapshots(w, r, &body); err != nil {
		return err
	}
	list, err := a.fleet.SnapshotAll(r.Context(), body.Name, body.Replace)
	if err != nil {
		return err
	}
	return WriteJSON(w, http.StatusCreated, a.viewSnapshots(list))
}

func (a *API) restoreAll(w http.ResponseWriter, r *http.Request) error {
	if err := ofAllSnapshots(w, r, &struct{}{}); err != nil {
		return err
	}
	list, left, err := a.fleet.RestoreAll(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	view := restoredAllView{Restored: []restoredItem{}, Left: append([]string{}, left...)}
	for _, x := range list {
		view.Restored = append(view.Restored, restoredItem{a.viewSnapshot(x.Snapshot), x.Gone})
	}
	return WriteJSON(w, http.StatusOK, view)
}

func (a *API) deleteSnapshots(w http.ResponseWriter, r *http.Request) error {
	if err := ofAllSnapshots(w, r, &struct{}{}); err != nil {
		return err
	}
	list, err := a.fleet.DeleteSnapshots(r.PathValue("name"))
	if err != nil {
		return err
	}
	return WriteJSON(w, http.StatusOK, a.viewSnapshots(list))
}
