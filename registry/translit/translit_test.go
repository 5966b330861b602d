package translit_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"socialregistry/registry/translit"
)

// One name in the scripts of its bearers: the Latin spelling as far as the script
// writes vowels, and one key for all of them.
func TestSpellings(t *testing.T) {
	t.Parallel()
	for key, spellings := range map[string]map[string]string{
		"amn": {"Amina": "amina", "AMÎNAH": "aminah", "أَمِينَة": "amina", "امينه": "amina", "أمينه": "amina", "Амина": "amina", "Αμίνα": "amina",
			"अमीना": "amina", "আমিনা": "amina", "አሚና": "amina", "อามีนา": "amina", "ਅਮੀਨਾ": "amina", "Ameena": "ameena"},
		"mhmd": {"Mohamed": "mohamed", "Muhammad": "muhammad", "Mohammed": "mohammed", "محمد": "mhmd", "مُحَمَّد": "mhmd", "Мохамед": "mohamed",
			"मोहम्मद": "mohammad", "মোহাম্মদ": "mohammad", "መሐመድ": "mehamed", "مـحـمـد": "mhmd"},
		"ysf":   {"Yusuf": "yusuf", "Youssef": "youssef", "يوسف": "yusf", "یوسف": "yusf"},
		"ftm":   {"Fatima": "fatima", "Fatuma": "fatuma", "Fatimah": "fatimah", "فاطمة": "fatma", "ፋጡማ": "fatuma", "Фатима": "fatima", "फ़ातिमा": "phatima"},
		"amr":   {"Omar": "omar", "Umar": "umar", "عمر": "amr"},
		"hsn":   {"الحسن": "alhsn", "Hassan": "hassan", "حسن": "hsn"},
		"lksz":  {"Łukasz": "lukasz"},
		"abdl":  {"Abdullah": "abdullah", "عبدالله": "abdalla", "Абдулла": "abdulla"},
		"kld":   {"เกล็ด": "keld"},
		"xrsts": {"Χρήστος": "christos", "Christos": "christos"},
		"":      {"王": "王", "5a": "5a"},
	} {
		for word, latin := range spellings {
			folded := translit.Fold(word)
			if got := translit.KeyOf(folded); got != key {
				t.Errorf("key of %q = %q, want %q", word, got, key)
			}
			if got := translit.Latin(folded); got != latin {
				t.Errorf("Latin of %q = %q, want %q", word, got, latin)
			}
		}
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"José  O'Brien-Núñez": "jose obrien nunez", "STRAßE": "strasse", "İstanbul": "istanbul", "أَمِينَة": "امينه", "محمـــد": "محمد",
		"ﬁ": "fi", "50%_\\": "50", "": "", " - ": "", "कि": "कि", "Nguyễn": "nguyen", "ﷲ": "الله",
	} {
		if got := translit.Fold(raw); got != want {
			t.Errorf("%q = %q, want %q", raw, got, want)
		}
	}
}

func FuzzSpelling(f *testing.F) {
	for _, s := range []string{"José", "أَمِينَة", "%_\\", "\u0345", "ß", "เ", "क्", "አ", "|"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		folded := translit.Fold(raw)
		if strings.ContainsAny(folded, "%_\\'\"|") || strings.TrimSpace(folded) != folded || strings.Contains(folded, "  ") {
			t.Fatalf("%q folds to %q", raw, folded)
		}
		for _, word := range strings.Fields(folded) {
			if latin := translit.Latin(word); utf8.ValidString(word) != utf8.ValidString(latin) || strings.ContainsAny(latin, " %_|") {
				t.Fatalf("%q in Latin letters is %q", word, latin)
			}
			if key := translit.KeyOf(word); strings.Trim(key, "abdfhjklmnrstwxyz") != "" {
				t.Fatalf("key of %q is %q", word, key)
			}
		}
	})
}
