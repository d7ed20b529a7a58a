package themes

import "math"

// The colour science of the tests: contrast after WCAG 2, the sight of people
// without red, green or blue cones after Machado, Oliveira and Fernandes (2009), and
// distance in CIE L*a*b*.

type vec [3]float64

func (c RGB) linear() vec {
	f := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return vec{f(c.R), f(c.G), f(c.B)}
}

func (v vec) luminance() float64 { return 0.2126*v[0] + 0.7152*v[1] + 0.0722*v[2] }

// contrast is the WCAG ratio of two colours, 1 to 21.
func contrast(a, b RGB) float64 {
	la, lb := a.linear().luminance(), b.linear().luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

type sight struct {
	name   string
	matrix [3]vec
}

var sights = []sight{
	{"full sight", [3]vec{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
	{"protanopia", [3]vec{
		{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}},
	{"tritanopia", [3]vec{
		{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}},
	{"deuteranopia", [3]vec{
		{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}},
}

func (s sight) sees(c RGB) vec {
	in, out := c.linear(), vec{}
	for i, row := range s.matrix {
		out[i] = min(1, max(0, row[0]*in[0]+row[1]*in[1]+row[2]*in[2]))
	}
	return out
}

// lab turns linear sRGB into CIE L*a*b* under D65.
func (v vec) lab() vec {
	x := (0.4124*v[0] + 0.3576*v[1] + 0.1805*v[2]) / 0.95047
	y := 0.2126*v[0] + 0.7152*v[1] + 0.0722*v[2]
	z := (0.0193*v[0] + 0.1192*v[1] + 0.9505*v[2]) / 1.08883
	f := func(t float64) float64 {
		if t > 0.008856 {
			return math.Cbrt(t)
		}
		return 7.787*t + 16.0/116
	}
	return vec{116*f(y) - 16, 500 * (f(x) - f(y)), 200 * (f(y) - f(z))}
}

// distance is ΔE*ab (CIE 1976); about 2.3 is just noticeable side by side.
func distance(a, b vec) float64 {
	la, lb := a.lab(), b.lab()
	return math.Sqrt((la[0]-lb[0])*(la[0]-lb[0]) + (la[1]-lb[1])*(la[1]-lb[1]) + (la[2]-lb[2])*(la[2]-lb[2]))
}
