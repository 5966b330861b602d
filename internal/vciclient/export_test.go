package vciclient

// Internals that tests of this package look at.
var (
	Encrypt = encrypt
	Decrypt = decrypt
)
