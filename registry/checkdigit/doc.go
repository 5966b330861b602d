// Package checkdigit computes and checks the check characters by which
// identifiers betray a slip of the pen: Luhn, Verhoeff, Damm and three systems
// of ISO/IEC 7064:2003.
//
// It is pure, and takes identifiers as they are compared, not as they are
// written: capital letters A to Z and digits 0 to 9 without separators. What a
// character means to whom, it does not know.
package checkdigit
