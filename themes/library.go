package themes

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxFile bounds a theme's file, in bytes.
const maxFile = 64 << 10

// Library is the built-in themes and those of a folder, whose files are called
// NAME.toml. A theme of the folder takes the place of a built-in one of its name. The
// zero Library has the built-in themes alone.
type Library struct{ dir string }

// In returns the library with the themes of a folder, which need not exist.
func In(dir string) Library { return Library{dir} }

// Names lists the themes: the built-in ones, then those of the folder that are not
// among them, sorted.
func (l Library) Names() []string {
	names := Names()
	if l.dir == "" {
		return names
	}
	found, _ := filepath.Glob(filepath.Join(l.dir, "*.toml")) // a folder that cannot be read has none
	slices.Sort(found)
	for _, path := range found {
		if name := strings.TrimSuffix(filepath.Base(path), ".toml"); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// File is the file that a theme is read from; empty for a built-in one.
func (l Library) File(name string) string {
	if strings.ContainsRune(name, filepath.Separator) || strings.HasSuffix(name, ".toml") {
		return name
	}
	if l.dir == "" || name == "" {
		return ""
	}
	path := filepath.Join(l.dir, name+".toml")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// Load returns a theme by its name, or by the path of its file. The error names the
// file and everything that is wrong in it; for a name that there is not it wraps
// [ErrUnknown].
func (l Library) Load(name string) (Theme, error) {
	path := l.File(name)
	if path == "" {
		t, err := Load(name)
		if errors.Is(err, ErrUnknown) && l.dir != "" {
			names := l.Names()
			return t, fmt.Errorf("%w %q: did you mean %q? There are %s, and those in %s", ErrUnknown, name,
				nearest(name, names), strings.Join(names, ", "), l.dir)
		}
		return t, err
	}
	data, err := readTheme(path)
	if err != nil {
		return Theme{}, err
	}
	t, err := Parse(data)
	if err != nil {
		return Theme{}, fmt.Errorf("%s: %s", path, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return t, nil
}

func readTheme(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: there is no file %s", ErrUnknown, path)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		return nil, fmt.Errorf("%s is larger than a theme, which has at most %d kB", path, maxFile>>10)
	}
	return data, err
}
