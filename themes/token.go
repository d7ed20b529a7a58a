package themes

// Token names what a colour is for.
type Token string

// The tokens. Every theme sets all of them, except [Background] and [Surface],
// which may be "none" for the terminal's own background.
const (
	Background Token = "bg"      // behind everything
	Surface    Token = "surface" // behind bars and dialogs

	Text        Token = "text"         // what is read
	Dim         Token = "text.dim"     // labels, units, what is switched off
	Border      Token = "border"       // frames of panels
	BorderFocus Token = "border.focus" // frame of the panel that has the keys
	Accent      Token = "accent"       // titles, chips, what the operator chose
	Key         Token = "key"          // key names in bars and help

	SelectionText       Token = "selection.text" // the cursor
	SelectionBackground Token = "selection.bg"

	OK       Token = "ok"       // done, healthy
	Warn     Token = "warn"     // needs a look
	Critical Token = "critical" // needs a person now

	StateIdle        Token = "state.idle"
	StateConnecting  Token = "state.connecting"
	StateQueued      Token = "state.queued"
	StateIdentifying Token = "state.identifying"
	StateResuming    Token = "state.resuming"
	StateReady       Token = "state.ready"
	StateBackoff     Token = "state.backoff"
	StateStopped     Token = "state.stopped"
	StateFailed      Token = "state.failed"

	Heat0 Token = "heat.0" // the calmest step of a scale
	Heat1 Token = "heat.1"
	Heat2 Token = "heat.2"
	Heat3 Token = "heat.3"
	Heat4 Token = "heat.4" // the hottest

	Spark        Token = "spark"         // small curves
	ChartEvents  Token = "chart.events"  // events per second
	ChartLatency Token = "chart.latency" // heartbeat latency
	ChartQueue   Token = "chart.queue"   // queue depth
)

// Tokens lists every token in the order of the theme files.
func Tokens() []Token {
	return []Token{
		Background, Surface,
		Text, Dim, Border, BorderFocus, Accent, Key,
		SelectionText, SelectionBackground,
		OK, Warn, Critical,
		StateIdle, StateConnecting, StateQueued, StateIdentifying, StateResuming,
		StateReady, StateBackoff, StateStopped, StateFailed,
		Heat0, Heat1, Heat2, Heat3, Heat4,
		Spark, ChartEvents, ChartLatency, ChartQueue,
	}
}

// optional reports whether a theme may leave the token to the terminal.
func (t Token) optional() bool { return t == Background || t == Surface }
