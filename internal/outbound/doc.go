// Package outbound fetches JSON from other systems, and only from those that the
// operator has listed: whoever may name an address in a setting must not be able
// to reach the inside of the network with it.
//
// A host is listed by name; https is asked for unless it is listed with http. The
// address that a name resolves to is checked when the connection is made, so that
// no second look-up can change it: only public addresses, unless the operator
// lists a network too. Redirects stay on the same host. Time, size and kind of
// the answer are bounded.
package outbound
