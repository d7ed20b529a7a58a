package discordtest

// audits are told the same: each destination of events has one of its own.
type audits []*Audit

// open makes a session known and returns its index, which is the same in all.
func (all audits) open(id string, shard, total int) (index uint32) {
	for _, a := range all {
		index = a.open(id, shard, total)
	}
	return index
}

func (all audits) issue(e entry, puts []put, optional bool) {
	for _, a := range all {
		a.issue(e, puts, optional)
	}
}

func (all audits) forfeit(numbers []uint64, reason string) {
	for _, a := range all {
		a.forfeit(numbers, reason)
	}
}

func (all audits) lose(session uint32, reason string) {
	for _, a := range all {
		a.lose(session, reason)
	}
}

func (all audits) wrote(sent []sentFrame) {
	for _, a := range all {
		a.wrote(sent)
	}
}
