package rules

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/expr-lang/expr/vm"
	"github.com/expr-lang/expr/vm/runtime"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// whenRule is a compiled expression.
type whenRule struct {
	rule
	program *vm.Program
	paths   [][]step // into the frame, by the number that the program knows them by
	guild   bool     // the expression asks for it
	pool    sync.Pool
}

const (
	maxMemory = 1e6 // values that an expression may make for one event
	maxSteps  = 1e6 // rounds of its loops for one event, which take some 0.1 s
)

// scope is what an expression sees of an event. Names in brackets cannot be written
// in one: the compiler puts them there.
type scope struct {
	Type   string `expr:"type"`
	Guild  string `expr:"guild"`
	Shard  int    `expr:"shard"`
	Shards int    `expr:"shards"`
	Size   int    `expr:"size"`
	Kind   string `expr:"kind"`
	Seq    int    `expr:"seq"`
	D      any    `expr:"d"` // for the compiler, which replaces it by At

	At    func(any) any      `expr:"(at)"`    // the value at a path, by its number
	Get   func(any, any) any `expr:"(get)"`   // a part of a value
	Sum   func(any, any) any `expr:"(sum)"`   // of two numbers
	List  func(any) any      `expr:"(list)"`  // a value where a list is asked for
	Truth func(any) any      `expr:"(truth)"` // a value where a yes or no is asked for
	Step  func(any) any      `expr:"(step)"`  // the same at the end of a round of a loop
}

// run is one evaluation of an expression. It is used again, by one goroutine at a
// time.
type run struct {
	vm    vm.VM
	scope scope
	rule  *whenRule
	data  []byte
	found []any // values by path
	known []int // 0 for not yet, then how many steps it takes to use a value again
	steps int   // that have been made
}

func (r *whenRule) newRun() *run {
	n := &run{rule: r, found: make([]any, len(r.paths)), known: make([]int, len(r.paths))}
	n.vm.MemoryBudget = maxMemory
	s := &n.scope
	s.At, s.Get, s.Sum, s.List, s.Truth, s.Step = n.at, part, sum, list, truth, n.step
	return n
}

// stepBytes is how much of a list's or object's text makes up for a step, if it is
// used again, as within a loop.
const stepBytes = 64

// at is the value at a path. It is read from the frame once.
func (n *run) at(number any) any {
	k := number.(int)
	if n.known[k] > 0 {
		n.spend(n.known[k] - 1)
		return n.found[k]
	}
	n.known[k] = 1
	i := find(n.data, n.rule.paths[k])
	if i < 0 {
		return nil
	}
	r := reader{b: n.data, i: i}
	n.found[k] = r.value(0)
	switch n.found[k].(type) {
	case []any, map[string]any:
		n.known[k] += (r.i - i) / stepBytes
	}
	return n.found[k]
}

// step ends a round of a loop.
func (n *run) step(v any) any {
	n.spend(1)
	return truth(v)
}

// spend counts steps. Without a limit, a loop in a loop over all members of a guild
// would hold up its shard for minutes.
func (n *run) spend(steps int) {
	if n.steps += steps; n.steps > maxSteps {
		panic(fmt.Sprintf("loops of more than %d rounds", int(maxSteps)))
	}
}

// part is a field of an object or an element of a list; nil if there is no such.
func part(of, by any) any {
	switch of := of.(type) {
	case map[string]any:
		if key, ok := by.(string); ok {
			return of[key]
		}
	case []any:
		i, ok := by.(int)
		if i < 0 {
			i += len(of)
		}
		if ok && i >= 0 && i < len(of) {
			return of[i]
		}
	}
	return nil
}

// sum is that of two numbers. It panics if one of them is none: texts that are added
// in a loop could fill the memory.
func sum(a, b any) any {
	for _, v := range []any{a, b} {
		switch v.(type) {
		case int, float64:
		case nil:
			panic("nil cannot be added")
		default:
			panic(kindOf(v) + " cannot be added")
		}
	}
	return runtime.Add(a, b)
}

// list is a value where a list is asked for, or the text or object that has a length.
func list(v any) any {
	if v == nil {
		return []any{}
	}
	return v
}

// truth is a value where a yes or no is asked for. It panics if it is neither, which
// ends the evaluation with an error. It does not say that it returns a bool: the
// checker does not look again at the arguments of calls whose type it knows.
func truth(v any) any {
	switch v.(type) {
	case bool:
		return v
	case nil:
		return false
	}
	panic(fmt.Sprintf("%s is neither true nor false", kindOf(v)))
}

// kindOf names the type of a value as JSON does.
func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "a string"
	case int, float64:
		return "a number"
	case map[string]any:
		return "an object"
	default:
		return "a list"
	}
}

// take sets what the expression sees of an event.
func (n *run) take(e *event.Event) {
	n.data = e.Data
	s := &n.scope
	s.Type, s.Kind = e.Type, e.Kind.String()
	s.Shard, s.Shards, s.Size, s.Seq = e.ShardID, e.Shards, len(e.Data), int(e.ID.Seq)
	if s.Guild = ""; n.rule.guild && e.Guild != 0 {
		s.Guild = strconv.FormatUint(e.Guild, 10)
	}
}

// drop forgets the event, which must not be kept alive.
func (n *run) drop() {
	n.data, n.steps = nil, 0
	clear(n.found)
	clear(n.known)
}

// holds reports whether the expression is true of an event. What cannot be judged
// passes and is counted.
func (r *whenRule) holds(e *event.Event) (yes bool) {
	n, _ := r.pool.Get().(*run)
	if n == nil {
		n = r.newRun()
	}
	yes = true
	defer func() {
		if p := recover(); p != nil { // a fault of the library's: n may be spoilt
			r.fail(fmt.Sprint(p))
			yes = true
		}
	}()
	n.take(e)
	out, err := n.vm.Run(r.program, &n.scope)
	switch v := out.(type) {
	case bool:
		yes = v
	case nil:
		yes = false
	default:
		err = fmt.Errorf("the expression gives %s", kindOf(v))
	}
	if err != nil {
		yes = true
		r.fail(reason(err))
	}
	n.drop()
	r.pool.Put(n)
	return yes
}

// fail counts an event that cannot be judged.
func (r *whenRule) fail(why string) {
	r.errors.Add(1)
	why = oneLine(why)
	r.err.Store(&why)
}

// oneLine is the first line of a text, of a length that can be shown.
func oneLine(text string) string {
	const most = 200
	text, _, _ = strings.Cut(text, "\n")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
