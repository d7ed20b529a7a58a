package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxFile bounds a configuration file, in bytes.
const maxFile = 1 << 20

// endings are tried in this order in every folder.
func endings() []string { return []string{".yaml", ".yml", ".toml", ".json"} }

// locate finds the configuration file. It returns "" if there is none and none
// was asked for.
func locate(o Options) (string, error) {
	if o.File != "" {
		return o.File, nil
	}
	for _, dir := range o.folders() {
		for _, ending := range endings() {
			path := filepath.Join(dir, "gatehouse"+ending)
			if _, err := os.Stat(path); err == nil {
				return path, nil
			} else if !errors.Is(err, fs.ErrNotExist) {
				return "", fileProblem(path, 0, "cannot be read: "+cause(err), "")
			}
		}
	}
	return "", nil
}

// folders lists where a file is looked for: the working directory, then the
// XDG configuration folder.
func (o Options) folders() []string {
	dir := o.Dir
	if dir == "" {
		dir = "."
	}
	env := environment(o.Env)
	switch {
	case env["XDG_CONFIG_HOME"] != "":
		return []string{dir, filepath.Join(env["XDG_CONFIG_HOME"], "gatehouse")}
	case env["HOME"] != "":
		return []string{dir, filepath.Join(env["HOME"], ".config", "gatehouse")}
	}
	return []string{dir}
}

// Folder is the XDG folder of Gatehouse's configuration; empty if the environment
// does not tell.
func Folder(env []string) string {
	all := Options{Env: env}.folders()
	if len(all) < 2 {
		return ""
	}
	return all[1]
}

// stateFolder is where files of ours go unless a folder is configured.
func stateFolder(configured string, env map[string]string) string {
	switch {
	case configured != "":
		return configured
	case env["XDG_STATE_HOME"] != "":
		return filepath.Join(env["XDG_STATE_HOME"], "gatehouse")
	case env["HOME"] != "":
		return filepath.Join(env["HOME"], ".local", "state", "gatehouse")
	}
	return "/var/lib/gatehouse"
}

// readFile reads a file up to a bound.
func readFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("larger than %d bytes", most)
	}
	return data, err
}

// readTree reads and parses the configuration file.
func readTree(path string) (t tree, sum [sha256.Size]byte, err error) {
	data, err := readFile(path, maxFile)
	if err != nil {
		return tree{}, sum, fileProblem(path, 0, "cannot be read: "+cause(err), "check the path, or run gatehouse config init")
	}
	t, err = parse(path, data)
	return t, sha256.Sum256(data), err
}

// Sum is that of a configuration file's content, as [Loaded] has it, to see whether
// it has changed. It fails if the file cannot be read.
func Sum(path string) (sum [sha256.Size]byte, err error) {
	data, err := readFile(path, maxFile)
	return sha256.Sum256(data), err
}

// cause is an error of the file system without operation and path.
func cause(err error) string {
	if bad := (*fs.PathError)(nil); errors.As(err, &bad) {
		return bad.Err.Error()
	}
	return err.Error()
}
