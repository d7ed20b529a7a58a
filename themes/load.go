package themes

import (
	"embed"
	"errors"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

//go:embed *.toml
var files embed.FS

// DefaultName is the theme that is used when none is chosen.
const DefaultName = "dark"

// ErrUnknown is wrapped by the error of [Load] for a name it does not have.
var ErrUnknown = errors.New("unknown theme")

// Names lists the built-in themes: the default first, in the order in which a
// console cycles through them.
func Names() []string {
	return []string{
		DefaultName, "light", "contrast", "contrast-light", "colorblind", "colorblind-light", "mono",
		"nord", "dracula", "gruvbox", "gruvbox-light", "catppuccin", "catppuccin-latte", "solarized", "solarized-light",
		"tokyo-night", "one-dark", "rose-pine", "everforest",
	}
}

// Load returns a built-in theme; the empty name means [DefaultName]. The error
// wraps [ErrUnknown] and names the nearest theme there is.
func Load(name string) (Theme, error) {
	if name == "" {
		name = DefaultName
	}
	data, err := files.ReadFile(strings.ToLower(name) + ".toml")
	if err != nil {
		return Theme{}, fmt.Errorf("%w %q: did you mean %q? There are %s", ErrUnknown, name,
			nearest(name, Names()), strings.Join(Names(), ", "))
	}
	theme, err := Parse(data)
	if err != nil {
		return Theme{}, fmt.Errorf("theme %s: %w", name, err)
	}
	return theme, nil
}

// file is a theme as it is written down.
type file struct {
	Name       string            `toml:"name"`
	Title      string            `toml:"title"`
	Appearance string            `toml:"appearance"`
	Extends    string            `toml:"extends"`
	Colors     map[string]string `toml:"colors"`
}

// Parse reads a theme from TOML. Its error lists everything that is wrong at
// once: unknown tokens with the nearest known one, missing tokens, and colours
// that are not #rrggbb, #rgb or, for backgrounds, "none". A theme that extends a
// built-in one has its appearance and colours, but for those that it sets.
func Parse(data []byte) (Theme, error) {
	var f file
	dec := toml.NewDecoder(strings.NewReader(string(data)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) && len(strict.Errors) > 0 {
			return Theme{}, fmt.Errorf("unknown key %q: a theme has name, title, appearance, extends and [colors]",
				strings.Join(strict.Errors[0].Key(), "."))
		}
		var wrong *toml.DecodeError
		if errors.As(err, &wrong) {
			line, _ := wrong.Position()
			return Theme{}, fmt.Errorf("line %d is not TOML as a theme has it: %w", line, err)
		}
		return Theme{}, fmt.Errorf("not a theme in TOML: %w", err)
	}
	return f.theme()
}

// theme checks what was read.
func (f file) theme() (Theme, error) {
	var problems []error
	base, err := f.base()
	if err != nil {
		return Theme{}, err
	}
	if f.Appearance == "" {
		f.Appearance = base.Appearance
	}
	t := Theme{Name: f.Name, Title: f.Title, Dark: f.Appearance == "dark", colors: map[Token]RGB{}}
	if f.Name == "" {
		problems = append(problems, errors.New(`name is missing`))
	}
	if f.Appearance != "dark" && f.Appearance != "light" {
		problems = append(problems, fmt.Errorf("appearance is %q, must be dark or light", f.Appearance))
	}
	if t.Title == "" {
		t.Title = f.Name
	}
	problems = append(problems, f.unknownTokens()...)
	for _, token := range Tokens() {
		colors := f.Colors
		if _, own := colors[string(token)]; !own {
			colors = base.Colors
		}
		if err := t.set(token, colors); err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) > 0 {
		return Theme{}, errors.Join(problems...)
	}
	return t, nil
}

// base is the theme that is extended; none if none is.
func (f file) base() (file, error) {
	var base file
	if f.Extends == "" {
		return base, nil
	}
	data, err := files.ReadFile(strings.ToLower(f.Extends) + ".toml")
	if err != nil {
		return base, fmt.Errorf("extends is %q, must be a built-in theme: did you mean %q?", f.Extends, nearest(f.Extends, Names()))
	}
	err = toml.Unmarshal(data, &base)
	return base, err
}

func (t *Theme) set(token Token, colors map[string]string) error {
	value, ok := colors[string(token)]
	if !ok {
		if token.optional() {
			return nil
		}
		return fmt.Errorf("colors.%q is missing", token)
	}
	if value == "none" && token.optional() {
		return nil
	}
	c, ok := parseRGB(value)
	if !ok {
		allowed := "#rrggbb or #rgb"
		if token.optional() {
			allowed += ` or "none"`
		}
		return fmt.Errorf("colors.%q is %q, must be %s", token, value, allowed)
	}
	t.colors[token] = c
	return nil
}
