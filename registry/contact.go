package registry

// Reaches tells whether a field says how its person is reached: a telephone, or an
// e-mail address. Codes to sign in are sent there, so that whoever changes one could
// come to own the account.
func (f Field) Reaches() bool { return f.Type == TypePhone || f.Type == TypeEmail }

// mayMoveContact holds a registrant who changes how they are reached to a fresh proof
// of who they are. A token has none: nobody takes an account over with what was lent
// for the record. Guardians are refused before, by mayEdit. Errors: Forbidden
// "step_up_needed", "session_needed".
func (b *builder) mayMoveContact(diff []diffEntry) error {
	if b.fields.kind != PersonKind || b.actor.kind() != "registrant" || !b.movesContact(diff) {
		return nil
	}
	if b.actor.ByToken() {
		return errSessionNeeded()
	}
	if !b.fresh {
		return ErrStale()
	}
	return nil
}

func (b *builder) movesContact(diff []diffEntry) bool {
	for _, d := range diff {
		if def := b.fields.byKey[d.Field]; def != nil && d.Kind == "" && def.Reaches() {
			return true
		}
	}
	return false
}
