package control

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"kktd/clock"
)

// clockView is a clock as it stands. A field that the mode does not use is absent.
type clockView struct {
	Mode   clock.Mode `json:"mode"`
	Now    time.Time  `json:"now"`
	Offset string     `json:"offset,omitempty"` // of mode offset: ahead of what it follows
	Step   string     `json:"step,omitempty"`   // of mode stepping
	Own    *bool      `json:"own,omitempty"`    // of a register: it does not follow the daemon's clock
}

// clockMove is the body of POST clock: one of mode, advance, time alone, and run.
type clockMove struct {
	Mode    clock.Mode `json:"mode"`    // real, offset, frozen, stepping
	Time    *time.Time `json:"time"`    // where it stands; alone: move on to it, in the mode it has
	Offset  *Duration  `json:"offset"`  // of mode offset
	Step    *Duration  `json:"step"`    // of mode stepping
	Advance *Duration  `json:"advance"` // move on by
	Run     bool       `json:"run"`     // let a clock that stands run on
	Force   bool       `json:"force"`   // also backward
}

const clockWishes = "one of mode (real, offset, frozen, stepping), advance, time, run"

// move is what the body asks of a clock.
func (m *clockMove) move(c *clock.Business) (clock.Move, error) {
	given := func(d *Duration) time.Duration {
		if d == nil {
			return 0
		}
		return time.Duration(*d)
	}
	wishes := 0
	for _, asked := range [...]bool{m.Mode != "", m.Advance != nil, m.Run, m.Mode == "" && m.Time != nil} {
		if asked {
			wishes++
		}
	}
	modes := []clock.Mode{clock.Following, clock.Offset, clock.Frozen, clock.Stepping}
	switch {
	case m.Mode != "" && !slices.Contains(modes, m.Mode):
		return clock.Move{}, badBody("mode", "real, offset, frozen, stepping", "there is no %q; want real, offset, frozen or stepping", m.Mode)
	case wishes != 1:
		return clock.Move{}, badBody("", clockWishes, "want %s, not %d of them", clockWishes, wishes)
	case m.Offset != nil && m.Mode != clock.Offset:
		return clock.Move{}, badBody("offset", "with mode offset", "it goes with mode offset alone")
	case m.Step != nil && m.Mode != clock.Stepping:
		return clock.Move{}, badBody("step", "with mode stepping", "it goes with mode stepping alone")
	case m.Time != nil && (m.Mode == clock.Following || m.Mode == clock.Offset):
		return clock.Move{}, badBody("time", "with mode frozen or stepping, or alone", "a clock of mode %s does not stand at a time", m.Mode)
	case m.Mode == "" && m.Time != nil:
		return clock.Move{Advance: m.Time.Sub(c.Now()), Force: m.Force}, nil
	}
	move := clock.Move{Setting: clock.Setting{Mode: m.Mode, Offset: given(m.Offset), Step: given(m.Step)},
		Advance: given(m.Advance), Run: m.Run, Force: m.Force}
	if m.Time != nil {
		move.Setting.Time = *m.Time
	}
	return move, nil
}

func viewClock(c *clock.Business) clockView {
	s := c.Setting()
	v := clockView{Mode: s.Mode, Now: c.Now()}
	if s.Mode == clock.Offset {
		v.Offset = s.Offset.String()
	}
	if s.Mode == clock.Stepping {
		v.Step = s.Step.String()
	}
	return v
}

// moveClock reads the body and moves a clock by it.
func moveClock(w http.ResponseWriter, r *http.Request, c *clock.Business, move func(clock.Move) (clock.Setting, error)) error {
	var body clockMove
	if err := ReadBody(w, r, &body); err != nil {
		return err
	}
	m, err := body.move(c)
	if err != nil {
		return err
	}
	if m == (clock.Move{Force: m.Force}) {
		return nil // moved by nothing
	}
	switch _, err = move(m); {
	case errors.Is(err, clock.ErrBackward):
		p := badBody("", "force: true", "%v", err)
		p.Status, p.Code = http.StatusConflict, "backward"
		return p
	case errors.Is(err, clock.ErrSetting):
		return badBody("", clockWishes, "%v", err)
	}
	return err
}

func (a *API) clock(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	if r.Method == http.MethodPost {
		if err := moveClock(w, r, a.fleet.Clock(), a.fleet.MoveClock); err != nil {
			return err
		}
	}
	return WriteJSON(w, http.StatusOK, viewClock(a.fleet.Clock()))
}

func (a *API) registerClock(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	reg, err := a.find(r)
	if err != nil {
		return err
	}
	if r.Method == http.MethodPost {
		if err := moveClock(w, r, reg.Clock(), reg.MoveClock); err != nil {
			return err
		}
	}
	v := viewClock(reg.Clock())
	v.Now = v.Now.In(reg.Zone())
	if v.Own = new(reg.HasOwnClock()); !*v.Own {
		v.Mode, v.Offset, v.Step = clock.Following, "", ""
	}
	return WriteJSON(w, http.StatusOK, v)
}
