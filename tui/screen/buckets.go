package screen

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// bucketWidth is the column of one bucket.
const bucketWidth = 27

// buckets are those of max_concurrency that wait or were told to slow down, in
// columns of h lines; if not all fit, those that Discord refused most.
func (p BudgetPage) buckets(l Look, w, h int) []string {
	all := p.Snap.Identify.Buckets
	if len(all) == 0 {
		return []string{l.label("nobody waits, and none was told to slow down")}
	}
	columns := min(max(1, w/(bucketWidth+2)), len(all))
	rows := max(1, h-1)
	more := ""
	if len(all) > columns*rows {
		if rows > 1 {
			rows-- // for the line that counts the others
			more = l.label("and " + strconv.Itoa(len(all)-columns*rows) + " more, less refused")
		}
		all = worstBuckets(all, columns*rows)
	} else {
		columns = min(columns, (len(all)+rows-1)/rows)
	}
	head := l.label(frame.Fit("bucket waits   next refused", bucketWidth))
	lines := []string{strings.TrimRight(strings.Repeat(head+"  ", columns), " ")}
	for y := 0; y < rows && y < len(all); y++ {
		var cells []string
		for x := y; x < len(all); x += rows {
			cells = append(cells, bucketCell(l, all[x]))
		}
		lines = append(lines, strings.Join(cells, "  "))
	}
	if more != "" {
		lines = append(lines, more)
	}
	return lines
}

// bucketCell is a bucket in its column: key, shards that wait, when the next of
// them may identify, refusals in a row.
func bucketCell(l Look, b ops.Bucket) string {
	next := l.G.Dash
	switch {
	case b.OpenAt.IsZero():
	case b.OpenAt.After(l.Now):
		next = l.until(b.OpenAt)
	default:
		next = "now"
	}
	refused := frame.Right(strconv.Itoa(b.Refused), 8)
	if b.Refused > 0 {
		refused = l.S.Warn.Bold().Paint(refused)
	}
	return frame.Right(strconv.Itoa(b.Key), 6) + frame.Right(frame.Count(b.Waiting), 6) + frame.Right(next, 7) + refused
}

// worstBuckets are n buckets in the order of their keys: those that were refused
// most, then those in which most wait.
func worstBuckets(all []ops.Bucket, n int) []ops.Bucket {
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(a, b ops.Bucket) int {
		return cmp.Or(cmp.Compare(b.Refused, a.Refused), cmp.Compare(b.Waiting, a.Waiting))
	})
	out = out[:min(n, len(out))]
	slices.SortFunc(out, func(a, b ops.Bucket) int { return cmp.Compare(a.Key, b.Key) })
	return out
}
