package mapping

import "strings"

// NextLink gives the target of the link to the next page, as it stands in header
// fields Link (RFC 8288 §3, read as in its Appendix B.2); false: there is none. A
// link with an anchor is about another page.
func NextLink(fields []string) (target string, ok bool) {
	for _, field := range fields {
		s := linkScanner(field)
		for {
			target, params, more := s.link()
			if !more {
				break
			}
			if isNext(params) {
				return target, true
			}
		}
	}
	return "", false
}

// linkParam is a parameter of a link, its name in small letters.
type linkParam struct{ name, value string }

// isNext looks at the first rel, as RFC 8288 §3.3 says; it may name several
// relations.
func isNext(params []linkParam) bool {
	rel, found := "", false
	for _, p := range params {
		switch {
		case p.name == "anchor":
			return false
		case p.name == "rel" && !found:
			rel, found = p.value, true
		}
	}
	for one := range strings.FieldsSeq(rel) {
		if strings.EqualFold(one, "next") {
			return true
		}
	}
	return false
}

// linkScanner is the rest of a header field.
type linkScanner string

const blanks = " \t"

// link reads one link; false: there is no further one that can be read.
func (s *linkScanner) link() (target string, params []linkParam, ok bool) {
	rest := strings.TrimLeft(string(*s), blanks+",")
	target, rest, ok = strings.Cut(strings.TrimPrefix(rest, "<"), ">")
	if !ok || !strings.HasPrefix(strings.TrimLeft(string(*s), blanks+","), "<") {
		return "", nil, false
	}
	*s = linkScanner(rest)
	for s.skip(';') {
		params = append(params, s.param())
	}
	return target, params, s.skip(',') || *s == ""
}

// skip passes blanks, and c if it is next.
func (s *linkScanner) skip(c byte) bool {
	*s = linkScanner(strings.TrimLeft(string(*s), blanks))
	if *s == "" || (*s)[0] != c {
		return false
	}
	*s = (*s)[1:]
	return true
}

// param reads name, name=token or name="text".
func (s *linkScanner) param() linkParam {
	p := linkParam{name: strings.ToLower(s.until("=;,"))}
	if !s.skip('=') {
		return p
	}
	if s.skip('"') {
		p.value = s.quoted()
	} else {
		p.value = s.until(";,")
	}
	return p
}

// until gives what stands before one of some characters, without blanks around it.
func (s *linkScanner) until(ends string) string {
	text := string(*s)
	end := strings.IndexAny(text, ends)
	if end < 0 {
		end = len(text)
	}
	*s = linkScanner(text[end:])
	return strings.Trim(text[:end], blanks)
}

// quoted gives the rest of a quoted text, after its first quote.
func (s *linkScanner) quoted() string {
	var out strings.Builder
	for i := 0; i < len(*s); i++ {
		switch c := (*s)[i]; {
		case c == '"':
			*s = (*s)[i+1:]
			return out.String()
		case c == '\\' && i+1 < len(*s):
			i++
			out.WriteByte((*s)[i])
		default:
			out.WriteByte(c)
		}
	}
	*s = ""
	return out.String()
}
