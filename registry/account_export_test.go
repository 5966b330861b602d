package registry

// DecoyHash and SetDecoyHash reach the hash that unknown names are checked
// against.
func DecoyHash(r *Registry) string          { return r.accounts.passwords.decoy }
func SetDecoyHash(r *Registry, hash string) { r.accounts.passwords.decoy = hash }

// HashPassword and CheckPassword are the two halves of a stored password.
func HashPassword(password string) string              { return hashPassword(password) }
func CheckPassword(phc, password string) (bool, error) { return checkPassword(phc, password) }

// AcceptPassword tells whether somebody may choose this password.
func AcceptPassword(field, password string, taken ...string) error {
	return acceptPassword(field, password, taken...)
}

// HoldPasswords takes every slot for hashing, until free is called.
func HoldPasswords(r *Registry) (free func()) {
	slots := r.accounts.passwords.slots
	for range cap(slots) {
		slots <- struct{}{}
	}
	return func() {
		for range cap(slots) {
			<-slots
		}
	}
}
