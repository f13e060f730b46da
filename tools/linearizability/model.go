package main

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

const maxKeys = 8

// The whole bucket: the entity tag of each key, "" where there is none. Lists and copies see several keys at one
// moment, so the keys are not checked one by one.
type state [maxKeys]string

// What a client asked for, as tools/harness/history.py writes it.
type request struct {
	Kind      string `json:"kind"`      // put, delete, get, list, copy
	Key       int    `json:"key"`       // of a copy: where to
	Source    int    `json:"source"`    // of a copy
	Condition string `json:"condition"` // "", if_match, if_none_match
	Expected  string `json:"expected"`  // the entity tag of if_match
	Value     string `json:"value"`     // the entity tag that a put makes
}

type answer struct {
	Result string            `json:"result"` // ok, absent (404), failed (412), refused (409, 503: nothing done), unknown
	Found  string            `json:"found"`  // by a get or a copy
	Listed map[string]string `json:"listed"` // by a list: number of the key -> entity tag
}

func nothing() []interface{} { return nil }

func only(s state) []interface{} { return []interface{}{s} }

func unchangedIf(holds bool, s state) []interface{} {
	if holds {
		return only(s)
	}
	return nothing()
}

// All states that may follow; none when this answer is impossible in this state.
func step(before, input, output interface{}) []interface{} {
	s, asked, got := before.(state), input.(request), output.(answer)
	if got.Result == "refused" {
		return only(s)
	}
	switch asked.Kind {
	case "put":
		after := s
		after[asked.Key] = asked.Value
		return write(s, after, asked, got)
	case "delete":
		after := s
		after[asked.Key] = ""
		return remove(s, after, asked, got)
	case "copy":
		after := s
		after[asked.Key] = s[asked.Source]
		return copied(s, after, asked, got)
	case "get":
		if got.Result == "absent" {
			return unchangedIf(s[asked.Key] == "", s)
		}
		return unchangedIf(got.Result == "ok" && got.Found != "" && s[asked.Key] == got.Found, s)
	case "list":
		return unchangedIf(got.Result == "ok" && sameAs(s, got.Listed), s)
	}
	return nothing()
}

func write(s, after state, asked request, got answer) []interface{} {
	current := s[asked.Key]
	missing := asked.Condition == "if_match" && current == ""
	failing := (asked.Condition == "if_match" && current != "" && current != asked.Expected) ||
		(asked.Condition == "if_none_match" && current != "")
	switch got.Result {
	case "ok":
		if missing || failing {
			return nothing()
		}
		return only(after)
	case "failed":
		return unchangedIf(failing, s)
	case "absent":
		return unchangedIf(missing, s)
	case "unknown": // the server died: done or not
		if missing || failing {
			return only(s)
		}
		return []interface{}{s, after}
	}
	return nothing()
}

// A delete of what isn't there succeeds, but not with If-Match.
func remove(s, after state, asked request, got answer) []interface{} {
	current := s[asked.Key]
	missing := asked.Condition == "if_match" && current == ""
	failing := asked.Condition == "if_match" && current != "" && current != asked.Expected
	switch got.Result {
	case "ok":
		if missing || failing {
			return nothing()
		}
		return only(after)
	case "failed":
		return unchangedIf(failing, s)
	case "absent":
		return unchangedIf(missing, s)
	case "unknown":
		if missing || failing {
			return only(s)
		}
		return []interface{}{s, after}
	}
	return nothing()
}

func copied(s, after state, asked request, got answer) []interface{} {
	source := s[asked.Source]
	switch got.Result {
	case "ok":
		if source == "" || source != got.Found {
			return nothing()
		}
		return only(after)
	case "absent":
		return unchangedIf(source == "", s)
	case "unknown":
		if source == "" {
			return only(s)
		}
		return []interface{}{s, after}
	}
	return nothing()
}

func sameAs(s state, listed map[string]string) bool {
	count := 0
	for number, value := range s {
		if value == "" {
			continue
		}
		count++
		if listed[fmt.Sprint(number)] != value {
			return false
		}
	}
	return count == len(listed)
}

func model() porcupine.Model {
	nondeterministic := porcupine.NondeterministicModel{
		Init: func() []interface{} { return only(state{}) },
		Step: step,
		DescribeOperation: func(input, output interface{}) string {
			return fmt.Sprintf("%+v -> %+v", input, output)
		},
	}
	return nondeterministic.ToModel()
}
