package checkdigit

// Two pure systems and a hybrid one of ISO/IEC 7064:2003. The functions give the value of the check
// characters to put behind the payload.

// mod97 is MOD 97-10. Letters count as two digits, as in ISO
// 13616 (IBAN) and ISO 17442 (LEI); a letter mistaken for a digit may then pass.
func mod97(payload string) int {
	n := 0
	for i := range len(payload) {
		v := value(payload[i])
		if v > 9 {
			n = n * 10 % 97
		}
		n = (n*10 + v) % 97
	}
	return 98 - n*100%97
}

// mod11 is MOD 11-2; 10 is written X.
func mod11(payload string) int {
	n := 0
	for i := range len(payload) {
		n = (n + value(payload[i])) * 2 % 11
	}
	return (12 - n) % 11
}

// mod3736 is MOD 37,36.
func mod3736(payload string) int {
	p := 36
	for i := range len(payload) {
		s := (p + value(payload[i])) % 36
		if s == 0 {
			s = 36
		}
		p = s * 2 % 37
	}
	return (37 - p) % 36
}
