// Package sniff tells what a file is from its bytes, by the WHATWG MIME Sniffing
// Standard as net/http implements it, and never from its name or from what its
// sender says. It is stricter about text: that is UTF-8 without control
// characters, from the first byte to the last, and does not begin as markup.
//
// It decides nothing about what is allowed, and it does not look into a file: a
// PDF may hold anything.
package sniff
