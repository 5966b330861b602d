// Package translit brings names into forms in which spellings of one name meet,
// in whatever script they are written: folded text, a rough Latin spelling, and a
// key of consonants. The forms are for searching only and are never shown.
//
// Letters and their values are those of the Unicode code charts; where languages
// that share a script differ, what most names need is taken. It is no
// romanisation standard and does not read names aloud: vowels that a script
// leaves out stay out, and the key leaves all of them out.
//
//	Fold   "أَمِينَة" -> "امينه"     "José" -> "jose"
//	Latin  "امينه"   -> "amina"     "محمد" -> "mhmd"
//	Key    "amina"   -> "amn"       "mohammed", "muhamad", "mhmd" -> "mhmd"
package translit
