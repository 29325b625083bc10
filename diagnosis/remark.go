package diagnosis

import (
	"fmt"
	"time"

	"kktd/ffd"
)

// Level says how good or bad a thing is.
type Level string

// The levels, from good to bad.
const (
	OK      Level = "ok"
	Waiting Level = "waiting" // it will go on by itself
	Warning Level = "warning" // it works, and a person should look
	Error   Level = "error"   // it does not work
)

// worse tells that a level is above another.
func (l Level) worse(than Level) bool {
	rank := map[Level]int{OK: 0, Waiting: 1, Warning: 2, Error: 3}
	return rank[l] > rank[than]
}

// Remark is one thing that is told.
type Remark struct {
	About string     `json:"about"` // a step of the story or the name of a check
	Level Level      `json:"level"`
	Code  Code       `json:"code"`
	Time  *time.Time `json:"time,omitempty"` // business time
	Text  string     `json:"text"`
	Do    string     `json:"do,omitempty"` // what a person does about it
}

// text is an entry of the catalogue: what it is, and what to do. The arguments of
// the first are numbered in the format where the languages differ in their order.
type text struct {
	level      Level
	en, ru     string
	do, doRu   string
	doFromArgs bool // the last argument is what to do
}

// say makes a remark out of the catalogue.
func say(lang ffd.Lang, about string, code Code, args ...any) Remark {
	t, ok := texts[code]
	if !ok {
		return Remark{About: about, Level: Warning, Code: code, Text: fmt.Sprint(args...)}
	}
	r := Remark{About: about, Level: t.level, Code: code, Do: pick(lang, t.do, t.doRu)}
	if t.doFromArgs {
		r.Do = fmt.Sprint(args[len(args)-1])
		args = args[:len(args)-1]
	}
	if format := pick(lang, t.en, t.ru); len(args) > 0 {
		r.Text = fmt.Sprintf(format, args...)
	} else {
		r.Text = format
	}
	return r
}

func pick(lang ffd.Lang, en, ru string) string {
	if lang == ffd.English {
		return en
	}
	return ru
}

// at gives a remark its time.
func (r Remark) at(t time.Time) Remark {
	r.Time = &t
	return r
}
