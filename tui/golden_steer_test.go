package tui

import "testing"

// The lists and forms that steer the engine, at every size.
func TestTheDialogsThatSteer(t *testing.T) {
	goldenViews(t, "steer", []size{{200, 60}, {120, 40}, {80, 24}, {60, 16}, {40, 10}}, []view{
		{"alerts", "", []string{"!"}},
		{"alerts_seen", "", []string{"K", "wait", "!", "down"}},
		{"rolling", "", []string{"Z"}},
		{"at_once", "", []string{"Z", "right"}},
		{"drop", "", []string{":", "d", "r", "o", "p", "enter"}},
		{"loglevel", "", []string{":", "l", "o", "g", "l", "e", "v", "e", "l", "enter"}},
	})
	goldenPlain(t, "steer_alerts", view{"alerts", "", []string{"!"}})
}
