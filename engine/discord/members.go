package discord

// Members calls visit for each member of a JSON object, in order: key as it stands
// between its quotes, value as it stands, and whole from the key's first quote to the
// value's end. All are parts of object. It reports false if object does not begin
// with one; visit has been called for what came before. What is behind the object is
// not looked at. It allocates nothing.
func Members(object []byte, visit func(key, value, whole []byte)) bool {
	i := skipSpace(object, 0)
	if i >= len(object) || object[i] != '{' {
		return false
	}
	i = skipSpace(object, i+1)
	if i < len(object) && object[i] == '}' {
		return true
	}
	for i < len(object) && object[i] == '"' {
		start, end := i, skipString(object, i+1)
		if end < 0 {
			return false
		}
		if i = skipSpace(object, end); i >= len(object) || object[i] != ':' {
			return false
		}
		from := skipSpace(object, i+1)
		if i = skipValue(object, from, 1); i < 0 {
			return false
		}
		visit(object[start+1:end-1], object[from:i], object[start:i])
		if i = skipSpace(object, i); i < len(object) && object[i] == '}' {
			return true
		}
		if i >= len(object) || object[i] != ',' {
			return false
		}
		i = skipSpace(object, i+1)
	}
	return false
}

// Elements is [Members] for the values of a JSON array.
func Elements(array []byte, visit func(value []byte)) bool {
	i := skipSpace(array, 0)
	if i >= len(array) || array[i] != '[' {
		return false
	}
	i = skipSpace(array, i+1)
	if i < len(array) && array[i] == ']' {
		return true
	}
	for {
		from := i
		if i = skipValue(array, from, 1); i < 0 {
			return false
		}
		visit(array[from:i])
		if i = skipSpace(array, i); i < len(array) && array[i] == ']' {
			return true
		}
		if i >= len(array) || array[i] != ',' {
			return false
		}
		i = skipSpace(array, i+1)
	}
}
