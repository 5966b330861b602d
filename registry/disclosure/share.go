package disclosure

// share gives what is told of each block of an area, of which all is told.
func share(blocks []*Area, all Numbers, least int64) []Numbers {
	told := make([]Numbers, len(blocks))
	for i, b := range blocks {
		told[i] = Numbers{People: b.All.People, Groups: map[string]int64{}, Attested: map[string]Field{}}
	}
	for kind := range all.Groups {
		if everywhere(blocks, func(b *Area) bool { return safe(b.All.Groups[kind], least) }) {
			for i, b := range blocks {
				told[i].Groups[kind] = b.All.Groups[kind]
			}
		}
	}
	for field, f := range all.Attested {
		some := everywhere(blocks, func(b *Area) bool {
			n := b.All.Attested[field].All
			return safe(n, least) && safe(b.All.People-n, least)
		})
		if !some {
			continue
		}
		months := shownMonths(blocks, field, f, least)
		for i, b := range blocks {
			told[i].Attested[field] = b.All.Attested[field].only(months)
		}
	}
	return told
}

func everywhere(blocks []*Area, ok func(*Area) bool) bool {
	for _, b := range blocks {
		if !ok(b) {
			return false
		}
	}
	return true
}

// only is a field without the months that are not told.
func (f Field) only(months map[string]bool) Field {
	out := Field{All: f.All, Months: map[string]int64{}}
	for month := range months {
		out.Months[month] = f.Months[month]
	}
	return out
}

// shownMonths are the months that are told of all blocks. What is left of a block
// beside them is zero or at least the minimum: until it is, the month of the
// fewest people is taken out.
func shownMonths(blocks []*Area, field string, of Field, least int64) map[string]bool {
	shown, people := map[string]bool{}, map[string]int64{}
	for month := range of.Months {
		shown[month] = everywhere(blocks, func(b *Area) bool { return safe(b.All.Attested[field].Months[month], least) })
		if !shown[month] {
			delete(shown, month)
		}
		for _, b := range blocks {
			people[month] += b.All.Attested[field].Months[month]
		}
	}
	for len(shown) > 0 && !everywhere(blocks, func(b *Area) bool { return safe(b.All.Attested[field].beside(shown), least) }) {
		few, fewest := int64(-1), ""
		for month := range shown {
			n := people[month]
			if n > 0 && (few < 0 || n < few || n == few && month < fewest) {
				few, fewest = n, month
			}
		}
		if fewest == "" {
			return nil
		}
		delete(shown, fewest)
	}
	return shown
}

// beside is the number of people in the months that are not shown.
func (f Field) beside(shown map[string]bool) int64 {
	n := f.All
	for month := range shown {
		n -= f.Months[month]
	}
	return n
}
