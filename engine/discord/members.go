package discord

// Members calls visit for each member of a JSON object, in order: key as it stands
// between its quotes, value as it stands. Both are parts of object. It reports false
// if object is not one; visit has been called for what came before. It allocates
// nothing.
func Members(object []byte, visit func(key, value []byte)) bool {
	i := skipSpace(object, 0)
	if i >= len(object) || object[i] != '{' {
		return false
	}
	i = skipSpace(object, i+1)
	if i < len(object) && object[i] == '}' {
		return true
	}
	for i < len(object) && object[i] == '"' {
		end := skipString(object, i+1)
		if end < 0 {
			return false
		}
		key := object[i+1 : end-1]
		if i = skipSpace(object, end); i >= len(object) || object[i] != ':' {
			return false
		}
		from := skipSpace(object, i+1)
		if i = skipValue(object, from, 1); i < 0 {
			return false
		}
		visit(key, object[from:i])
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
