package xlsx

// SkipTo makes the next row the one after row n.
func (w *Writer) SkipTo(n int) { w.row = n }
