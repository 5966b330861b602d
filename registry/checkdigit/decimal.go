package checkdigit

// The functions here take digits and give the check digit to put behind them.

// luhn doubles every second digit from the right and completes the sum of all
// digits to a multiple of ten.
func luhn(payload string) int {
	sum := 0
	for i := range len(payload) {
		d := value(payload[len(payload)-1-i])
		if i%2 == 0 {
			d = d*2/10 + d*2%10
		}
		sum += d
	}
	return (10 - sum%10) % 10
}

// verhoeff multiplies in the dihedral group of order ten, after a permutation
// that depends on the place (J. Verhoeff, Error detecting decimal codes, 1969).
func verhoeff(payload string) int {
	const (
		multiply = "0123456789" + "1234067895" + "2340178956" + "3401289567" + "4012395678" +
			"5987604321" + "6598710432" + "7659821043" + "8765932104" + "9876543210"
		permute = "0123456789" + "1576283094" + "5803796142" + "8916043527" +
			"9453126870" + "4286573901" + "2793806415" + "7046913258"
		inverse = "0432156789"
	)
	c := 0
	for i := range len(payload) {
		d := value(payload[len(payload)-1-i])
		p := value(permute[(i+1)%8*10+d]) // place 0 is the check digit's
		c = value(multiply[c*10+p])
	}
	return value(inverse[c])
}

// damm walks a totally anti-symmetric quasigroup of order ten (H. M. Damm, Total
// anti-symmetrische Quasigruppen, 2004). A zero in front changes nothing.
func damm(payload string) int {
	const quasigroup = "0317598642" + "7092154863" + "4206871359" + "1750983426" + "6123045978" +
		"3674209581" + "5869720134" + "8945362017" + "9438617205" + "2581436790"
	c := 0
	for i := range len(payload) {
		c = value(quasigroup[c*10+value(payload[i])])
	}
	return c
}
